import type { ByteString, TreePath } from '../../base/path.ts';
import type { Access } from '../../sandbox/types.ts';

/** One path of the image that was asked for while it ran. */
export interface ProfilePath {
  /** Canonical in the image's Tree: links in the folders on the way are followed, one in the last component is not. */
  readonly path: TreePath;
  /** In byte order. */
  readonly how: readonly Access[];
  /** Executables of the image that asked, in byte order. */
  readonly by: readonly ByteString[];
  /** Phases in which it was first asked for, in byte order: one per recorded run. */
  readonly phases: readonly string[];
}

/**
 * What runs of an image asked for, to be kept beside the application: sorted, reviewable, without times, host paths, query strings or values of variables.
 * The same Profile on the same image gives the same result, with nothing run.
 */
export interface Profile {
  /** `linux/amd64`, in byte order. */
  readonly platforms: readonly string[];
  /** In byte order of the path; only what the image has. */
  readonly paths: readonly ProfilePath[];
  readonly ports: readonly number[];
  /** In byte order. Absent when they were not recorded in each run. */
  readonly syscalls?: readonly string[];
}
