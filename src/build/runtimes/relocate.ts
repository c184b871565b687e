import { ancestorsOf, compareBytes, isInside, joinPath, parentOf, ROOT, type TreePath } from '../../base/path.ts';
import { plainDirectory } from '../../tree/memory.ts';
import { resolveWith } from '../../tree/resolve.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import { walkWith } from '../../tree/walk.ts';
import type { Move } from './types.ts';

/** Folders that a program may stay in; one that lives elsewhere (a home folder, a version manager's) is offered in a usual place. */
const SYSTEM_FOLDERS = ['/usr', '/bin', '/sbin', '/lib', '/opt', '/nix'] as TreePath[];

/** Whether a path means the same on every machine. */
export function isSystemPath(path: TreePath): boolean {
  return SYSTEM_FOLDERS.some((folder) => isInside(folder, path));
}

/**
 * The Tree with some of its files and folders at other places as well: a home folder's name is nobody's business, and its mode would lock the
 * container's user out. What is moved hides what was there. Links into what is moved lead to its new place.
 */
export function relocated(tree: Tree, moves: readonly Move[]): Tree {
  if (moves.length === 0) return tree;
  const above = new Set(moves.flatMap(({ to }) => ancestorsOf(to)));
  const below = [...new Set([...above, ...moves.map(({ to }) => to)])].filter((path) => path !== ROOT);
  const cache = new Map<TreePath, Entry | undefined>();
  const sourceOf = (path: TreePath): TreePath | undefined => {
    const move = moves.find(({ to }) => isInside(to, path));
    return move === undefined ? undefined : moved(path, move.to, move.from);
  };
  const look = (path: TreePath): Entry | undefined => {
    const source = sourceOf(path);
    const entry = tree.get(source ?? path);
    if (source === undefined) return entry ?? (above.has(path) ? plainDirectory(path) : undefined);
    if (entry === undefined) return undefined;
    return { ...entry, path, ...(entry.type === 'symlink' ? { link: newTarget(entry.link ?? '', moves) } : {}) };
  };
  const get = (path: TreePath): Entry | undefined => {
    if (!cache.has(path)) cache.set(path, look(path));
    return cache.get(path);
  };
  const children = (path: TreePath): readonly Entry[] => {
    const source = sourceOf(path);
    if (source !== undefined)
      return tree.children(source).flatMap((entry) => get(moved(entry.path, source, path)) ?? []);
    const added = below.filter((item) => parentOf(item) === path).flatMap((item) => get(item) ?? []);
    if (added.length === 0) return tree.children(path);
    const others = tree.children(path).filter((entry) => !added.some((item) => item.path === entry.path));
    return [...others, ...added].sort((a, b) => compareBytes(a.path, b.path));
  };
  return {
    get,
    resolve: (path) => {
      const touched = moves.some(({ to }) => isInside(to, path));
      return touched ? resolveWith(get, path) : (tree.resolve(path) ?? resolveWith(get, path));
    },
    children,
    walk: () => walkWith(children),
  };
}

function moved(path: TreePath, from: TreePath, to: TreePath): TreePath {
  if (path === from) return to;
  return joinPath(to, path.slice(from === '/' ? 1 : from.length + 1));
}

/** Absolute targets inside what is moved; all else leads where it did. */
function newTarget(link: string, moves: readonly Move[]): string {
  const move = moves.find(({ from }) => isInside(from, link as TreePath));
  return move === undefined ? link : moved(link as TreePath, move.from, move.to);
}
