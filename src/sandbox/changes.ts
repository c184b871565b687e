import {
  chmodSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import { layeredRoot } from './layered-root.ts';
import type { RunSpec } from './types.ts';
import { openXattrs } from './xattrs.ts';

/** Something that a container engine needs in a root to mount on. */
export interface MountTarget {
  /** Absolute; links in the root are followed. */
  readonly path: string;
  readonly folder: boolean;
}

/** What `prepareChanges` has put into `upper`, for `finishChanges` to take away again. Plain data: it may travel to another process. */
export interface Stub {
  /** Absolute in the root, without links. */
  readonly path: string;
  /** `copy`: of a folder that was there, so that something can be put into it. */
  readonly kind: 'file' | 'folder' | 'copy';
}

/** Everything that is mounted in the root of a container. Folders below /dev, which is mounted itself, are not among it. */
export function mountTargets(spec: Pick<RunSpec, 'mounts'>): readonly MountTarget[] {
  const targets: MountTarget[] = ['/proc', '/dev', '/sys'].map((path) => ({ path, folder: true }));
  for (const path of ['/etc/hosts', '/etc/resolv.conf']) targets.push({ path, folder: false });
  for (const mount of spec.mounts) targets.push({ path: mount.target, folder: isFolder(mount) });
  return targets.filter(({ path }) => !/^\/+(?:proc|dev|sys)\/+[^/]/.test(path));
}

function isFolder(mount: RunSpec['mounts'][number]): boolean {
  switch (mount.kind) {
    case 'tmpfs':
      return true;
    case 'secret':
      return false;
    case 'view':
      return layeredRoot(mount.lowers).locate(mount.source)?.stat?.isDirectory() ?? true;
    default:
      return statSync(mount.source).isDirectory();
  }
}

/**
 * Makes `dir`/upper and `dir`/work for changes of `lowers` (lowest first). The root folder and what has to be there to mount on are made
 * now, as they would look without a container: whoever makes them later, as the OCI runtimes do, leaves them, and new times of the folders above.
 * To be called where the files have the owners that the container sees: as root, or in its user namespace.
 * @throws TareError E_NOT_DIRECTORY, E_LOOP, E_NO_SPACE, E_PERMISSION, …
 */
export function prepareChanges(options: {
  readonly lowers: readonly string[];
  readonly dir: string;
  readonly targets: readonly MountTarget[];
  /** The root folder is not younger than this, in seconds: when nobody says how old it is, that is when it was unpacked. */
  readonly youngest?: number;
}): readonly Stub[] {
  const { dir, lowers, targets, youngest = Infinity } = options;
  const upper = `${dir}/upper`;
  const stubs: Stub[] = [];
  try {
    mkdirSync(upper, { mode: 0o700 });
    mkdirSync(`${dir}/work`, { mode: 0o700 });
    const root = layeredRoot(lowers);
    const all = layeredRoot([...lowers, upper]);
    const top = root.locate('/');
    if (top?.host !== undefined && top.stat !== undefined) {
      copyAttributes(top.host, top.stat, upper);
      if (top.stat.mtimeMs > youngest * 1000) setTimes(upper, { atimeMs: top.stat.atimeMs, mtimeMs: youngest * 1000 });
    }
    for (const { folder, path } of targets) {
      const found = all.locate(path);
      if (found === undefined) throw new TareError('E_LOOP', `${JSON.stringify(path)} leads through too many links`);
      if (found.missing === 0) continue;
      const names = found.path.split('/').slice(1);
      const present = names.length - found.missing;
      for (let count = 1; count <= present; count++) {
        const above = `/${names.slice(0, count).join('/')}`;
        if (isThere(upper + above)) continue;
        const original = root.locate(above);
        if (original?.stat?.isDirectory() !== true || original.host === undefined)
          throw new TareError(
            'E_NOT_DIRECTORY',
            `nothing can be mounted at ${JSON.stringify(path)}: ${above} is no folder`,
          );
        const around = upper + above.slice(0, above.lastIndexOf('/'));
        const before = lstatSync(around);
        mkdirSync(upper + above, { mode: 0o700 });
        copyAttributes(original.host, original.stat, upper + above);
        setTimes(around, before);
        stubs.push({ path: above, kind: 'copy' });
      }
      const parent = upper + (present === 0 ? '' : `/${names.slice(0, present).join('/')}`);
      const before = lstatSync(parent);
      for (let count = present + 1; count <= names.length; count++) {
        const name = `/${names.slice(0, count).join('/')}`;
        const isFolderToBe = folder || count < names.length;
        if (isFolderToBe) mkdirSync(upper + name);
        else writeFileSync(upper + name, '');
        chmodSync(upper + name, isFolderToBe ? 0o755 : 0o644);
        stubs.push({ path: name, kind: isFolderToBe ? 'folder' : 'file' });
      }
      setTimes(parent, before);
    }
    return stubs;
  } catch (error) {
    throw fromErrno(error, `cannot prepare ${dir}`);
  }
}

/**
 * Takes away what `prepareChanges` has made and nobody has used. The folders around it keep their times. What stays of it in `upper` are folders that are
 * as they were below.
 * @throws TareError E_PERMISSION, E_IO
 */
export function finishChanges({ dir, stubs }: { readonly dir: string; readonly stubs: readonly Stub[] }): void {
  const upper = `${dir}/upper`;
  try {
    for (const { kind, path } of [...stubs].reverse()) {
      if (kind === 'copy') continue;
      const parent = upper + path.slice(0, path.lastIndexOf('/'));
      const before = statIfThere(parent);
      if (before?.isDirectory() !== true || !removeUnused(upper + path, kind)) continue;
      setTimes(parent, before);
    }
  } catch (error) {
    throw fromErrno(error, `cannot clear ${dir}`);
  }
}

function removeUnused(path: string, kind: 'file' | 'folder'): boolean {
  try {
    if (kind === 'folder') rmdirSync(path);
    else {
      const stat = statIfThere(path);
      if (stat?.isFile() !== true || stat.size > 0) return false;
      unlinkSync(path);
    }
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTEMPTY', 'ENOTDIR', 'EEXIST'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

function copyAttributes(from: string, stat: Stats, to: string): void {
  lchownSync(to, stat.uid, stat.gid);
  chmodSync(to, stat.mode & 0o7777);
  const xattrs = openXattrs();
  for (const [name, value] of xattrs.list(from) ?? [])
    if (!/^(?:trusted|user)\.overlay\.|^security\.selinux$/.test(name)) xattrs.set(to, name, value);
  setTimes(to, stat);
}

const isThere = (path: string): boolean => statIfThere(path) !== undefined;

function statIfThere(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Times of another file, for one that may be a link. Node takes a negative number for the time that it is now, but not its text. */
export function setTimes(path: string | Buffer, { atimeMs, mtimeMs }: Pick<Stats, 'atimeMs' | 'mtimeMs'>): void {
  const [accessed, modified] = [atimeMs / 1000, mtimeMs / 1000];
  lutimesSync(path, accessed < 0 ? String(accessed) : accessed, modified < 0 ? String(modified) : modified);
}
