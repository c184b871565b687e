import { crc32 } from 'node:zlib';
import { TareError } from '../base/error.ts';
import type { Compression } from './compression.ts';

/**
 * Compresses the first `length` bytes of the slot in place, to one complete gzip member or zstd frame, and returns its length. Equal
 * bytes for equal input, on any machine. The slot must have room for what cannot be compressed.
 */
export type ChunkCodec = (slot: Uint8Array, length: number) => number;

/** RFC 1952: no name, no time, no hint at the level (XFL 0), unknown system (OS 255). */
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
const GZIP_TRAILER_BYTES = 8;

/**
 * Loads the encoder into this thread. Both are WebAssembly, because the output of node:zlib differs between versions of Node and
 * between processors. Only the checksum is left to node:zlib, which is ten times as fast at it.
 *
 * @throws TareError E_TOOL_MISSING when the zstd encoder, an optional dependency, is not installed
 */
export async function openCodec(compression: Exclude<Compression, { kind: 'none' }>): Promise<ChunkCodec> {
  const { level } = compression;
  if (compression.kind === 'gzip') {
    const { deflate } = await import('libdeflate');
    // Makes it compile now, while the first chunk is being filled.
    deflate(GZIP_HEADER, level);
    return (slot, length) => {
      const chunk = slot.subarray(0, length);
      const trailer = Buffer.alloc(GZIP_TRAILER_BYTES);
      trailer.writeUInt32LE(crc32(chunk), 0);
      trailer.writeUInt32LE(length, 4);
      return place(slot, [GZIP_HEADER, deflate(chunk, level), trailer]);
    };
  }
  const zstd = await loadZstd();
  return (slot, length) => place(slot, [zstd.compress(slot.subarray(0, length), level)]);
}

function place(slot: Uint8Array, parts: readonly Uint8Array[]): number {
  let at = 0;
  for (const part of parts) {
    slot.set(part, at);
    at += part.length;
  }
  return at;
}

async function loadZstd(): Promise<{ compress(data: Uint8Array, level: number): Uint8Array }> {
  try {
    const { Zstd } = await import('@hpcc-js/wasm-zstd');
    return await Zstd.load();
  } catch (cause) {
    throw new TareError(
      'E_TOOL_MISSING',
      'cannot compress with zstd: the package @hpcc-js/wasm-zstd cannot be loaded',
      {
        hint: 'install it with `npm install @hpcc-js/wasm-zstd`, or use --compression gzip:6',
        cause,
      },
    );
  }
}
