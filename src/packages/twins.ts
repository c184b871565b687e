import type { TreePath } from '../base/path.ts';
import type { Tree } from '../tree/types.ts';
import { folderAt } from './record-files.ts';

const NONE: readonly TreePath[] = [];

/** Merged by the distributions, at different times for records and trees (Debian: "UsrMerge"). */
const MERGED = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32', 'libo32'];
/** Folders that became links where packages still name them. */
const LINKED = ['/usr/sbin', '/usr/lib32', '/usr/lib64', '/usr/libx32', '/var/run', '/var/lock', '/var/mail'];

export interface Twins {
  /**
   * The other names that one path may have in a record or in the Tree, since folders on the way are links in one of them:
   * `/usr/lib/x` for `/lib/x` and back. Most paths have none.
   */
  readonly of: (path: TreePath) => readonly TreePath[];
  /** Whether the path is such a folder. */
  readonly isBridge: (path: TreePath) => boolean;
}

export function twinsIn(tree: Tree): Twins {
  const pairs = new Map<string, readonly [TreePath, TreePath]>();
  const add = (a: string, b: string): void => {
    if (a !== b) pairs.set(`${a}\0${b}`, [a as TreePath, b as TreePath]);
  };
  for (const name of MERGED) add(`/${name}`, `/usr/${name}`);
  for (const path of [...MERGED.map((name) => `/${name}`), ...LINKED] as TreePath[]) {
    if (tree.get(path)?.type === 'symlink') add(path, folderAt(tree, path) ?? path);
  }
  const renames = new Map<string, string[]>();
  for (const [from, to] of [...pairs.values()].flatMap(([a, b]) => [[a, b] as const, [b, a] as const]))
    renames.set(from, [...(renames.get(from) ?? []), to]);
  const twinsOf = (path: TreePath): readonly TreePath[] => {
    // Asked for a hundred thousand paths, most of which are in /usr/share.
    if (path.startsWith('/usr/share/')) return NONE;
    const top = path.indexOf('/', 1);
    if (top === -1) return NONE;
    const second = path.indexOf('/', top + 1);
    const short = path.startsWith('/usr/') ? undefined : renames.get(path.slice(0, top));
    const long = second === -1 ? undefined : renames.get(path.slice(0, second));
    if (short === undefined && long === undefined) return NONE;
    const renamed = (to: readonly string[], from: number): TreePath[] =>
      to.map((prefix) => (prefix + path.slice(from)) as TreePath);
    return [...renamed(short ?? [], top), ...renamed(long ?? [], second)];
  };
  return { of: twinsOf, isBridge: (path) => renames.has(path) };
}
