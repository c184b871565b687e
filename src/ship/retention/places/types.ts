import type { Digest } from '../../../base/digest.ts';
import type { ReadNode } from '../node.ts';
import type { RetainedTag } from '../policy.ts';

/** One repository as it is now. */
export interface RepositoryState {
  readonly repository: string;
  readonly tags: readonly RetainedTag[];
  /** All that the tags lead to; in a folder of our own also what has no tag. */
  readonly graph: ReadonlyMap<Digest, ReadNode>;
  /** What stays whatever the rules say: names without a tag, which no rule can speak of. */
  readonly pinned: readonly Digest[];
}

/** What is to go from one repository. */
export interface Removal {
  readonly state: RepositoryState;
  readonly tags: readonly RetainedTag[];
  /** Indexes before their manifests, referrers before their subjects. None of them is needed by what stays. */
  readonly manifests: readonly Digest[];
}

export interface Removed {
  /** Tags that could not go, with the reason. */
  readonly stayed: ReadonlyMap<string, string>;
  /** Why not all was deleted that was to go. */
  readonly problem?: string;
}

export interface Freed {
  readonly blobs: number;
  /** On disk. */
  readonly bytes: number;
}

/** A place whose disk is ours. */
export type OwnPlace = RetentionPlace & Required<Pick<RetentionPlace, 'collect'>>;

/** Where images are kept under tags. */
export interface RetentionPlace {
  /** For people. */
  readonly name: string;
  /** In byte order. */
  repositories(): Promise<readonly string[]>;
  /** @throws TareError when anything of it cannot be read: what belongs together cannot be known then */
  read(repository: string): Promise<RepositoryState>;
  /** Runs reading, deciding and removing so that nobody changes the repository between, where that can be. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** @throws TareError before anything was deleted */
  remove(removal: Removal): Promise<Removed>;
  /** Deletes the bytes that nothing leads to; where it is missing, the registry does that in its own time. */
  readonly collect?: (options: { readonly dryRun: boolean }) => Promise<Freed>;
}
