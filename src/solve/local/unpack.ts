import type { Digest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import {
  cleanPath,
  compareBytes,
  joinPath,
  nameOf,
  parentOf,
  quotePath,
  ROOT,
  type TreePath,
} from '../../base/path.ts';
import type { IndexedMember } from '../../store/types.ts';
import type { Entry } from '../../tree/types.ts';
import { followBelow, type Changes } from './changes.ts';

export interface UnpackInto {
  readonly changes: Changes;
  /** A folder; made when it is missing. */
  readonly destination: string;
  /** In the order of the archive. */
  readonly members: readonly IndexedMember[];
  /** Of the archive, in references to its content. */
  readonly id: Digest;
  /** Default: as in the archive. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** Seconds: of folders that have to be made for it. */
  readonly mtime: number;
  /** Is told of each file. */
  readonly onFile: (entry: Entry) => void;
}

/**
 * Unpacks an archive below a folder, as if that were the root of everything: links on the way, those of the archive itself as well, never lead out of it.
 * A folder over a folder changes its attributes; anything else takes the place of what was there, but nothing takes that of a folder. Folders that are missing
 * are made: 0755, and root's below the destination. The archive's own root says nothing about the destination. Names of whiteouts mean nothing here (and cannot be packed).
 * @throws TareError E_TAR_PATH for a member that climbs out; E_TAR for a hard link to nothing; E_NOT_FILE, E_NOT_DIRECTORY, E_LOOP, E_PATH
 */
export function unpackInto(input: UnpackInto): void {
  const { changes, destination, mtime, owner } = input;
  const made = { mode: 0o755, uid: owner?.uid ?? 0, gid: owner?.gid ?? 0, mtime };
  const base = changes.makeFolders(cleanPath(destination), made);
  const names = sharedNames(changes);
  for (const member of input.members) {
    const wanted = cleanPath(member.path);
    if (wanted === ROOT) {
      if (member.type === 'directory') continue;
      throw new TareError('E_TAR', `the archive's root is a ${member.type}, not a folder`);
    }
    const folder = changes.makeFolders(followBelow(changes.get, base, parentOf(wanted)), { ...made, uid: 0, gid: 0 });
    const path = joinPath(folder, nameOf(wanted));
    if (member.type === 'directory') {
      // In place of a link too, as tar does it.
      names.leave(path);
      changes.put(entryOf(input, member, path));
      continue;
    }
    changes.replaceable(path);
    if (member.type === 'hardlink') {
      link(input, { base, member, names, path });
      continue;
    }
    names.leave(path);
    const entry = entryOf(input, member, path);
    changes.put(entry);
    if (entry.content !== undefined) input.onFile(entry);
  }
}

function link(
  { changes }: UnpackInto,
  { base, member, names, path }: { base: TreePath; member: IndexedMember; names: SharedNames; path: TreePath },
): void {
  const wanted = cleanPath(member.linkname ?? '');
  const target = wanted === ROOT ? base : joinPath(followBelow(changes.get, base, parentOf(wanted)), nameOf(wanted));
  const found = target === path ? undefined : changes.get(target);
  if (found === undefined || found.type === 'directory') {
    const fault = found === undefined ? 'which is not there' : 'which is a folder';
    throw new TareError('E_TAR', `${quotePath(member.path)} is a hard link to ${quotePath(wanted)}, ${fault}`);
  }
  const inode = found.type === 'hardlink' ? (found.link as TreePath) : found.path;
  if (inode === path) return;
  names.leave(path);
  const { layer: _layer, ...rest } = found;
  // Of a link or a device there may be two that are alike.
  if (found.content === undefined) return changes.put({ ...rest, path });
  changes.put({ ...rest, path, type: 'hardlink', link: inode });
  names.add(inode, path);
}

interface SharedNames {
  add(inode: TreePath, name: TreePath): void;
  /** Before something else takes the name: those that shared its inode keep it. */
  leave(path: TreePath): void;
}

/** The hard links that were unpacked, by the path of their file. */
function sharedNames(changes: Changes): SharedNames {
  const names = new Map<TreePath, Set<TreePath>>();
  return {
    add: (inode, name) => {
      const others = names.get(inode) ?? new Set();
      names.set(inode, others.add(name));
    },
    leave: (path) => {
      const there = changes.get(path);
      if (there?.type === 'hardlink') names.get(there.link as TreePath)?.delete(path);
      const [first, ...others] = [...(names.get(path) ?? [])].sort(compareBytes);
      if (there === undefined || first === undefined) return;
      names.delete(path);
      names.set(first, new Set(others));
      const { layer: _layer, link: _link, ...file } = there;
      changes.put({ ...file, path: first, type: 'file' });
      for (const other of others) changes.put({ ...file, path: other, type: 'hardlink', link: first });
    },
  };
}

function entryOf({ id, owner }: UnpackInto, member: IndexedMember, path: TreePath): Entry {
  const {
    dataOffset: offset,
    dataSize,
    device,
    gid,
    linkname,
    mode,
    mtime,
    sha256,
    size,
    sparse,
    type,
    uid,
    xattrs,
  } = member;
  if (type === 'symlink' && (linkname === undefined || linkname === '' || linkname.includes('\0')))
    throw new TareError('E_TAR', `the target of the symbolic link ${quotePath(member.path)} is empty or no path`);
  const common: Entry = {
    path,
    type,
    mode,
    uid,
    gid,
    ...owner,
    size: 0,
    mtime,
    ...(type === 'symlink' && linkname !== undefined ? { link: linkname } : {}),
    ...(device === undefined ? {} : { device }),
    ...(xattrs === undefined || xattrs.size === 0 ? {} : { xattrs }),
  };
  if (type !== 'file') return common;
  return {
    ...common,
    size,
    content: { in: 'layer', diffId: id, offset, size: dataSize, ...(sparse === undefined ? {} : { sparse }) },
    ...(sha256 === undefined ? {} : { sha256 }),
  };
}
