import { ancestorsOf, compareBytes, isInside, ROOT, type TreePath } from '../base/path.ts';
import { plainDirectory } from './memory.ts';
import { resolveWith } from './resolve.ts';
import type { Entry, Tree } from './types.ts';
import { walkWith } from './walk.ts';

/**
 * `lower` with the whole of `upper` at the folder `at`, like a mount: below `at` only `upper` is seen. The folders above `at`
 * are those of `lower`; where it has none there (a link or a file does not count), they are plain ones. Links lead from one into the
 * other both ways: an absolute target starts at the root of the result.
 */
export function overlay(lower: Tree, upper: Tree, at: TreePath): Tree {
  if (at === ROOT) return upper;
  const moved = new WeakMap<Entry, Entry>();
  const down = (path: TreePath): TreePath => (path === ROOT ? at : (`${at}${path}` as TreePath));
  const up = (path: TreePath): TreePath => (path === at ? ROOT : (path.slice(at.length) as TreePath));
  const move = (entry: Entry): Entry => {
    let result = moved.get(entry);
    if (result === undefined) {
      const path = down(entry.path);
      const isHardlink = entry.type === 'hardlink' && entry.link !== undefined;
      result = isHardlink ? { ...entry, path, link: down(entry.link as TreePath) } : { ...entry, path };
      moved.set(entry, result);
    }
    return result;
  };

  // The way to `at`: each folder, and the one child of it that leads on.
  const way = new Map<TreePath, Entry>();
  let real = true;
  for (const path of ancestorsOf(at)) {
    const entry: Entry | undefined = real ? lower.get(path) : undefined;
    real = entry?.type === 'directory';
    way.set(path, real ? (entry as Entry) : plainDirectory(path));
  }
  const ancestors = [...way.keys()];
  const top = (): Entry => {
    const root = upper.get(ROOT);
    return root === undefined ? plainDirectory(at) : move(root);
  };

  const get = (path: TreePath): Entry | undefined => {
    if (path === at) return top();
    if (isInside(at, path)) {
      const entry = upper.get(up(path));
      return entry === undefined ? undefined : move(entry);
    }
    // Below a link that a plain folder has taken the place of, `lower` shows nothing by itself.
    return way.get(path) ?? lower.get(path);
  };
  const children = (path: TreePath): readonly Entry[] => {
    if (isInside(at, path)) return upper.children(up(path)).map(move);
    const folder = way.get(path);
    if (folder === undefined) return lower.children(path);
    const next = ancestors[ancestors.indexOf(path) + 1] ?? at;
    const others = lower.get(path) === folder ? lower.children(path).filter((entry) => entry.path !== next) : [];
    return [...others, get(next) as Entry].sort((a, b) => compareBytes(a.path, b.path));
  };
  return {
    get,
    resolve: (path) => {
      const entry = get(path);
      return entry !== undefined && entry.type !== 'symlink' ? { entry, via: [] } : resolveWith(get, path);
    },
    children,
    walk: () => walkWith(children),
  };
}
