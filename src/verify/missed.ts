import { compareBytes, joinPath, parentOf, ROOT, type ByteString, type TreePath } from '../base/path.ts';
import type { Access, Observation, ObservedPath } from '../sandbox/types.ts';
import type { Tree } from '../tree/types.ts';
import { union } from './merge-observations.ts';

/** What a container looked up in vain although the original image has it. */
export interface MissedPath {
  /** Of an entry of the original; links on the way to it are listed themselves. */
  readonly path: TreePath;
  /** Executables that asked, in byte order. */
  readonly by: readonly ByteString[];
  /** In which it was first asked for. */
  readonly phase: string;
  /** In byte order; `list` for an entry of a folder whose names were read. */
  readonly how: readonly Access[];
}

/** Linux gives up after as many links (path_resolution(7)). */
const MAX_LINKS = 40;
/** Linux PATH_MAX, in bytes. */
const MAX_PATH = 4096;

/** What the engine lays over every image: the tree has no say there. */
const ENGINE_FOLDERS = ['/dev', '/proc', '/sys'];
const ENGINE_FILES = new Set(['/etc/hostname', '/etc/hosts']);

/**
 * The entries of the original that the small image lacks and a process of it asked for: the path itself, every symbolic link on the way and
 * what they lead to, folders that are left again by '..', and of a folder whose names were read its direct entries. In byte order.
 */
export function missedPaths(observation: Observation, small: Tree, original: Tree): readonly MissedPath[] {
  const missed = new Map<TreePath, MissedPath>();
  const add = (path: TreePath, asked: Omit<ObservedPath, 'path'>): void => {
    if (isEngines(path) || small.get(path) !== undefined) return;
    const known = missed.get(path);
    const { by, how, phase } = asked;
    missed.set(
      path,
      known === undefined
        ? { path, by, phase, how }
        : { path, by: union(known.by, by), phase: known.phase, how: union<Access>(known.how, how) },
    );
  };
  for (const asked of observation.paths) {
    const found = walkTo(original, asked.path);
    if (!found.exists) continue;
    for (const path of found.passed) add(path, asked);
    if (!asked.how.includes('list') || found.at === undefined) continue;
    const folder = original.get(found.at);
    if (folder?.type !== 'directory') continue;
    for (const child of original.children(folder.path)) add(child.path, { ...asked, how: ['list'] });
  }
  return [...missed.values()].sort((a, b) => compareBytes(a.path, b.path));
}

function isEngines(path: TreePath): boolean {
  return ENGINE_FILES.has(path) || ENGINE_FOLDERS.some((folder) => path === folder || path.startsWith(`${folder}/`));
}

interface Walk {
  /** Whether lstat(2) would find the last component. */
  readonly exists: boolean;
  /** Links and ends, in the order in which the kernel meets them; folders only where '..' leaves them. */
  readonly passed: readonly TreePath[];
  /** Where it ends with all links followed; absent when that is not there. */
  readonly at?: TreePath;
}

/** As path_resolution(7): component by component, '..' of the folder that one is in, links relative to where they stand. */
function walkTo(tree: Tree, text: ByteString): Walk {
  const passed: TreePath[] = [];
  if (text.length > MAX_PATH || text.includes('\0')) return { exists: false, passed };
  const todo = text.split('/').reverse();
  let at = ROOT;
  let links = 0;
  let exists = false;
  while (todo.length > 0) {
    const name = todo.pop() as string;
    if (name === '' || name === '.') continue;
    if (tree.get(at)?.type !== 'directory') return { exists, passed };
    if (name === '..') {
      passed.push(at);
      at = parentOf(at);
      continue;
    }
    const path = joinPath(at, name);
    const entry = tree.get(path);
    if (entry === undefined) return { exists, passed };
    // Also true inside the target of a link in the last place, which has been found then.
    if (todo.every((rest) => rest === '' || rest === '.')) exists = true;
    if (entry.type !== 'symlink') {
      at = path;
      continue;
    }
    passed.push(path);
    links += 1;
    const target = entry.link ?? '';
    if (links > MAX_LINKS || target === '') return { exists, passed };
    if (target.startsWith('/')) at = ROOT;
    todo.push(...target.split('/').reverse());
  }
  passed.push(at);
  return { exists: true, passed, at };
}
