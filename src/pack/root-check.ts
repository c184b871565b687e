import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { errnoOf } from '../base/error.ts';
import { hostPath, ROOT, type TreePath } from '../base/path.ts';
import type { Entry, Tree } from '../tree/types.ts';

/**
 * Whether a folder still holds a Tree: the same names and types, and files of the same sizes
 * and times. Contents are not read; it is meant for files
 * that a crash left empty and for folders that somebody tidied up, not for an attacker, who could change the store as well.
 * Devices may be missing: only root can make them.
 */
export function holdsTree(dir: string, tree: Tree): boolean {
  if (!sameNames(dir, ROOT, tree)) return false;
  for (const entry of tree.walk()) {
    const stat = statOf(hostPath(dir, entry.path));
    if (stat === undefined ? !mayBeMissing(entry, tree) : !looksLike(stat, entry)) return false;
    if (entry.type === 'directory' && !sameNames(dir, entry.path, tree)) return false;
  }
  return true;
}

function mayBeMissing(entry: Entry, tree: Tree): boolean {
  const inode = entry.type === 'hardlink' ? tree.get(entry.link as TreePath) : entry;
  return inode !== undefined && isDevice(inode);
}

function isDevice(entry: Entry): boolean {
  return entry.type === 'char' || entry.type === 'block';
}

function looksLike(stat: Stats, entry: Entry): boolean {
  switch (entry.type) {
    case 'file':
      return stat.isFile() && stat.size === entry.size && sameTime(stat, entry);
    case 'hardlink':
      return !stat.isDirectory() && (!stat.isFile() || stat.size === entry.size);
    case 'directory':
      return stat.isDirectory();
    case 'symlink':
      return stat.isSymbolicLink();
    case 'fifo':
      return stat.isFIFO();
    default:
      return isDevice(entry);
  }
}

/** Only where every file system can hold the time. */
function sameTime(stat: Stats, entry: Entry): boolean {
  const held = entry.mtime >= 0 && entry.mtime <= 0x7fff_ffff;
  return !held || Math.floor(stat.mtimeMs / 1000) === Math.floor(entry.mtime);
}

/** That nothing was added: what is missing shows elsewhere. */
function sameNames(dir: string, path: TreePath, tree: Tree): boolean {
  try {
    return readdirSync(hostPath(dir, path)).length <= tree.children(path).length;
  } catch (error) {
    // A folder that its owner may not read can only be looked into by name.
    if (errnoOf(error) === 'EACCES') return true;
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

function statOf(path: string | Buffer): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
