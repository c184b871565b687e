import { isInside, joinPath, nameOf, parentOf, ROOT, type TreePath } from '../base/path.ts';
import type { Entry, Tree } from '../tree/types.ts';
import { locate } from './locate.ts';

/** Linux gives up after as many links (path_resolution(7)). */
const MAX_LINKS = 40;

/** One entry on the way from a path's name to what it stands for. */
interface Hop {
  readonly path: TreePath;
  /** The link's text, of all hops but the last. */
  readonly link?: string;
  /** Links among the folders above it, as it was spelled. */
  readonly links: readonly TreePath[];
  /** Folders that the way enters and leaves again by '..'. */
  readonly folders: readonly TreePath[];
}

/** Where a path leads. */
export interface Lead {
  /** The entry that the path names first, then what each symbolic link leads to. Empty when the path names nothing. */
  readonly hops: readonly Hop[];
  /** What stands at the end; undefined when a link leads nowhere. */
  readonly entry: Entry | undefined;
  /** The links form a circle. */
  readonly loop: boolean;
}

/**
 * Follows a path as the kernel does and tells the two uses of a link apart: one that the path itself names (`libm.so.6 → libm.so.6.1`)
 * is a hop; one that a folder on the way happens to be (`/lib → usr/lib`) is not, for it says nothing of the file.
 */
export function leadTo(tree: Tree, asked: TreePath, depth = 0): Lead {
  const straight = tree.resolve(asked);
  if (straight?.via.length === 0)
    return { hops: [{ path: straight.entry.path, links: [], folders: [] }], entry: straight.entry, loop: false };
  const hops: Hop[] = [];
  let at = asked;
  let folders: readonly TreePath[] = [];
  while (hops.length <= MAX_LINKS) {
    const parent = tree.resolve(parentOf(at));
    if (parent === undefined) return { hops, entry: undefined, loop: isInLoop(tree, parentOf(at), depth) };
    const path = at === ROOT ? ROOT : joinPath(parent.entry.path, nameOf(at));
    const entry = at === ROOT ? parent.entry : tree.get(path);
    if (entry === undefined) return { hops, entry: undefined, loop: false };
    const { link } = entry;
    const isLink = entry.type === 'symlink';
    hops.push({ path, links: parent.via, folders, ...(isLink && link !== undefined && { link }) });
    if (!isLink) return { hops, entry, loop: false };
    const located = link === undefined || link === '' ? undefined : locate(tree, parent.entry.path, link);
    if (located === undefined) return { hops, entry: undefined, loop: false };
    at = located.path;
    // Those above the link are there because it is.
    folders = located.through.filter((folder) => !isInside(folder, path));
  }
  return { hops: hops.slice(0, 1), entry: undefined, loop: true };
}

/** Whether a folder cannot be reached because links on the way to it form a circle. */
function isInLoop(tree: Tree, folder: TreePath, depth: number): boolean {
  if (depth >= MAX_LINKS) return true;
  for (let at = folder; at !== ROOT; at = parentOf(at)) {
    const above = tree.resolve(parentOf(at));
    if (above === undefined) continue;
    const entry = tree.get(joinPath(above.entry.path, nameOf(at)));
    return entry?.type === 'symlink' && leadTo(tree, entry.path, depth + 1).loop;
  }
  return false;
}
