import { lstatSync, readdirSync, readlinkSync, statSync, type Stats } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import { compareBytes, hostPath, joinPath, quotePath, ROOT, type TreePath } from '../base/path.ts';
import { createTree } from './memory.ts';
import { typeOfStats } from './stats.ts';
import type { Entry, Tree } from './types.ts';

/** So many folders are read before others get a turn: the calls are synchronous, which is many times faster than going through the thread pool. */
const FOLDERS_PER_TURN = 64;
const MAX_ENTRIES = 4_000_000;

/**
 * The Tree of a folder of this machine, walked whole, links not followed (but `dir` may be one). Names that are not UTF-8 are kept.
 * Hard links inside the folder are found by device and inode; the first path in byte order is the file. Sockets are left out.
 * Times in whole seconds. Extended attributes are not there: Node has no call for them. Content stays on the host.
 *
 * @throws TareError E_PERMISSION for a folder that cannot be read, E_PATH_NOT_FOUND, E_NOT_DIRECTORY, E_LIMIT, E_IO
 */
export async function treeOfDirectory(dir: string): Promise<Tree> {
  const root = rootStats(dir);
  const entries: Entry[] = [entryOf(dir, ROOT, root) as Entry];
  const linked = new Map<string, Entry[]>();
  const todo: TreePath[] = [ROOT];
  for (let turn = 1; todo.length > 0; turn++) {
    const folder = todo.pop() as TreePath;
    for (const name of readFolder(dir, folder)) {
      const path = joinPath(folder, name);
      const found = lookAt(dir, path);
      if (found === undefined) continue;
      const { entry, names } = found;
      if (entries.length >= MAX_ENTRIES)
        throw new TareError('E_LIMIT', `${quotePath(dir)} holds more than ${MAX_ENTRIES} files`);
      if (entry.type === 'directory') todo.push(path);
      if (entry.type !== 'directory' && names > 1) addLinked(linked, dir, entry);
      else entries.push(entry);
    }
    if (turn % FOLDERS_PER_TURN === 0) await setImmediate();
  }
  for (const group of linked.values()) for (const entry of hardlinked(group)) entries.push(entry);
  return createTree(entries);
}

function rootStats(dir: string): Stats {
  let stats: Stats;
  try {
    stats = statSync(dir);
  } catch (error) {
    throw fromErrno(error, `cannot read ${quotePath(dir)}`);
  }
  if (!stats.isDirectory()) throw new TareError('E_NOT_DIRECTORY', `${quotePath(dir)} is not a folder`);
  return stats;
}

function readFolder(dir: string, folder: TreePath): string[] {
  try {
    return readdirSync(hostPath(dir, folder), { encoding: 'buffer' }).map((name) => name.toString('latin1'));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && folder !== ROOT) return [];
    throw fromErrno(error, `cannot read the folder ${quotePath(String(hostPath(dir, folder)))}`);
  }
}

/** With the number of names that it has. Undefined when it was deleted since its folder was read, and for a socket. */
function lookAt(dir: string, path: TreePath): { readonly entry: Entry; readonly names: number } | undefined {
  try {
    const stats = lstatSync(hostPath(dir, path), { throwIfNoEntry: false });
    const entry = stats === undefined ? undefined : entryOf(dir, path, stats);
    return stats === undefined || entry === undefined ? undefined : { entry, names: stats.nlink };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw fromErrno(error, `cannot look at ${quotePath(String(hostPath(dir, path)))}`);
  }
}

/** Undefined for what cannot be in an image. */
export function entryOf(dir: string, path: TreePath, stats: Stats): Entry | undefined {
  const type = typeOfStats(stats);
  if (type === undefined) return undefined;
  const name = hostPath(dir, path);
  const entry: Entry = {
    path,
    type,
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    size: type === 'file' ? stats.size : 0,
    mtime: Math.floor(stats.mtimeMs / 1000),
  };
  if (type === 'file') return { ...entry, content: { in: 'host', path: name, size: stats.size } };
  if (type === 'symlink') return { ...entry, link: readlinkSync(name, { encoding: 'latin1' }) };
  if (type === 'char' || type === 'block') return { ...entry, device: deviceNumbers(stats.rdev) };
  return entry;
}

/** Of Linux's 64-bit `dev_t`, as makedev(3) puts it together. */
function deviceNumbers(rdev: number): readonly [major: number, minor: number] {
  const device = BigInt(rdev);
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return [Number(major), Number(minor)];
}

/** Inode numbers may need all 64 bits (overlayfs marks the layer in the upper ones), so they are asked for once more, exactly. */
function addLinked(linked: Map<string, Entry[]>, dir: string, entry: Entry): void {
  const exact = lstatSync(hostPath(dir, entry.path), { bigint: true, throwIfNoEntry: false });
  if (exact === undefined) return;
  const key = `${exact.dev}:${exact.ino}`;
  const group = linked.get(key);
  if (group === undefined) linked.set(key, [entry]);
  else group.push(entry);
}

/** The first path in byte order keeps the type, the others are hard links to it. */
function hardlinked(group: readonly Entry[]): Entry[] {
  const [first, ...others] = [...group].sort((a, b) => compareBytes(a.path, b.path)) as [Entry, ...Entry[]];
  return [first, ...others.map((entry): Entry => ({ ...first, path: entry.path, type: 'hardlink', link: first.path }))];
}
