import type { Warning } from '../base/events.ts';
import type { TreePath } from '../base/path.ts';
import type { Entry } from '../tree/types.ts';

export interface Package {
  readonly manager: 'dpkg' | 'apk' | 'npm' | 'python';
  readonly name: string;
  /** As its record has it; empty when the record names none. */
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
  /** Every path that the package owns and that is in the tree, in byte order; of folders only those that no other package owns. */
  files(pkg: Package): readonly TreePath[];
  /**
   * How many paths its record names that are not there: more than 0 for a package of which only a part is kept. Documentation, translations, state below
   * `/var` and byte code do not count; 0 where records name no files (npm).
   */
  lacks(pkg: Package): number;
  /**
   * Entries to add so that scanners still see the packages which own something kept: reduced but truthful records, in byte order,
   * without the folders above them. Empty where the full record is kept itself.
   */
  reduced(kept: (path: TreePath) => boolean): Promise<readonly Entry[]>;
}

export interface PackageDbOptions {
  /**
   * Folders that are searched for the packages of npm and Python, all the way down: `[ROOT]` for the Tree of an image, the
   * application's folder for that of a host, which is too large to be walked. The usual places when omitted.
   */
  readonly under?: readonly TreePath[];
  /** Managers of operating systems (dpkg, apk), or of languages (npm, Python), alone; all when omitted. */
  readonly only?: 'system' | 'language';
  /** Told of every record that cannot be read; the rest goes on without it. */
  readonly warn?: (warning: Warning) => void;
}
