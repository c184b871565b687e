import type { Digest } from '../../base/digest.ts';
import type { Image } from '../../oci/types.ts';
import type { Difference } from '../../tree/diff.ts';
import type { ContentReader, EntryType, Tree } from '../../tree/types.ts';

export type { Difference };

/** One of the two that are compared. */
export type DiffSide = DiffImage | DiffFiles;

export interface DiffImage {
  readonly image: Image;
}

/** A root file system that is no image: a folder, or an archive of one. */
export interface DiffFiles {
  /** As the user named it. */
  readonly reference: string;
  readonly tree: Tree;
  readonly content: ContentReader;
  /** False where extended attributes could not be read. */
  readonly xattrs: boolean;
}

/** `wire`: bytes of the compressed layers; null of what is no image. `disk`: bytes of file content, a hard link costs nothing. */
export interface DiffSize {
  readonly disk: number;
  readonly wire: number | null;
}

export interface DiffedSide {
  readonly reference: string;
  /** Of the manifest, when it is an image. */
  readonly digest?: Digest;
  readonly size: DiffSize;
  /** Paths but folders. */
  readonly files: number;
}

export interface DiffPath {
  /** Decoded as in `FileRow`. */
  readonly path: string;
  /** Of several names of one file the first in byte order is the `file`, of those that both sides have where there are any. */
  readonly type: EntryType;
  /** Bytes of content; 0 for all but files. */
  readonly size: number;
  /** The package that owns it. */
  readonly package?: string;
  /** The layer that it was last written in, from 0, when it is of an image. */
  readonly layer?: number;
}

/** What can be compared of a path; only what differs is there. `link` of a hard link is the name that stands for the file. */
export interface DiffAttributes {
  readonly type?: EntryType;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly link?: string;
  readonly device?: readonly [major: number, minor: number];
  readonly sha256?: string;
  readonly size?: number;
  readonly mtime?: number;
}

/** `type`, `size`, `package` and `layer` are those of after. */
export interface DiffChange extends DiffPath {
  readonly what: readonly Difference[];
  /** Bytes more, or fewer, than before. */
  readonly growth: number;
  readonly before: DiffAttributes;
  readonly after: DiffAttributes;
}

export interface DiffPackage {
  readonly manager: string;
  readonly name: string;
  readonly version: string;
  /** Of its files. */
  readonly bytes: number;
}

export interface DiffPackageChange {
  readonly manager: string;
  readonly name: string;
  /** Versions. */
  readonly from: string;
  readonly to: string;
  /** Of its files: how many more, or fewer, than before. */
  readonly bytes: number;
}

/** Bytes of the files of a package, all versions of it together. Both names are null of what no package owns. */
export interface DiffPackageSize {
  readonly manager: string | null;
  readonly name: string | null;
  readonly before: number;
  readonly after: number;
  readonly delta: number;
}

export type DiffConfigValue = string | readonly string[] | null;

/** One setting that differs; null: not set. Secrets are `***`, in texts that differ in nothing else too. */
export interface DiffConfig {
  /** `env`, `label` and `annotation` have one row for each name. */
  readonly member: string;
  readonly name?: string;
  readonly before: DiffConfigValue;
  readonly after: DiffConfigValue;
}

export interface DiffLayer {
  /** From 0, the base; of a shared one in `after`. */
  readonly index: number;
  readonly digest: Digest;
  readonly diffId: Digest;
  /** Bytes of the content of its files. */
  readonly disk: number;
  readonly wire: number;
  readonly createdBy?: string;
}

export interface DiffLayers {
  readonly shared: readonly DiffLayer[];
  readonly onlyBefore: readonly DiffLayer[];
  readonly onlyAfter: readonly DiffLayer[];
}

/** What changed from one to the other. Lists of paths are in byte order. */
export interface ImageDiff {
  readonly before: DiffedSide;
  readonly after: DiffedSide;
  /** Whether times, annotations, the order in archives and how layers are cut and compressed were left out. */
  readonly semantic: boolean;
  /** Whether there is any difference, of those that were asked for. */
  readonly different: boolean;
  /** Whether every layer was verified; false when some were read by their headers alone. */
  readonly verified: boolean;
  readonly added: readonly DiffPath[];
  readonly removed: readonly DiffPath[];
  readonly changed: readonly DiffChange[];
  /** How many bytes more, or fewer; `wire` is null unless both are images. */
  readonly size: DiffSize;
  /**
   * Of content. `changed` is the growth of what is on both sides, so that `added - removed + changed` is `size.disk`; `rewritten` is the size
   * in after of files of which the content differs.
   */
  readonly bytes: {
    readonly added: number;
    readonly removed: number;
    readonly changed: number;
    readonly rewritten: number;
  };
  readonly packages: {
    readonly added: readonly DiffPackage[];
    readonly removed: readonly DiffPackage[];
    readonly changed: readonly DiffPackageChange[];
  };
  /** Those of which the size differs, the largest difference first. */
  readonly packageSizes: readonly DiffPackageSize[];
  /** Empty unless both are images. */
  readonly config: readonly DiffConfig[];
  /** In the order of the layers. Without `semantic` by digest, else by diff ID. Empty of what is no image. */
  readonly layers: DiffLayers;
}
