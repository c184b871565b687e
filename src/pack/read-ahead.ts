import { TareError } from '../base/error.ts';
import { quotePath } from '../base/path.ts';
import type { ContentReader, Entry } from '../tree/types.ts';
import type { PackMember } from './members.ts';

/** Larger content is streamed. */
const MAX_AHEAD_FILE_BYTES = 1024 * 1024; // 1 MiB
const MAX_AHEAD_BYTES = 8 * 1024 * 1024; // 8 MiB
const MAX_AHEAD_FILES = 64;

export interface ReadAhead {
  /** Content of the member at `index` when it is read ahead, undefined when it is to be streamed. Ask for each index once, in ascending order. */
  take(index: number): Promise<Uint8Array> | undefined;
}

/** Content that comes through the reader (out of layers), small files ahead of their turn, in bounded memory. */
export function createReadAhead(members: readonly PackMember[], content: ContentReader): ReadAhead {
  const started = new Map<number, Promise<Uint8Array>>();
  let next = 0;
  let bytes = 0;
  const startMore = (): void => {
    for (; next < members.length && started.size < MAX_AHEAD_FILES && bytes < MAX_AHEAD_BYTES; next++) {
      const source = members[next]?.source;
      if (source === undefined || !readsAhead(source)) continue;
      bytes += source.size;
      const reading = content.read(source);
      // Nobody waits for it when an earlier file fails.
      reading.catch(() => undefined);
      started.set(next, reading);
    }
  };
  return {
    take: (index) => {
      next = Math.max(next, index);
      startMore();
      const reading = started.get(index);
      if (reading === undefined) return undefined;
      started.delete(index);
      bytes -= members[index]?.source?.size ?? 0;
      return reading;
    },
  };
}

function readsAhead(source: Entry): boolean {
  return source.content?.in === 'layer' && source.size <= MAX_AHEAD_FILE_BYTES;
}

/** @throws TareError E_IO when the content is not `entry.size` bytes long */
export function checkLength(entry: Entry, length: number): void {
  if (length === entry.size) return;
  throw new TareError('E_IO', `the content of ${quotePath(entry.path)} has ${length} bytes instead of ${entry.size}`);
}
