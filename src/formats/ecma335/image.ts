import { TareError } from '../../base/error.ts';
import type { Range, ReadAt } from './types.ts';

/** Small reads are rounded to blocks, for names and rows lie close together. */
const BLOCK_BYTES = 64 * 1024;
const MAX_BLOCKS = 64; // 4 MiB

/** Bytes of one range of the file, by their place in that range. */
export interface Piece {
  readonly size: number;
  /** @throws TareError E_CLI when they reach past the end */
  bytes(offset: number, size: number, what: string): Promise<Uint8Array>;
  view(offset: number, size: number, what: string): Promise<DataView>;
  piece(offset: number, size: number, what: string): Piece;
}

export function pieceOf(read: ReadAt, range: Range): Piece {
  const blocks = new Map<number, Uint8Array>();
  const end = range.offset + range.size;
  const fetch = async (offset: number, size: number): Promise<Uint8Array> => {
    const first = Math.floor(offset / BLOCK_BYTES) * BLOCK_BYTES;
    if (offset + size > first + BLOCK_BYTES) return read(offset, size);
    let block = blocks.get(first);
    if (block === undefined) {
      block = await read(first, Math.min(BLOCK_BYTES, end - first));
      if (blocks.size >= MAX_BLOCKS) blocks.clear();
      blocks.set(first, block);
    }
    return block.subarray(offset - first, offset - first + size);
  };
  return part(fetch, range);
}

function part(fetch: ReadAt, range: Range): Piece {
  const place = (offset: number, size: number, what: string): Range => {
    if (offset + size > range.size)
      throw malformed(`${what} (${size} bytes at ${offset}) reaches past the ${range.size} bytes around it`);
    return { offset: range.offset + offset, size };
  };
  const bytes: Piece['bytes'] = async (offset, size, what) => {
    const { offset: at } = place(offset, size, what);
    const found = await fetch(at, size);
    if (found.length !== size) throw malformed(`the file ends in the middle of ${what}`);
    return found;
  };
  return {
    size: range.size,
    bytes,
    view: async (offset, size, what) => {
      const found = await bytes(offset, size, what);
      return new DataView(found.buffer, found.byteOffset, found.byteLength);
    },
    piece: (offset, size, what) => part(fetch, place(offset, size, what)),
  };
}

export function malformed(why: string): TareError {
  return new TareError('E_CLI', `the CLI metadata are malformed: ${why}`);
}
