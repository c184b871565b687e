import { createHash } from 'node:crypto';
import type { Digest } from '../base/digest.ts';
import type { Slot } from './compressor.ts';
import type { ChunkSink } from './chunk-sink.ts';

/** Where file content goes: straight into the chunk, so that no byte is copied twice. */
export interface ByteTarget {
  /** The free rest of the chunk, never empty. */
  room(): Uint8Array;
  /** The first `length` bytes of `room()` are filled. */
  took(length: number): Promise<void>;
}

export interface TarAssembler extends ByteTarget {
  /** Bytes of the tar stream so far. */
  offset(): number;
  append(bytes: Uint8Array): Promise<void>;
  /** The last, shorter chunk goes out. @returns the diff ID */
  finish(): Promise<Digest>;
}

/** Cuts the tar stream into chunks, and hashes it. */
export function createTarAssembler(sink: ChunkSink, onChunk: (offset: number) => void): TarAssembler {
  const hash = createHash('sha256');
  const { chunkBytes } = sink;
  /** Taken when there is something to put in: memory for one that stays empty costs more than a small layer. */
  let slot: Slot | undefined;
  let at = 0;
  let before = 0;
  const flush = async (full: Slot): Promise<void> => {
    const length = at;
    hash.update(full.subarray(0, length));
    before += length;
    at = 0;
    slot = undefined;
    await sink.push(full, length);
    onChunk(before);
  };
  const took = async (length: number): Promise<void> => {
    at += length;
    if (at === chunkBytes && slot !== undefined) await flush(slot);
  };
  return {
    offset: () => before + at,
    room: () => (slot ??= sink.slot()).subarray(at, chunkBytes),
    took,
    append: async (bytes) => {
      for (let done = 0; done < bytes.length;) {
        const piece = bytes.subarray(done, done + chunkBytes - at);
        (slot ??= sink.slot()).set(piece, at);
        done += piece.length;
        await took(piece.length);
      }
    },
    finish: async () => {
      if (at > 0 && slot !== undefined) await flush(slot);
      await sink.drain();
      return `sha256:${hash.digest('hex')}`;
    },
  };
}
