import { TareError } from '../../base/error.ts';
import type { Bytes } from '../../base/streams.ts';
import type { SparseRun } from './types.ts';

const MAX_ZERO_CHUNK_BYTES = 64 * 1024; // 64 KiB

/**
 * The logical content of a file: the stored bytes at the places of their runs, zeros in between and up to `size`; the stored bytes
 * themselves when there is no map. The runs must ascend and stay within `size`, as those of a parsed member do.
 * @throws TareError E_SIZE when `stored` does not hold exactly the bytes of the runs
 */
export async function* unfoldSparse(
  stored: Bytes,
  file: { readonly size: number; readonly sparse?: readonly SparseRun[] },
): AsyncGenerator<Uint8Array> {
  const runs = file.sparse;
  if (runs === undefined) {
    yield* stored;
    return;
  }
  let position = 0;
  let index = 0;
  for await (const chunk of stored) {
    let at = 0;
    while (at < chunk.length) {
      const run = runs[index];
      if (run === undefined)
        throw new TareError('E_SIZE', 'a sparse file has more stored bytes than its map has room for');
      const [offset, length] = run;
      if (position < offset) yield* zeros(offset - position);
      position = Math.max(position, offset);
      const count = Math.min(chunk.length - at, offset + length - position);
      if (count > 0) yield chunk.subarray(at, at + count);
      at += count;
      position += count;
      if (position === offset + length) index += 1;
    }
  }
  if (runs.slice(index).some(([, length]) => length > 0)) {
    throw new TareError('E_SIZE', 'a sparse file has fewer stored bytes than its map promises');
  }
  yield* zeros(file.size - position);
}

function* zeros(count: number): Generator<Uint8Array> {
  const chunk = Buffer.alloc(Math.min(count, MAX_ZERO_CHUNK_BYTES));
  for (let left = count; left > 0; left -= chunk.length) {
    // The receiver may have written into it.
    if (left < count) chunk.fill(0);
    yield left < chunk.length ? chunk.subarray(0, left) : chunk;
  }
}
