import { TareError } from '../../base/error.ts';
import { joinPath, parentOf, quotePath, ROOT, type TreePath } from '../../base/path.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import type { Changes } from './changes.ts';
import type { ModeChange } from './mode.ts';

/** A copy whose sources are known: all names are looked up, all patterns are resolved. */
export interface CopyInto {
  readonly changes: Changes;
  /** Where the files come from. */
  readonly source: Tree;
  /** What it gives: from `select`, in order. */
  readonly selected: readonly Selected[];
  /** With a trailing slash it is a folder. */
  readonly destination: string;
  /** Default: as in the source. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  readonly mode?: ModeChange | undefined;
  /** Permission bits of folders that have to be made for it: of an octal mode. Default 0755. */
  readonly folderMode?: number | undefined;
  /** Seconds: of folders that have to be made for it. */
  readonly mtime: number;
}

/** One source of a copy, with what is taken of it. */
export interface Selected {
  /** The name it was found under: a link that leads to a file gives a file of the link's name. */
  readonly name: string;
  readonly entry: Entry;
  /** Only what is inside counts: the destination is not made like this folder. */
  readonly asContainer?: true;
  /** Of a folder: what is copied of what is in it, parents first, in byte order. */
  readonly inside: readonly Entry[];
}

/**
 * Copies as BuildKit's file operations do (tonistiigi/fsutil, copy/copy.go): a folder gives its contents; the destination and folders on the way
 * are made, 0755 or as `folderMode` has it; a folder that is there already keeps its attributes at the top, and gets those of the source below; a file takes the place of a file or a link, never of a folder.
 * @throws TareError E_NOT_FILE, E_NOT_DIRECTORY, E_LOOP
 */
export function copyInto(input: CopyInto): void {
  for (const item of input.selected) copyOne(input, item);
}

function copyOne(input: CopyInto, item: Selected): void {
  const links = new Map<TreePath, TreePath>();
  const { changes, destination } = input;
  const made = {
    mode: input.folderMode ?? 0o755,
    uid: input.owner?.uid ?? 0,
    gid: input.owner?.gid ?? 0,
    mtime: input.mtime,
  };
  const wanted = cleanDestination(destination);
  if (destination.endsWith('/') && item.entry.type !== 'directory') changes.makeFolders(wanted, made);
  let target = changes.follow(wanted);
  if (item.entry.type !== 'directory') {
    if (changes.get(target)?.type === 'directory') target = changes.follow(joinPath(target, item.name));
    changes.makeFolders(parentOf(target), made);
    putOne(input, item.entry, target, links);
    return;
  }
  const there = changes.get(target);
  if (there === undefined) {
    changes.makeFolders(target, made);
    // Like any other new folder, but for its time.
    const folder = item.asContainer === true ? undefined : changes.get(target);
    if (folder !== undefined) changes.put({ ...folder, mtime: item.entry.mtime });
  } else if (there.type !== 'directory') {
    throw new TareError(
      'E_NOT_DIRECTORY',
      `a folder cannot be copied onto ${quotePath(target)}, which is a ${there.type}`,
    );
  }
  const base = item.entry.path === ROOT ? '' : item.entry.path;
  for (const entry of item.inside) putOne(input, entry, below(target, entry.path.slice(base.length)), links);
}

function putOne(input: CopyInto, entry: Entry, target: TreePath, links: Map<TreePath, TreePath>): void {
  const { changes } = input;
  if (entry.type === 'directory') {
    const there = changes.get(target);
    if (there !== undefined && there.type !== 'directory')
      throw new TareError(
        'E_NOT_DIRECTORY',
        `a folder cannot be copied onto ${quotePath(target)}, which is a ${there.type}`,
      );
    changes.put(attributed(input, entry, target));
    return;
  }
  changes.replaceable(target);
  // Names of one file stay names of one file.
  const inode = entry.type === 'hardlink' ? (entry.link as TreePath) : entry.path;
  const first = links.get(inode);
  if (first !== undefined && first !== target) {
    const owner = changes.get(first);
    if (owner !== undefined) {
      changes.put({ ...owner, path: target, type: 'hardlink', link: first });
      return;
    }
  }
  links.set(inode, target);
  changes.put(attributed(input, entry, target));
}

function attributed({ mode, owner }: CopyInto, entry: Entry, path: TreePath): Entry {
  const { layer: _layer, link, type, ...rest } = entry;
  const isLink = type === 'symlink';
  return {
    ...rest,
    path,
    type: type === 'hardlink' ? 'file' : type,
    ...(owner === undefined ? {} : owner),
    ...(mode === undefined || isLink ? {} : { mode: mode(entry.mode, type === 'directory') }),
    ...(isLink && link !== undefined ? { link } : {}),
  };
}

const cleanDestination = (destination: string): TreePath => {
  const names = destination.split('/').filter((name) => name !== '' && name !== '.');
  return names.length === 0 ? ROOT : (`/${names.join('/')}` as TreePath);
};

const below = (folder: TreePath, rest: string): TreePath =>
  folder === ROOT ? (rest as TreePath) : (`${folder}${rest}` as TreePath);
