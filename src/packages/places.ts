import { TareError } from '../base/error.ts';
import { compareBytes, joinPath, nameOf, type TreePath } from '../base/path.ts';
import type { Entry, Tree } from '../tree/types.ts';
import { folderAt } from './record-files.ts';

/** Where the records of npm and Python are, in byte order. */
export interface Places {
  /** Folders directly in a `node_modules` (or in a scope there). */
  readonly modules: readonly TreePath[];
  /** `*.dist-info` folders. */
  readonly distInfos: readonly TreePath[];
  /** `*.egg-info`, folders or files. */
  readonly eggInfos: readonly Entry[];
}

const MAX_FOLDERS = 4_000_000;
const USUAL = ['/app', '/usr/src/app', '/usr/lib/node_modules', '/usr/local/lib/node_modules'] as TreePath[];
const PYTHON_PARENTS = ['/usr/lib', '/usr/local/lib'] as TreePath[];

/** Where packages usually are, in a Tree of which nothing is known. */
export function usualPlaces(tree: Tree): TreePath[] {
  const python = PYTHON_PARENTS.flatMap((parent) => tree.children(folderAt(tree, parent) ?? parent))
    .map((entry) => entry.path)
    .filter((path) => /^python3(\.\d+)?$/.test(nameOf(path)));
  return [...USUAL, ...python];
}

/**
 * Looks through the folders, all the way down, links not followed; of a package in `node_modules` only its own `node_modules` is
 * looked at. @throws TareError E_LIMIT
 */
export function searchPlaces(tree: Tree, under: readonly TreePath[]): Places {
  const modules = new Set<TreePath>();
  const distInfos = new Set<TreePath>();
  const eggInfos = new Map<TreePath, Entry>();
  const seen = new Set<TreePath>();
  const pending: TreePath[] = [];
  const enter = (path: TreePath): void => {
    if (seen.has(path)) return;
    seen.add(path);
    if (seen.size > MAX_FOLDERS)
      throw new TareError('E_LIMIT', `more than ${MAX_FOLDERS} folders to search for packages`);
    pending.push(path);
  };
  const addModule = (path: TreePath): void => {
    modules.add(path);
    const inner = joinPath(path, 'node_modules');
    if (tree.get(inner)?.type === 'directory') enter(inner);
  };
  const visit = (entry: Entry, inModules: boolean): void => {
    const name = nameOf(entry.path);
    if (name.endsWith('.egg-info')) eggInfos.set(entry.path, entry);
    else if (entry.type !== 'directory') return;
    else if (name.endsWith('.dist-info')) distInfos.add(entry.path);
    else if (!inModules || name.startsWith('.')) enter(entry.path);
    else if (!name.startsWith('@')) addModule(entry.path);
    else for (const scoped of tree.children(entry.path)) if (scoped.type === 'directory') addModule(scoped.path);
  };
  for (const folder of under) {
    const at = folderAt(tree, folder);
    if (at !== undefined) enter(at);
  }
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const inModules = nameOf(at) === 'node_modules';
    for (const entry of tree.children(at)) visit(entry, inModules);
  }
  return {
    modules: [...modules].sort(compareBytes),
    distInfos: [...distInfos].sort(compareBytes),
    eggInfos: [...eggInfos.values()].sort((a, b) => compareBytes(a.path, b.path)),
  };
}
