import type { Digest } from '../base/digest.ts';
import type { TreePath } from '../base/path.ts';
import type { Bytes } from '../base/streams.ts';
import type { EntryType, SparseRun } from '../formats/tar/types.ts';

export type { EntryType };

/** Where an entry's bytes are. Sizes and offsets in bytes. */
export type ContentRef =
  | {
      readonly in: 'layer';
      readonly diffId: Digest;
      /** Of the stored data in the uncompressed layer. */
      readonly offset: number;
      readonly size: number;
      readonly sparse?: readonly SparseRun[];
    }
  | { readonly in: 'host'; readonly path: string | Buffer; readonly size: number }
  | { readonly in: 'memory'; readonly bytes: Uint8Array };

/** One path of a Tree. Immutable. */
export interface Entry {
  readonly path: TreePath;
  readonly type: EntryType;
  /** Permission bits with suid, sgid, sticky (07777). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content; 0 for all but files and hard links (a hard link has the size of its file). */
  readonly size: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  /** Symlink: the target's raw bytes as written. Hard link: the TreePath of the entry of type `file` (or other) that it shares an inode with. */
  readonly link?: string;
  readonly device?: readonly [major: number, minor: number];
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
  /** Of files, and of hard links to files. */
  readonly content?: ContentRef;
  /** Hex, when it is known without reading. */
  readonly sha256?: string;
  /** Index (0 = base) of the layer that it was last written in. */
  readonly layer?: number;
}

export interface Resolved {
  readonly entry: Entry;
  /** The symbolic links followed on the way, in order: they are evidence too. */
  readonly via: readonly TreePath[];
}

/** A file system at rest; immutable; lookups follow links inside the root only. */
export interface Tree {
  /** The entry itself; a link in the last component is not followed, and neither are links on the way (see `resolve`). */
  get(path: TreePath): Entry | undefined;
  /** Follows every link, on the way and at the end. Undefined when something is missing, circular, or not a folder on the way. */
  resolve(path: TreePath): Resolved | undefined;
  /** Direct children in byte order, of a folder named without links. Empty for anything else. */
  children(path: TreePath): readonly Entry[];
  /** Everything below the root in byte order of the whole path, the root itself excluded. */
  walk(): Iterable<Entry>;
}

export interface ContentReader {
  /** @throws TareError E_NOT_FILE for an entry without content; E_IO when the host file is gone or has changed size */
  read(entry: Entry, range?: { readonly offset: number; readonly size: number }): Promise<Uint8Array>;
  stream(entry: Entry): Bytes;
}
