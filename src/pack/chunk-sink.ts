import type { BlobWriter } from '../store/types.ts';
import type { ChunkCompressor, Slot } from './compressor.ts';

/**
 * Bytes of the tar stream that make one gzip member or zstd frame. Part of the format: another size gives other digests.
 * Larger members compress hardly better (the window of deflate is 32 KiB); smaller ones keep more threads busy but cost headers.
 */
export const CHUNK_BYTES = 4 * 1024 * 1024; // 4 MiB

/** What incompressible data may grow by: more than the bounds of deflate and of zstd (1/256). */
const SLACK_BYTES = 64 * 1024; // 64 KiB

export interface ChunkSink {
  readonly chunkBytes: number;
  /** A free slot; the chunk is up to its first `chunkBytes`. */
  slot(): Slot;
  /** Takes the slot over. Resolves when there is room for one more chunk; the order of the calls is the order in the blob. */
  push(slot: Slot, length: number): Promise<void>;
  /** Resolves when everything is written. */
  drain(): Promise<void>;
}

/**
 * Compresses several chunks at once and writes them in order. Memory: `depth` + 1 slots.
 * @param bytes that will come, when they are known: less memory is taken for less than a chunk. More than that would be cut elsewhere
 */
export function createChunkSink(compressor: ChunkCompressor, writer: BlobWriter, bytes = CHUNK_BYTES): ChunkSink {
  const chunkBytes = Math.max(1, Math.min(CHUNK_BYTES, bytes));
  const free: Slot[] = [];
  const queue: Promise<void>[] = [];
  let tail = Promise.resolve();
  const write = async (before: Promise<void>, slot: Slot, length: number): Promise<void> => {
    const compressing = compressor.compress(slot, length);
    // When an earlier chunk fails nobody asks for this one any more.
    compressing.catch(() => undefined);
    await before;
    await writer.write(await compressing);
    free.push(slot);
  };
  return {
    chunkBytes,
    slot: () => free.pop() ?? new Uint8Array(new SharedArrayBuffer(chunkBytes + SLACK_BYTES)),
    push: async (slot, length) => {
      tail = write(tail, slot, length);
      tail.catch(() => undefined);
      queue.push(tail);
      while (queue.length >= compressor.depth) await queue.shift();
    },
    drain: () => tail,
  };
}
