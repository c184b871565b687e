import { TareError } from '../../base/error.ts';
import { ancestorsOf, compareBytes, quotePath, ROOT, type TreePath } from '../../base/path.ts';
import type { Entry, Tree } from '../../tree/types.ts';

/** As path lookup of the reference tools: more links on the way are a loop. */
const MAX_LINKS = 255;

/** A file system that is being changed: what is put lies over `lower`, and is the layer in the end. */
export interface Changes {
  /** The entry itself, no link followed. */
  get(path: TreePath): Entry | undefined;
  /** Where a path leads with every link followed inside the root; what is not there stays as it is written. */
  follow(path: TreePath): TreePath;
  put(entry: Entry): void;
  /** Takes the place of a file or a link; of a folder: E_NOT_FILE. */
  replaceable(path: TreePath): void;
  /** The folder `path` and those above it; the ones that are missing are made with these attributes. @returns the path with links followed */
  makeFolders(path: TreePath, attributes: FolderAttributes): TreePath;
  /** What was put, and the folders above it as they are, in byte order. */
  entries(): readonly Entry[];
}

export interface FolderAttributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
}

export function openChanges(lower: Tree): Changes {
  const put = new Map<TreePath, Entry>();
  const get = (path: TreePath): Entry | undefined => put.get(path) ?? lower.get(path);

  const follow = (path: TreePath): TreePath => followBelow(get, ROOT, path);

  const putEntry = (entry: Entry): void => void put.set(entry.path, entry);

  return {
    get,
    follow,
    put: putEntry,
    replaceable: (path) => {
      if (get(path)?.type === 'directory')
        throw new TareError('E_NOT_FILE', `a file cannot take the place of the folder ${quotePath(path)}`, {
          hint: 'name another destination, or remove the folder first',
        });
    },
    makeFolders: (path, attributes) => {
      const wanted = follow(path);
      for (const folder of [...ancestorsOf(wanted), wanted]) {
        if (folder === ROOT) continue;
        const there = get(folder);
        if (there?.type === 'directory') continue;
        if (there !== undefined)
          throw new TareError('E_NOT_DIRECTORY', `${quotePath(folder)} is a ${there.type}, not a folder`);
        putEntry({ path: folder, type: 'directory', size: 0, ...attributes });
      }
      return wanted;
    },
    entries: () => {
      const found = new Map(put);
      for (const path of put.keys()) {
        for (const folder of ancestorsOf(path)) {
          const entry = get(folder);
          if (folder !== ROOT && entry !== undefined && !found.has(folder)) found.set(folder, entry);
        }
      }
      return [...found.values()].sort((a, b) => compareBytes(a.path, b.path));
    },
  };
}

/** Where a path below `base` leads with every link followed as if `base` were the root; what is not there stays as it is written. */
export function followBelow(get: Changes['get'], base: TreePath, path: TreePath): TreePath {
  const at = (names: readonly string[]): TreePath =>
    names.length === 0 ? base : (`${base === ROOT ? '' : base}/${names.join('/')}` as TreePath);
  const walked: string[] = [];
  const todo = path.split('/').reverse();
  let links = 0;
  while (todo.length > 0) {
    const name = todo.pop() as string;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      walked.pop();
      continue;
    }
    const entry = get(at([...walked, name]));
    if (entry?.type !== 'symlink') {
      walked.push(name);
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) throw new TareError('E_LOOP', `${quotePath(path)} leads through too many links`);
    const target = entry.link ?? '';
    if (target.startsWith('/')) walked.length = 0;
    todo.push(...target.split('/').reverse());
  }
  return at(walked);
}
