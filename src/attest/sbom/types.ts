import type { Digest } from '../../base/digest.ts';
import type { Platform } from '../../oci/types.ts';
import type { OperatingSystem } from '../../packages/contents.ts';
import type { Runtime } from '../../packages/runtimes/index.ts';
import type { Package } from '../../packages/types.ts';

/** One file of an image. Checksums in hex, size in bytes. */
export interface SbomFile {
  /** Starts with `/`. */
  readonly path: string;
  readonly size: number;
  readonly sha1: string;
  readonly sha256: string;
}

/** What the image had of a package and has no more. */
export interface Removed {
  readonly files: number;
  readonly bytes: number;
}

export interface Component {
  /** `packages` entry of the record; a run time that no package owns is `runtime`. */
  readonly manager: Package['manager'] | 'runtime';
  readonly name: string;
  /** Empty when nothing says it. */
  readonly version: string;
  /** https://github.com/package-url/purl-spec */
  readonly purl: string;
  readonly license?: string;
  /** Where the record of the package is, or the run time itself. */
  readonly record: string;
  /** In byte order of their paths. */
  readonly files: readonly SbomFile[];
  /** Files of the package that were left out when the image was made; null when it is whole, or when nothing is known. */
  readonly removed: (Removed & { readonly paths: readonly string[] }) | null;
}

/** What an image holds, from its package records and its files. */
export interface Inventory {
  readonly reference: string;
  readonly digest: Digest;
  readonly platform: Platform;
  /** `YYYY-MM-DDThh:mm:ssZ`, from the image. */
  readonly created: string;
  readonly os: OperatingSystem | null;
  readonly runtimes: readonly Runtime[];
  /** By manager, name, version, record. */
  readonly components: readonly Component[];
  /** Files that no package owns, in byte order. */
  readonly loose: readonly SbomFile[];
  /** Of images that tare shrank or built: what it left out; null for others. */
  readonly removed: (Removed & { readonly packages: readonly (Removed & { readonly name: string })[] }) | null;
}
