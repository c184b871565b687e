import { TareError } from '../../base/error.ts';

/** Takes a stream of bytes apart in pieces of known length. */
export interface ByteReader {
  /** True when nothing is left. */
  atEnd(): Promise<boolean>;
  /** Exactly so many bytes. @throws TareError E_COMPRESSION when the stream ends before */
  read(size: number): Promise<Uint8Array>;
  /** Passes over so many bytes. @throws TareError E_COMPRESSION when the stream ends before */
  skip(size: number): Promise<void>;
}

export function createByteReader(source: AsyncIterator<Uint8Array>): ByteReader {
  let chunk: Uint8Array = new Uint8Array();
  let at = 0;

  const atEnd = async (): Promise<boolean> => {
    while (at === chunk.length) {
      const next = await source.next();
      if (next.done === true) return true;
      chunk = next.value;
      at = 0;
    }
    return false;
  };

  const some = async (most: number): Promise<Uint8Array> => {
    if (await atEnd()) throw new TareError('E_COMPRESSION', 'the zstd data are truncated');
    const piece = chunk.subarray(at, at + most);
    at += piece.length;
    return piece;
  };

  return {
    atEnd,
    read: async (size) => {
      if (size <= chunk.length - at) {
        at += size;
        return chunk.subarray(at - size, at);
      }
      const out = new Uint8Array(size);
      for (let filled = 0; filled < size;) {
        const piece = await some(size - filled);
        out.set(piece, filled);
        filled += piece.length;
      }
      return out;
    },
    skip: async (size) => {
      for (let left = size; left > 0;) left -= (await some(left)).length;
    },
  };
}
