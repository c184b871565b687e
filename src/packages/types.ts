import type { TreePath } from '../base/path.ts';
import type { Entry } from '../tree/types.ts';

export interface Package {
  readonly manager: 'dpkg' | 'apk' | 'npm' | 'python';
  readonly name: string;
  readonly version: string;
  readonly architecture?: string;
  /** Where its record is: a stanza's file, a `package.json`, a `*.dist-info` folder. */
  readonly record: TreePath;
}

/** Who owns which file, for one manager in one tree. */
export interface PackageDb {
  readonly manager: Package['manager'];
  readonly packages: readonly Package[];
  /** The owner, asked with the path as the Tree names it (not as the record does: merged /usr is bridged inside). */
  owner(path: TreePath): Package | undefined;
  /** Every path that the package owns and that is in the tree. */
  files(pkg: Package): readonly TreePath[];
  /** Entries to add so that scanners still see the packages which own something kept: reduced but truthful records. */
  reduced(kept: (path: TreePath) => boolean): readonly Entry[];
}
