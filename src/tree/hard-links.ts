import type { TreePath } from '../base/path.ts';
import type { Entry, Tree } from './types.ts';

/** A file (or other) that has several names. */
export interface HardLinkName {
  /** The name that stands for all of them: the first in byte order of those that the other Tree has too, of all when it has none. */
  readonly first: TreePath;
  /** The entry that the Tree has for what they name. */
  readonly inode: Entry;
}

export type HardLinkNames = ReadonlyMap<TreePath, HardLinkName>;

/** All names of what has more than one. A hard link to something that is not there is not among them. */
export function hardLinkNames(tree: Tree, other: Tree): HardLinkNames {
  const groups = new Map<TreePath, TreePath[]>();
  for (const { link, path, type } of tree.walk()) {
    if (type !== 'hardlink' || link === undefined) continue;
    const group = groups.get(link as TreePath);
    if (group === undefined) groups.set(link as TreePath, [path]);
    else group.push(path);
  }
  const names = new Map<TreePath, HardLinkName>();
  for (const [target, links] of groups) {
    const inode = tree.get(target);
    if (inode === undefined) continue;
    const all = [target, ...links].sort();
    const first = all.find((path) => other.get(path) !== undefined) ?? all[0] ?? target;
    for (const path of all) names.set(path, { first, inode });
  }
  return names;
}
