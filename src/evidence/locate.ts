import { type ByteString, joinPath, parentOf, ROOT, type TreePath } from '../base/path.ts';
import type { Tree } from '../tree/types.ts';

/** Linux PATH_MAX, in bytes: the kernel refuses longer names. */
const PATH_MAX = 4096;

export interface Located {
  readonly path: TreePath;
  /** Folders that the kernel enters only to leave them again by '..': they must exist although nothing is taken from them. */
  readonly through: readonly TreePath[];
}

/**
 * What the kernel makes of a path text such as `/app/bin/../lib/libx.so`: relative ones start at `cwd`, and '..' leads to the parent of the
 * folder that a symbolic link points at, not to the name before it. Undefined when a folder before '..' is missing.
 */
export function locate(tree: Tree, cwd: TreePath, text: ByteString): Located | undefined {
  if (text.length > PATH_MAX || text.includes('\0')) return undefined;
  let path = text.startsWith('/') ? ROOT : cwd;
  const through: TreePath[] = [];
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') {
      path = joinPath(path, part);
      continue;
    }
    const folder = tree.resolve(path)?.entry;
    if (folder?.type !== 'directory') return undefined;
    through.push(path);
    path = parentOf(folder.path);
  }
  return { path, through };
}
