import type { ByteString } from '../../base/path.ts';

export type EntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'char' | 'block' | 'fifo';

/** A run of real data in a sparse file: `[offset in the file, length]`, in bytes, ascending. The data of the runs follow each other in the archive. */
export type SparseRun = readonly [offset: number, length: number];

/** One member of a tar archive, after PAX and GNU extensions were applied. Names are raw bytes as they stand in the archive. */
export interface TarHeader {
  /** Raw: may start with '/' or './', end with '/', hold '..'. */
  readonly path: ByteString;
  readonly type: EntryType;
  /** Permission bits with suid, sgid, sticky (07777). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Logical size in bytes; 0 for everything but files. For a sparse file the size it unfolds to. */
  readonly size: number;
  /** Seconds since the epoch; may be fractional or negative (PAX). */
  readonly mtime: number;
  readonly linkname?: ByteString;
  readonly device?: readonly [major: number, minor: number];
  /** From `SCHILY.xattr.*`, binary-safe; names are byte strings. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
  readonly sparse?: readonly SparseRun[];
}

/** Where a member's stored data lies in the uncompressed archive. For a sparse file `dataSize` is the sum of its runs. */
export interface TarMember extends TarHeader {
  readonly dataOffset: number;
  readonly dataSize: number;
}
