import { TareError } from '../base/error.ts';

/** How the chunks of a layer are compressed. */
export type Compression =
  | { readonly kind: 'gzip'; readonly level: number }
  | { readonly kind: 'zstd'; readonly level: number }
  | { readonly kind: 'none' };

/** Of layers that are written, where nobody asked for another. */
export const DEFAULT_COMPRESSION = 'gzip:6';

interface Levels {
  readonly standard: number;
  readonly min: number;
  readonly max: number;
}

/** Of libdeflate and of zstd without its memory-hungry "ultra" levels. */
const LEVELS: Readonly<Record<'gzip' | 'zstd', Levels>> = {
  gzip: { standard: 6, min: 1, max: 12 },
  zstd: { standard: 3, min: 1, max: 19 },
};

/**
 * `gzip`, `gzip:1`–`gzip:12`, `zstd`, `zstd:1`–`zstd:19` or `none`; the levels default to 6 and 3.
 * @throws TareError E_USAGE
 */
export function parseCompression(text: string): Compression {
  if (text === 'none') return { kind: 'none' };
  const match = /^(gzip|zstd)(?::([0-9]{1,2}))?$/.exec(text);
  const kind = match?.[1] === 'zstd' ? 'zstd' : 'gzip';
  const { max, min, standard } = LEVELS[kind];
  const level = match?.[2] === undefined ? standard : Number(match[2]);
  if (match === null || level < min || level > max) {
    throw new TareError('E_USAGE', `${JSON.stringify(text)} is not a compression`, {
      hint: 'use gzip:LEVEL (1–12), zstd:LEVEL (1–19) or none',
    });
  }
  return { kind, level };
}
