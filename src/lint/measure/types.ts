import type { TreePath } from '../../base/path.ts';

/** What one layer of an image holds, for the instruction that made it. Sizes in bytes on disk. */
export interface LayerFacts {
  /** Of the files that the layer brings at or below these paths. */
  bytesBelow(paths: readonly TreePath[]): number;
  /** Of files whose path matches. */
  bytesWhere(matches: (path: TreePath) => boolean): number;
  /** Of files of lower layers that this one hides: they are in the image and nobody can see them. */
  readonly hidden: number;
  /** Of files that this layer holds again with the same content: only their owner, mode or time changed. */
  readonly repeated: number;
  /** Of files that the layer brings and that belong to these packages. */
  bytesOfPackages(wanted: (name: string) => boolean): number;
  /**
   * Of files that the layer brings and that belong to packages of Debian which none of `asked` needs: they were recommended. Undefined when that cannot be
   * told, because one of `asked` is not there, or the image has no list of packages.
   */
  bytesOfRecommended(asked: readonly string[]): number | undefined;
}
