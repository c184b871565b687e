import type { ContentReader, Entry } from '../../tree/types.ts';

/** What stands before (and perhaps in) a version, and how the version is read from there. Bytes as latin1. */
export interface Mark {
  readonly text: string;
  /** Matched where the text begins, in as many bytes as a tail; the first group is the version. */
  readonly version: RegExp;
}

const WINDOW_BYTES = 1024 * 1024; // 1 MiB
const TAIL_BYTES = 256;
/** Far more than the largest run time has. */
const MAX_SCANNED_BYTES = 256 * 1024 * 1024; // 256 MiB

/** Places that look like the mark and are none: of one file. Node has 50 thousand. */
const MAX_MARKS = 1_000_000;

/** The version that a file names after one of its marks: what the first mark finds first. */
export async function scanFor(content: ContentReader, entry: Entry, mark: Mark): Promise<string | undefined> {
  const text = Buffer.from(mark.text, 'latin1');
  const end = Math.min(entry.size, MAX_SCANNED_BYTES);
  let left = MAX_MARKS;
  for (let offset = 0; offset < end; offset += WINDOW_BYTES) {
    const size = Math.min(WINDOW_BYTES + TAIL_BYTES, end - offset);
    const window = bufferOf(await content.read(entry, { offset, size }));
    for (let at = window.indexOf(text); at !== -1; at = window.indexOf(text, at + 1)) {
      if (--left < 0) return undefined;
      const version = mark.version.exec(window.toString('latin1', at, at + TAIL_BYTES))?.[1];
      if (version !== undefined) return version;
    }
  }
  return undefined;
}

export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
