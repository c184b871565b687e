import { TareError } from '../../base/error.ts';
import type { ReadAt } from './types.ts';

/** A range of the file that a parser wants next. Always inside the file. */
export interface Range {
  readonly offset: number;
  readonly size: number;
}

/**
 * A parser that asks for bytes instead of fetching them, so that one text serves both bytes in memory and a file read piecewise.
 * It yields a range and is resumed with its bytes.
 */
export type Steps<T> = Generator<Range, T, Uint8Array>;

/** Small reads are rounded to blocks, for the tables of one ELF file lie close together. */
const BLOCK_BYTES = 64 * 1024;
const MAX_BLOCKS = 128; // 8 MiB: the dynamic symbols and their names of the largest programs

export function runOnBytes<T>(steps: Steps<T>, bytes: Uint8Array): T {
  let step = steps.next();
  while (step.done !== true) {
    const { offset, size } = step.value;
    step = steps.next(bytes.subarray(offset, offset + size));
  }
  return step.value;
}

/** @throws TareError E_ELF when `read` returns fewer bytes than `size` promised */
export async function runOnFile<T>(steps: Steps<T>, read: ReadAt, size: number): Promise<T> {
  const fetch = blockwise(read, size);
  let step = steps.next();
  while (step.done !== true) {
    const bytes = await fetch(step.value);
    if (bytes.length !== step.value.size)
      throw new TareError(
        'E_ELF',
        `the ELF file ends at ${step.value.offset + bytes.length}, before its ${size} bytes`,
      );
    step = steps.next(bytes);
  }
  return step.value;
}

function blockwise(read: ReadAt, fileSize: number): (range: Range) => Promise<Uint8Array> {
  const blocks = new Map<number, Uint8Array>();
  return async ({ offset, size }) => {
    const first = Math.floor(offset / BLOCK_BYTES) * BLOCK_BYTES;
    if (offset + size > first + BLOCK_BYTES) return read(offset, size);
    let block = blocks.get(first);
    if (block === undefined) {
      block = await read(first, Math.min(BLOCK_BYTES, fileSize - first));
      if (blocks.size >= MAX_BLOCKS) blocks.clear();
      blocks.set(first, block);
    }
    return block.subarray(offset - first, offset - first + size);
  };
}
