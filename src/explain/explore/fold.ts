import { parentOf, ROOT, type TreePath } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';

export interface Fold {
  /** What has fewer bytes, folders with all they hold, is taken together with its like; 0: nothing is. */
  readonly below: number;
  isSmall(path: TreePath): boolean;
  /** Paths but folders, the path itself among them. */
  filesBelow(path: TreePath): number;
}

/** Of the rows, for what is large enough; the others are for what stands beside it, taken together. */
const LARGE_SHARE = 0.75;

interface Total {
  bytes: number;
  files: number;
}

/** Which paths are too small to be told apart, so that no more than so many rows are left. */
export function foldSmall(tree: Tree, maxRows: number): Fold {
  const entries = [...tree.walk()];
  if (entries.length < maxRows) return { below: 0, isSmall: () => false, filesBelow: () => 0 };
  const totals = new Map<TreePath, Total>([[ROOT, { bytes: 0, files: 0 }]]);
  for (const { path, size, type } of entries)
    totals.set(path, { bytes: type === 'file' ? size : 0, files: type === 'directory' ? 0 : 1 });
  // What a folder holds comes after it.
  for (const { path } of entries.toReversed()) {
    const above = totals.get(parentOf(path));
    const own = totals.get(path);
    if (above === undefined || own === undefined) continue;
    above.bytes += own.bytes;
    above.files += own.files;
  }
  const sizes = Float64Array.from(totals.values(), ({ bytes }) => bytes).sort();
  const sizeAt = (large: number): number => (sizes[sizes.length - large] ?? 0) + 1;
  let large = Math.ceil(maxRows * LARGE_SHARE);
  while (large > 1 && rowsAt(totals, sizeAt(large)) >= maxRows) large = Math.floor(large / 2);
  const below = sizeAt(large);
  return {
    below,
    isSmall: (path) => (totals.get(path)?.bytes ?? 0) < below,
    filesBelow: (path) => totals.get(path)?.files ?? 0,
  };
}

/** Rows at most: what is large, and one row in each folder for the rest of it. */
function rowsAt(totals: ReadonlyMap<TreePath, Total>, below: number): number {
  let rows = 0;
  const folders = new Set<TreePath>();
  for (const [path, { bytes }] of totals) {
    if (bytes >= below) rows += 1;
    else if (path !== ROOT) folders.add(parentOf(path));
  }
  for (const path of folders) if ((totals.get(path)?.bytes ?? 0) >= below) rows += 1;
  return rows;
}
