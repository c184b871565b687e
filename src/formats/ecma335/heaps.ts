import { TareError } from '../../base/error.ts';
import { malformed, type Piece } from './image.ts';
import { lengthAt } from './lengths.ts';

/** Longest name that is believed, in bytes of UTF-8; compilers stop at 1023 characters. */
const MAX_NAME_BYTES = 4096;
/** All names of one file together, in bytes: overlapping strings could multiply otherwise. */
const MAX_NAMES_BYTES = 64 * 1024 * 1024; // 64 MiB
/** Longest blob that is read, in bytes: a public key has a few hundred. */
const MAX_BLOB_BYTES = 64 * 1024; // 64 KiB

export interface Heaps {
  /** II.24.2.3: UTF-8, ended by NUL. @throws TareError E_CLI, E_LIMIT */
  string(index: number, what: string): Promise<string>;
  /** II.24.2.4: its length stands before it in one, two or four bytes. @throws TareError E_CLI, E_LIMIT */
  blob(index: number, what: string): Promise<Uint8Array>;
}

export function heapsOf(strings: Piece | undefined, blobs: Piece | undefined): Heaps {
  let left = MAX_NAMES_BYTES;
  return {
    async string(index, what) {
      if (index === 0) return '';
      if (strings === undefined || index >= strings.size)
        throw malformed(`${what} is at ${index}, outside of #Strings`);
      // Most names fit the first read.
      for (let want = 128; ; want = MAX_NAME_BYTES) {
        const size = Math.min(want, strings.size - index);
        const bytes = await strings.bytes(index, size, what);
        const end = bytes.indexOf(0);
        if (end !== -1) {
          left -= end;
          if (left < 0)
            throw new TareError('E_LIMIT', `the names of an assembly have more than ${MAX_NAMES_BYTES} bytes`);
          return Buffer.from(bytes.buffer, bytes.byteOffset, end).toString('utf8');
        }
        if (size < want) throw malformed(`${what} does not end inside #Strings`);
        if (want === MAX_NAME_BYTES) throw new TareError('E_LIMIT', `${what} is longer than ${MAX_NAME_BYTES} bytes`);
      }
    },
    async blob(index, what) {
      if (index === 0) return new Uint8Array();
      if (blobs === undefined || index >= blobs.size) throw malformed(`${what} is at ${index}, outside of #Blob`);
      const prefix = await blobs.bytes(index, Math.min(4, blobs.size - index), what);
      const length = lengthAt(prefix, 0);
      if (length === undefined) throw malformed(`${what} has no valid length`);
      const size = length.value;
      if (size > MAX_BLOB_BYTES)
        throw new TareError('E_LIMIT', `${what} has ${size} bytes, more than ${MAX_BLOB_BYTES}`);
      return blobs.bytes(index + length.next, size, what);
    },
  };
}
