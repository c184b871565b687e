import { type ByteString, isInside, pathOfText, ROOT, type TreePath } from '../../base/path.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import { locate } from '../locate.ts';

/** What shells and execvp(3) search when PATH is not set. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Longest name that is looked up, in bytes (PATH_MAX). */
const MAX_NAME_BYTES = 4096;
/** What is there only while a system runs, and what is nobody's business: no argument of a script brings these into an image. */
const NEVER_TAKEN = [
  '/dev',
  '/proc',
  '/sys',
  '/run',
  '/tmp',
  '/var/run',
  '/var/tmp',
  '/root',
  '/home',
  '/etc/shadow',
  '/etc/shadow-',
  '/etc/gshadow',
  '/etc/gshadow-',
  '/etc/ssl/private',
].map(pathOfText);

export interface Place {
  /** The path as it was found, links as they are. */
  readonly path: TreePath;
  readonly entry: Entry;
}

/** A file by its path text, looked up from each folder in turn when it is relative. */
export function findFile(tree: Tree, text: ByteString, folders: readonly TreePath[]): Place | undefined {
  if (text === '' || text.length > MAX_NAME_BYTES) return undefined;
  for (const folder of text.startsWith('/') ? [ROOT] : folders) {
    const path = locate(tree, folder, text)?.path;
    const entry = path === undefined ? undefined : tree.resolve(path)?.entry;
    if (path !== undefined && entry !== undefined) return { path, entry };
  }
  return undefined;
}

/** A program as the shell finds it: by path when the name has a slash, else the first that is executable in the folders of PATH (POSIX XCU 2.9.1.4). */
export function findProgram(
  tree: Tree,
  name: ByteString,
  where: { readonly searchPaths: readonly ByteString[]; readonly folders: readonly TreePath[] },
): Place | undefined {
  if (name.includes('/')) {
    const found = findFile(tree, name, where.folders);
    return found?.entry.content === undefined ? undefined : found;
  }
  for (const folder of where.searchPaths.flatMap((path) => path.split(':'))) {
    // An empty item means the working folder.
    const found = findFile(tree, folder === '' ? `./${name}` : `${folder}/${name}`, where.folders);
    if (found?.entry.content !== undefined && (found.entry.mode & 0o111) !== 0) return found;
  }
  return undefined;
}

/** Whether a file may be taken because a script names it. What is in the application's own folder always may. */
export function mayBeTaken(place: Place, own: TreePath): boolean {
  const inside = (folder: TreePath): boolean => isInside(folder, place.path) || isInside(folder, place.entry.path);
  if (place.entry.path === ROOT) return false;
  return (own !== ROOT && isInside(own, place.path)) || !NEVER_TAKEN.some(inside);
}
