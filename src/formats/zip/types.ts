import type { ByteString } from '../../base/path.ts';

/** One member as the central directory tells of it. Sizes and offsets in bytes. */
export interface ZipMember {
  /** As written; '/' separates folders, and folders end in one. Nothing is known of where it leads: hostile names are the caller's business. */
  readonly name: ByteString;
  readonly method: number;
  readonly encrypted: boolean;
  readonly compressedSize: number;
  readonly size: number;
  /** Of the local header, from the start of the file. */
  readonly headerOffset: number;
}

/** Reads exactly `size` bytes at `offset`; both lie inside the file. */
export type ReadAt = (offset: number, size: number) => Promise<Uint8Array>;
