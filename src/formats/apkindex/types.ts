import type { ByteString } from '../../base/path.ts';

/** A file of a package: `R:`, with its `a:` (uid:gid:mode) and `Z:` (checksum) lines as written. */
export interface ApkFile {
  readonly name: ByteString;
  readonly attributes?: string;
  readonly checksum?: string;
}

/** A folder of a package: `F:` relative to the root ('' is the root itself), with its `M:` line (uid:gid:mode). */
export interface ApkFolder {
  readonly path: ByteString;
  readonly attributes?: string;
  readonly files: readonly ApkFile[];
}

/** One stanza of apk's `installed` database. */
export interface ApkStanza {
  /** Where it stands in the file, in bytes, without the blank line behind it. */
  readonly offset: number;
  readonly size: number;
  /** All lines but those of folders and files, in order: letter, value (`P` name, `V` version, `A` architecture, `o` origin, `C` checksum, …). */
  readonly fields: readonly (readonly [letter: string, value: ByteString])[];
  readonly folders: readonly ApkFolder[];
}
