import { lstatSync, readdirSync, type BigIntStats } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { throwIfCancelled } from '../../base/context.ts';
import { errnoOf, fromErrno, TareError } from '../../base/error.ts';
import {
  bytesOfText,
  compareBytes,
  hostPath,
  joinPath,
  parentOf,
  quotePath,
  ROOT,
  type TreePath,
} from '../../base/path.ts';
import type { IgnoreMatcher } from '../../formats/ignorefile/index.ts';
import { entryOf } from '../../tree/directory.ts';
import type { Entry } from '../../tree/types.ts';
import { enlarged, identities, setIdentity, type Identities } from './identities.ts';

/** So many folders are read before others get a turn; see `treeOfDirectory`. */
const FOLDERS_PER_TURN = 64;
const MAX_ENTRIES = 4_000_000;

export interface Walked {
  /** All that is shown, the root included, in no order. */
  readonly entries: readonly Entry[];
  /** Of the files: path → row in `identities`. */
  readonly files: ReadonlyMap<TreePath, number>;
  readonly identities: Identities;
}

/**
 * Everything in a folder but what is hidden. A hidden folder is only gone into when something in it may be shown again; then it is there when something
 * is. Links are not followed, sockets are left out, owners are root. Of several names of one inode the first in byte order is the file.
 * @throws TareError E_PERMISSION for a folder that cannot be read, E_LIMIT, E_IO, E_CANCELLED
 */
export async function walkContext(
  dir: string,
  ignore: IgnoreMatcher | undefined,
  signal: AbortSignal,
): Promise<Walked> {
  const entries: Entry[] = [];
  /** Hidden folders, until something in them is shown. */
  const waiting = new Map<TreePath, Entry>();
  const linked = new Map<string, Entry[]>();
  const files = fileTable();
  const show = (entry: Entry): void => {
    for (let above = parentOf(entry.path); ; above = parentOf(above)) {
      const folder = waiting.get(above);
      if (folder === undefined) break;
      waiting.delete(above);
      entries.push(folder);
    }
    if (entries.length >= MAX_ENTRIES)
      throw new TareError('E_LIMIT', `${shown(dir)} holds more than ${MAX_ENTRIES} files`);
    entries.push(entry);
  };
  const visit = (path: TreePath): boolean => {
    const hidden = ignore !== undefined && ignore.hides(path) !== undefined;
    if (hidden && !ignore.mayHoldExceptions(path)) return false;
    const host = hostPath(dir, path);
    const stats = statsOf(host);
    const entry = stats === undefined ? undefined : toEntry(dir, path, stats, host);
    if (stats === undefined || entry === undefined) return false;
    const isFolder = entry.type === 'directory';
    if (hidden) {
      if (isFolder) waiting.set(path, entry);
      return isFolder;
    }
    if (entry.type === 'file') files.add(path, stats);
    show(entry);
    if (!isFolder && stats.nlink > 1n) addTo(linked, `${stats.dev}:${stats.ino}`, entry);
    return isFolder;
  };
  const todo: TreePath[] = [];
  visit(ROOT);
  todo.push(ROOT);
  for (let turn = 1; todo.length > 0; turn++) {
    const folder = todo.pop() as TreePath;
    for (const name of namesIn(dir, folder)) {
      const path = joinPath(folder, name);
      if (visit(path)) todo.push(path);
    }
    if (turn % FOLDERS_PER_TURN === 0) {
      throwIfCancelled(signal);
      await setImmediate();
    }
  }
  return { entries: withHardLinks(entries, linked), files: files.rows, identities: files.identities() };
}

function fileTable(): {
  readonly rows: ReadonlyMap<TreePath, number>;
  add(path: TreePath, stats: BigIntStats): void;
  identities(): Identities;
} {
  const rows = new Map<TreePath, number>();
  let [room, known] = [1024, identities(1024)];
  return {
    rows,
    add: (path, stats) => {
      if (rows.size === room) {
        room *= 2;
        known = enlarged(known, room);
      }
      setIdentity(known, rows.size, stats);
      rows.set(path, rows.size);
    },
    identities: () => known,
  };
}

function namesIn(dir: string, folder: TreePath): string[] {
  try {
    return readdirSync(hostPath(dir, folder), 'latin1');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && folder !== ROOT) return [];
    throw fromErrno(error, `cannot read the folder ${shown(hostPath(dir, folder))} of the build context`, {
      hint: 'change its permissions, or hide it with a line in .dockerignore',
    });
  }
}

/** Undefined when it was deleted since its folder was read. */
function statsOf(host: string | Buffer): BigIntStats | undefined {
  try {
    return lstatSync(host, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return undefined;
    throw fromErrno(error, `cannot look at ${shown(host)}`);
  }
}

/** Undefined for what cannot be in an image. */
function toEntry(dir: string, path: TreePath, stats: BigIntStats, host: string | Buffer): Entry | undefined {
  const mode = Number(stats.mode) & 0o7777;
  const mtime = Math.floor(Number(stats.mtimeMs) / 1000);
  if (stats.isDirectory()) return { path, type: 'directory', mode, uid: 0, gid: 0, size: 0, mtime };
  if (!stats.isFile()) return otherEntry(dir, path);
  const size = Number(stats.size);
  return { path, type: 'file', mode, uid: 0, gid: 0, size, mtime, content: { in: 'host', path: host, size } };
}

function otherEntry(dir: string, path: TreePath): Entry | undefined {
  try {
    const stats = lstatSync(hostPath(dir, path), { throwIfNoEntry: false });
    const entry = stats === undefined ? undefined : entryOf(dir, path, stats);
    return entry === undefined ? undefined : { ...entry, uid: 0, gid: 0 };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw fromErrno(error, `cannot look at ${shown(hostPath(dir, path))}`);
  }
}

function addTo(groups: Map<string, Entry[]>, key: string, entry: Entry): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [entry]);
  else group.push(entry);
}

function withHardLinks(entries: readonly Entry[], linked: ReadonlyMap<string, readonly Entry[]>): readonly Entry[] {
  const links = new Map<TreePath, Entry>();
  for (const group of linked.values()) {
    const [first, ...others] = [...group].sort((a, b) => compareBytes(a.path, b.path)) as [Entry, ...Entry[]];
    for (const { path } of others) links.set(path, { ...first, path, type: 'hardlink', link: first.path });
  }
  return links.size === 0 ? entries : entries.map((entry) => links.get(entry.path) ?? entry);
}

function shown(host: string | Buffer): string {
  return quotePath(typeof host === 'string' ? bytesOfText(host) : host.toString('latin1'));
}
