import { TareError } from './error.ts';

/** What compressed input may cost its reader. Every excess is E_LIMIT. */
export interface ExpansionCaps {
  /** Most that may come out, in bytes. */
  readonly maxBytes: number;
  /** Most bytes out for each byte in, beyond `freeBytes`. */
  readonly maxRatio: number;
  /** So much may come out at any ratio: an honest layer may hold a file of zeros. In bytes. */
  readonly freeBytes: number;
  /** Most memory that the stream may make its reader keep to look back into (zstd), in bytes. */
  readonly maxWindowBytes: number;
}

const MAX_EXPANDED_BYTES = 64 * 1024 ** 3; // 64 GiB
/** Text and code stay below 50:1; deflate cannot do more than 1032:1. */
const MAX_EXPANSION_RATIO = 200;
const FREE_EXPANDED_BYTES = 256 * 1024 ** 2; // 256 MiB
/** What the `zstd` tool itself believes without being told to. */
const MAX_WINDOW_BYTES = 128 * 1024 ** 2; // 128 MiB

export const DEFAULT_EXPANSION_CAPS: ExpansionCaps = {
  maxBytes: MAX_EXPANDED_BYTES,
  maxRatio: MAX_EXPANSION_RATIO,
  freeBytes: FREE_EXPANDED_BYTES,
  maxWindowBytes: MAX_WINDOW_BYTES,
};

/** Counts both sides of a decompressor. `took` and `gave` are told of bytes in and out; `gave` throws E_LIMIT beyond a cap. */
export interface ExpansionGuard {
  took(bytes: number): void;
  gave(bytes: number): void;
}

export function createExpansionGuard(caps: ExpansionCaps): ExpansionGuard {
  let taken = 0;
  let given = 0;
  return {
    took: (bytes) => {
      taken += bytes;
    },
    gave: (bytes) => {
      given += bytes;
      if (given > caps.maxBytes)
        throw new TareError('E_LIMIT', `compressed data expands to more than ${caps.maxBytes} bytes`);
      if (given > caps.freeBytes + taken * caps.maxRatio) {
        throw new TareError(
          'E_LIMIT',
          `compressed data expands more than ${caps.maxRatio}:1 (${taken} bytes to ${given})`,
        );
      }
    },
  };
}
