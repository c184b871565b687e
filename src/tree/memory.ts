import { lastFolder, ROOT, type TreePath } from '../base/path.ts';
import { resolveWith } from './resolve.ts';
import type { Entry, Tree } from './types.ts';

const NO_ENTRIES: readonly Entry[] = [];

/** The root when nothing is said about it, and every folder that a path runs through without having an entry. */
export function plainDirectory(path: TreePath): Entry {
  return { path, type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 0 };
}

/**
 * A Tree over entries that are all there. Each path once; the folders above an entry must be among the entries, the root excepted:
 * without an entry it is a plain folder. The order of the entries does not matter.
 */
export function createTree(entries: Iterable<Entry>): Tree {
  return indexed(entries, (byPath) =>
    // oxlint-disable-next-line typescript/require-array-sort-compare -- without a function, texts are compared by code units, which are bytes here; there are hundreds of thousands
    [...byPath.keys()].sort().map((path) => byPath.get(path) as Entry),
  );
}

/** The same of entries that are in byte order, the root first. */
export function createSortedTree(entries: readonly Entry[]): Tree {
  return indexed(entries, () => entries.slice(1));
}

function indexed(entries: Iterable<Entry>, order: (byPath: ReadonlyMap<TreePath, Entry>) => readonly Entry[]): Tree {
  const byPath = new Map<TreePath, Entry>();
  for (const entry of entries) byPath.set(entry.path, entry);
  const root = byPath.get(ROOT) ?? plainDirectory(ROOT);
  byPath.delete(ROOT);
  const sorted = order(byPath);
  byPath.set(ROOT, root);
  let index: Map<TreePath, Entry[]> | undefined;
  const get = (path: TreePath): Entry | undefined => byPath.get(path);
  return {
    get,
    resolve: (path) => {
      // What has an entry of its own and is no link is reached without any.
      const entry = byPath.get(path);
      return entry !== undefined && entry.type !== 'symlink' ? { entry, via: [] } : resolveWith(get, path);
    },
    children: (path) => (index ??= childrenOf(sorted)).get(path) ?? NO_ENTRIES,
    walk: () => sorted,
  };
}

function childrenOf(sorted: readonly Entry[]): Map<TreePath, Entry[]> {
  const index = new Map<TreePath, Entry[]>();
  const folderOf = lastFolder();
  let parent: TreePath | undefined;
  let siblings: Entry[] = [];
  for (const entry of sorted) {
    const folder = folderOf(entry.path);
    if (folder !== parent) {
      parent = folder;
      const known = index.get(folder);
      siblings = known ?? [];
      if (known === undefined) index.set(folder, siblings);
    }
    siblings.push(entry);
  }
  return index;
}
