import { TareError } from '../base/error.ts';
import { compareBytes, nameOf, quotePath, type TreePath } from '../base/path.ts';
import type { TarHeader } from '../formats/tar/index.ts';
import type { Entry } from '../tree/types.ts';

/** image-spec layer.md, "Whiteouts". */
const WHITEOUT_PREFIX = '.wh.';

/** Seconds since 1970 for every member; or `own`: each has the time of its entry (compiled Python is valid beside a source of that time only). */
export type Epoch = number | 'own';

const timeOf = (entry: Entry, epoch: Epoch): number => (epoch === 'own' ? entry.mtime : epoch);

/** One member of the archive to be. */
export interface PackMember {
  readonly header: TarHeader;
  /** Of files: the entry whose content it has. */
  readonly source?: Entry;
}

/**
 * The members of a layer, sorted by path bytes, so that a folder comes before what is in it. Every time is `epoch`, or the entry's own; ids are numeric. Of the
 * names that share an inode the first in byte order becomes the file, and the others hard links to it: a reader never meets a link
 * before its target. A link to a file of another layer becomes a file, for a layer cannot link into one below it.
 *
 * @throws TareError E_PATH when a path comes twice or would be read as a whiteout, E_PATH_NOT_FOUND for a link to something that is neither here nor a file
 */
export function membersOf(entries: readonly Entry[], epoch: Epoch): readonly PackMember[] {
  const sorted = [...entries].sort((a, b) => compareBytes(a.path, b.path));
  const byPath = new Map<TreePath, Entry>();
  for (const entry of sorted) {
    if (byPath.has(entry.path)) {
      throw new TareError('E_PATH', `the path ${quotePath(entry.path)} comes twice in one layer`);
    }
    if (nameOf(entry.path).startsWith(WHITEOUT_PREFIX)) {
      throw new TareError(
        'E_PATH',
        `the file ${quotePath(entry.path)} cannot be in a layer: its name means a deletion there`,
        {
          hint: 'rename or exclude it',
        },
      );
    }
    byPath.set(entry.path, entry);
  }
  const first = firstNames(sorted);
  return sorted.map((entry): PackMember => {
    const inode = inodeOf(entry);
    if (entry.type !== 'file' && entry.type !== 'hardlink') return { header: headerOf(entry, entry, epoch) };
    const target = inode === entry.path ? entry : byPath.get(inode);
    if (target !== undefined && target.type !== 'file' && target.type !== 'hardlink') {
      return { header: headerOf(entry, target, epoch) };
    }
    const name = first.get(inode);
    if (name !== undefined && name !== entry.path)
      return { header: linkHeader(entry, target ?? byPath.get(name) ?? entry, name, epoch) };
    const source = target?.type === 'file' ? target : entry;
    if (source.content === undefined) {
      throw new TareError(
        'E_PATH_NOT_FOUND',
        `${quotePath(entry.path)} is a link to ${quotePath(inode)}, which is not in the layer`,
      );
    }
    return { header: headerOf(entry, { ...source, type: 'file' }, epoch), source };
  });
}

function inodeOf(entry: Entry): TreePath {
  return entry.type === 'hardlink' ? (entry.link as TreePath) : entry.path;
}

/** Inode (by the path of its own name) → the first of its names in this layer. */
function firstNames(sorted: readonly Entry[]): ReadonlyMap<TreePath, TreePath> {
  const first = new Map<TreePath, TreePath>();
  for (const entry of sorted) {
    if (entry.type !== 'file' && entry.type !== 'hardlink') continue;
    const inode = inodeOf(entry);
    if (!first.has(inode)) first.set(inode, entry.path);
  }
  return first;
}

/** The path in the archive: no leading slash; folders end with one. */
function memberPath(path: TreePath, directory: boolean): string {
  if (path === '/') return './';
  return directory ? `${path.slice(1)}/` : path.slice(1);
}

/** The name of `entry` with everything else from `inode`. */
function headerOf(entry: Entry, inode: Entry, epoch: Epoch): TarHeader {
  const { type } = inode;
  return {
    path: memberPath(entry.path, type === 'directory'),
    type,
    mode: inode.mode,
    uid: inode.uid,
    gid: inode.gid,
    size: type === 'file' ? inode.size : 0,
    mtime: timeOf(inode, epoch),
    ...(type === 'symlink' ? { linkname: inode.link ?? '' } : undefined),
    ...(inode.device === undefined ? undefined : { device: inode.device }),
    ...(inode.xattrs === undefined || inode.xattrs.size === 0
      ? undefined
      : { xattrs: new Map([...inode.xattrs].sort(([a], [b]) => compareBytes(a, b))) }),
  };
}

/** Attributes belong to the inode, so a link has none of its own. */
function linkHeader(entry: Entry, inode: Entry, target: TreePath, epoch: Epoch): TarHeader {
  return {
    path: memberPath(entry.path, false),
    type: 'hardlink',
    mode: inode.mode,
    uid: inode.uid,
    gid: inode.gid,
    size: 0,
    mtime: timeOf(inode, epoch),
    linkname: memberPath(target, false),
  };
}
