import {
  chmodSync,
  constants,
  copyFileSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  type Stats,
} from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { throwIfCancelled } from '../../base/context.ts';
import { errnoOf, fromErrno } from '../../base/error.ts';
import { hostPath, joinPath, quotePath, ROOT, type ByteString, type TreePath } from '../../base/path.ts';
import { isWhiteout, OPAQUE_XATTRS, openXattrs, setTimes, type Xattrs } from '../../sandbox/index.ts';
import { makeWhiteouts, setOpaque } from './whiteouts.ts';

const FOLDERS_PER_TURN = 64;

export interface MergeOptions {
  /** Lowest first. */
  readonly lowers: readonly string[];
  /** A folder in them, without links on the way. */
  readonly source: TreePath;
  /** New. */
  readonly dir: string;
  /**
   * `snapshot`: what the folders do to others below them is kept (whiteouts, opaque folders), and files are hard links: nobody may write to either.
   * `copy`: what a container would see, without devices, for the caller to change.
   */
  readonly as: 'snapshot' | 'copy';
  readonly isUserNamespace: boolean;
  readonly signal: AbortSignal;
}

type HostName = string | Buffer;

/** What several folders show under one name. */
interface Found {
  readonly stat: Stats;
  /** Uppermost first; more than one of a folder alone. */
  readonly parts: readonly HostName[];
  /** A folder that shows nothing of what is below these folders. */
  readonly hides: boolean;
}

interface Job extends Found {
  readonly path: TreePath;
}

/**
 * One folder that shows what several, one over the other, show. To be called where the files have the owners that containers see.
 * @throws TareError E_NO_SPACE, E_PERMISSION, E_CANCELLED, E_IO; what is there of the folder must be removed then
 */
export async function mergeFolders(options: MergeOptions): Promise<void> {
  const { as, dir, isUserNamespace, lowers, signal, source } = options;
  const xattrs = openXattrs();
  const isSnapshot = as === 'snapshot';
  const removed: TreePath[] = [];
  const folders: Job[] = [];
  try {
    const top = look(lowers.map((root) => hostPath(root, source)).reverse(), xattrs);
    if (top?.stat.isDirectory() !== true) throw new Error(`${source} is no folder of ${lowers.join(', ')}`);
    const todo: Job[] = [{ ...top, path: ROOT, hides: false }];
    for (let turn = 1; todo.length > 0; turn++) {
      const job = todo.pop() as Job;
      folders.push(job);
      mkdirSync(hostPath(dir, job.path), { mode: 0o700 });
      for (const name of namesIn(job.parts)) {
        const path = joinPath(job.path, name);
        const found = look(
          job.parts.map((part) => below(part, name)),
          xattrs,
        );
        if (found === undefined) removed.push(path);
        else if (found.stat.isDirectory()) todo.push({ ...found, path });
        else place(found, hostPath(dir, path), isSnapshot, xattrs);
      }
      if (turn % FOLDERS_PER_TURN === 0) {
        throwIfCancelled(signal);
        await setImmediate();
      }
    }
    if (isSnapshot) makeWhiteouts(dir, removed);
    // The deepest first: what is done in a folder changes its time.
    for (const { hides, parts, path, stat } of folders.reverse()) {
      copyAttributes(parts[0] ?? '', stat, hostPath(dir, path), xattrs);
      if (hides && isSnapshot) setOpaque(hostPath(dir, path), xattrs, isUserNamespace);
    }
  } catch (error) {
    throw fromErrno(error, `cannot merge folders into ${quotePath(dir)}`);
  }
}

/** @param parts what could have the name, uppermost first. Undefined: a whiteout, or nothing. */
function look(parts: readonly HostName[], xattrs: Xattrs): Found | undefined {
  const folders: HostName[] = [];
  let first: Stats | undefined;
  for (const part of parts) {
    const stat = statIfThere(part);
    if (stat === undefined) continue;
    const isEnd = isWhiteout(stat) || !stat.isDirectory();
    if (isEnd && first !== undefined) return { stat: first, parts: folders, hides: true };
    if (isWhiteout(stat)) return undefined;
    if (isEnd) return { stat, parts: [part], hides: false };
    first ??= stat;
    folders.push(part);
    const all = xattrs.list(part);
    if (OPAQUE_XATTRS.some((name) => all?.get(name)?.toString('latin1') === 'y'))
      return { stat: first, parts: folders, hides: true };
  }
  return first === undefined ? undefined : { stat: first, parts: folders, hides: false };
}

function statIfThere(path: HostName): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

function namesIn(parts: readonly HostName[]): ReadonlySet<ByteString> {
  const names = new Set<ByteString>();
  for (const part of parts)
    for (const name of readdirSync(part, { encoding: 'buffer' })) names.add(name.toString('latin1'));
  return names;
}

function below(part: HostName, name: ByteString): Buffer {
  return Buffer.concat([Buffer.from(part), Buffer.from(`/${name}`, 'latin1')]);
}

function place({ parts, stat }: Found, to: HostName, asLink: boolean, xattrs: Xattrs): void {
  const from = parts[0] ?? '';
  if (asLink) {
    try {
      linkSync(from, to);
      return;
    } catch (error) {
      // Too many names already, or another file system.
      if (!['EMLINK', 'EXDEV'].includes(errnoOf(error) ?? '')) throw error;
    }
  }
  if (stat.isSymbolicLink()) symlinkSync(readlinkSync(from, { encoding: 'buffer' }), to);
  else if (stat.isFile()) copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  else return;
  copyAttributes(from, stat, to, xattrs);
}

function copyAttributes(from: HostName, stat: Stats, to: HostName, xattrs: Xattrs): void {
  try {
    lchownSync(to, stat.uid, stat.gid);
  } catch (error) {
    // An id that does not exist in this user namespace.
    if (errnoOf(error) !== 'EINVAL') throw error;
  }
  if (!stat.isSymbolicLink()) chmodSync(to, stat.mode & 0o7777);
  for (const [name, value] of xattrs.list(from) ?? [])
    if (!/^(?:trusted|user)\.overlay\.|^security\.selinux$/.test(name)) xattrs.set(to, name, value);
  setTimes(to, stat);
}
