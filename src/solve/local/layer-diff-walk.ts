import { closeSync, lstatSync, openSync, readdirSync, readSync, type Stats } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { throwIfCancelled } from '../../base/context.ts';
import { errnoOf, fromErrno, TareError } from '../../base/error.ts';
import { compareBytes, hostPath, joinPath, nameOf, quotePath, ROOT, type TreePath } from '../../base/path.ts';
import { isWhiteout, OPAQUE_XATTRS, treeXattrs, type TreeXattrs } from '../../sandbox/index.ts';
import { entryOf } from '../../tree/directory.ts';
import type { Entry } from '../../tree/types.ts';

const FOLDERS_PER_TURN = 64;
const MAX_CHANGES = 1_000_000;
const COMPARE_BYTES = 1024 * 1024; // 1 MiB
/** What these say is: a lower folder does not have it. */
const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']);
/** image-spec layer.md, "Whiteouts". */
const WHITEOUT_PREFIX = '.wh.';

/** One thing that a layer has to say. */
export type Change =
  | { readonly is: 'entry'; readonly entry: Entry; /** Of files with several names. */ readonly inode?: string }
  | { readonly is: 'removed'; readonly path: TreePath }
  | { readonly is: 'opaque'; readonly path: TreePath };

export interface ChangesOptions {
  /** What an overlay wrote. */
  readonly upper: string;
  /** What lay below it, lowest first. */
  readonly lowers: readonly string[];
  readonly signal: AbortSignal;
  /** Is told the folders of `upper` that are no change, with what is below them. */
  readonly onUnchanged?: (path: TreePath, below: Stats) => void;
}

/** A folder that is being compared. */
interface Folder {
  readonly path: TreePath;
  readonly above: Folder | undefined;
  /** Lower folders that show through here, uppermost first. */
  readonly lowers: readonly string[];
  /** Undefined when it is in the list already (as is the root, which never is). */
  entry: Entry | undefined;
  /** What was there before. */
  readonly below: Stats | undefined;
}

/**
 * What is in `upper` that the folders below do not show in the same way, by the rules of BuildKit's overlay differ (util/overlay, `Changes`, and
 * containerd's archive `ChangeWriter`):
 *
 * - A folder whose mode, owner and attributes are as before is there only when something in it is: as the parent of a change. Its time does not count.
 * - A file that was copied up but has mode, owner, attributes, size and time (to the nanosecond) as before is not there. Of whole seconds on both
 *   sides the contents decide. Unlike there, one with several names in `upper` is always there, so that they stay one file.
 * - A whiteout of something that no lower folder has, and an opaque mark where there was no folder, are left out.
 * - A socket is left out; what it took the place of is removed. The root folder itself is left out.
 * - Unlike there, an opaque folder is one marker, and not a whiteout for each name that is gone.
 *
 * In the byte order of paths.
 * @throws TareError E_PATH for a name that would be read as a whiteout, E_LIMIT, E_CANCELLED, E_PERMISSION, E_IO
 */
export async function changesOf({ lowers, onUnchanged, signal, upper }: ChangesOptions): Promise<readonly Change[]> {
  const changes: Change[] = [];
  const below = [...lowers].reverse();
  const xattrs = treeXattrs([upper, ...lowers]);
  const add = (folder: Folder, change: Change): void => {
    for (let at: Folder | undefined = folder; at?.entry !== undefined; at = at.above) {
      changes.push({ is: 'entry', entry: at.entry });
      at.entry = undefined;
    }
    changes.push(change);
    if (changes.length > MAX_CHANGES)
      throw new TareError('E_LIMIT', `the layer would hold more than ${MAX_CHANGES} entries`);
  };
  const top: Folder = { path: ROOT, above: undefined, lowers: below, entry: undefined, below: statBelow(below) };
  const todo: Folder[] = [top];
  const folders: Folder[] = [];
  for (let turn = 1; todo.length > 0; turn++) {
    const folder = todo.pop() as Folder;
    folders.push(folder);
    for (const name of namesIn(upper, folder.path)) {
      const path = joinPath(folder.path, name);
      const stat = lstatSync(hostPath(upper, path));
      if (isWhiteout(stat)) {
        if (find(folder.lowers, path, xattrs) !== undefined) add(folder, { is: 'removed', path });
        continue;
      }
      refuseWhiteoutName(path);
      const own = keptXattrs(xattrs, upper, path);
      const bare = entryOf(upper, path, stat);
      const entry = bare === undefined || own.kept === undefined ? bare : { ...bare, xattrs: own.kept };
      const lower = find(folder.lowers, path, xattrs);
      if (entry === undefined) {
        if (lower !== undefined) add(folder, { is: 'removed', path });
      } else if (entry.type !== 'directory') {
        const isLinked = stat.nlink > 1;
        if (!isLinked && lower !== undefined && isSame(entry, stat, upper, lower, xattrs)) continue;
        add(folder, isLinked ? { is: 'entry', entry, inode: `${stat.dev}:${stat.ino}` } : { is: 'entry', entry });
      } else {
        const hides = lower?.stat.isDirectory() === true && own.opaque;
        const shows = lower?.stat.isDirectory() === true && !own.opaque ? lower.folders : [];
        const child: Folder = { path, above: folder, lowers: shows, entry, below: lower?.stat };
        todo.push(child);
        if (hides) add(child, { is: 'opaque', path });
        else if (lower === undefined || !isSame(entry, stat, upper, lower, xattrs)) {
          child.entry = undefined;
          add(folder, { is: 'entry', entry });
        }
      }
    }
    if (turn % FOLDERS_PER_TURN === 0) {
      throwIfCancelled(signal);
      await setImmediate();
    }
  }
  for (const folder of folders)
    if ((folder === top || folder.entry !== undefined) && folder.below !== undefined)
      onUnchanged?.(folder.path, folder.below);
  return changes.sort((a, b) => compareBytes(pathOf(a), pathOf(b)));
}

/** As it is called in a layer, so that markers have their place among the other names. */
export function pathOf(change: Change): TreePath {
  if (change.is === 'entry') return change.entry.path;
  if (change.is === 'opaque') return joinPath(change.path, '.wh..wh..opq');
  const cut = change.path.lastIndexOf('/');
  return `${change.path.slice(0, cut)}/${WHITEOUT_PREFIX}${change.path.slice(cut + 1)}` as TreePath;
}

function namesIn(upper: string, path: TreePath): readonly string[] {
  try {
    return readdirSync(hostPath(upper, path), { encoding: 'buffer' }).map((name) => name.toString('latin1'));
  } catch (error) {
    throw fromErrno(error, `cannot read ${quotePath(path)} of the changes`);
  }
}

function refuseWhiteoutName(path: TreePath): void {
  if (!nameOf(path).startsWith(WHITEOUT_PREFIX)) return;
  throw new TareError('E_PATH', `the file ${quotePath(path)} cannot be in a layer: its name means a deletion there`, {
    hint: 'rename it, or delete it in the same step',
  });
}

interface Found {
  readonly root: string;
  readonly stat: Stats;
  /** Of a folder: the lower ones that have it, uppermost first. */
  readonly folders: readonly string[];
}

/** What lower folders show at a path of a folder that all of them have. */
function find(lowers: readonly string[], path: TreePath, xattrs: TreeXattrs): Found | undefined {
  let first: { readonly root: string; readonly stat: Stats } | undefined;
  const folders: string[] = [];
  for (const [index, root] of lowers.entries()) {
    const stat = statIfThere(hostPath(root, path));
    if (stat === undefined) continue;
    if (isWhiteout(stat)) break;
    if (!stat.isDirectory()) {
      if (first === undefined) return { root, stat, folders: [] };
      break;
    }
    first ??= { root, stat };
    folders.push(root);
    if (index < lowers.length - 1 && isOpaque(xattrs.list(hostPath(root, path)))) break;
  }
  return first === undefined ? undefined : { ...first, folders };
}

function statIfThere(path: string | Buffer): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (ABSENT.has(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** Of the root folder: the uppermost one shows. */
function statBelow(lowers: readonly string[]): Stats | undefined {
  return lowers[0] === undefined ? undefined : statIfThere(lowers[0]);
}

const isOpaque = (all: ReadonlyMap<string, Buffer> | undefined): boolean =>
  OPAQUE_XATTRS.some((name) => all?.get(name)?.toString('latin1') === 'y');

/** Those that a layer can carry, sorted: the capabilities of a file, and what users set. Never overlayfs' own, nor those of a machine's policy. */
function keptXattrs(
  xattrs: TreeXattrs,
  root: string,
  path: TreePath,
): { readonly kept: ReadonlyMap<string, Buffer> | undefined; readonly opaque: boolean } {
  const all = xattrs.list(hostPath(root, path));
  if (all === undefined) return { kept: undefined, opaque: false };
  const kept = [...all]
    .filter(
      ([name]) => name === 'security.capability' || (name.startsWith('user.') && !name.startsWith('user.overlay.')),
    )
    .sort(([a], [b]) => compareBytes(a, b));
  return { kept: kept.length === 0 ? undefined : new Map(kept), opaque: isOpaque(all) };
}

function isSame(entry: Entry, stat: Stats, upper: string, lower: Found, xattrs: TreeXattrs): boolean {
  const { path } = entry;
  const before = entryOf(lower.root, path, lower.stat);
  if (before === undefined || before.type !== entry.type) return false;
  if (before.mode !== entry.mode || before.uid !== entry.uid || before.gid !== entry.gid) return false;
  if (before.device?.join() !== entry.device?.join()) return false;
  if (!sameXattrs(entry.xattrs, keptXattrs(xattrs, lower.root, path).kept)) return false;
  if (entry.type === 'directory') return true;
  if (before.size !== entry.size || before.link !== entry.link || stat.mtimeMs !== lower.stat.mtimeMs) return false;
  // A time that was set by hand, as of files from an archive, tells nothing about a write in the same second.
  return (
    entry.type !== 'file' || stat.mtimeMs % 1000 !== 0 || sameContent(hostPath(upper, path), hostPath(lower.root, path))
  );
}

function sameXattrs(
  a: ReadonlyMap<string, Uint8Array> | undefined,
  b: ReadonlyMap<string, Buffer> | undefined,
): boolean {
  if ((a?.size ?? 0) !== (b?.size ?? 0)) return false;
  return [...(b ?? [])].every(([name, value]) => {
    const other = a?.get(name);
    return other !== undefined && value.equals(other);
  });
}

function sameContent(a: string | Buffer, b: string | Buffer): boolean {
  const [left, right] = [openSync(a, 'r'), openSync(b, 'r')];
  const [one, two] = [Buffer.allocUnsafe(COMPARE_BYTES), Buffer.allocUnsafe(COMPARE_BYTES)];
  try {
    for (;;) {
      const [size, other] = [readSync(left, one), readSync(right, two)];
      if (size !== other || !one.subarray(0, size).equals(two.subarray(0, other))) return false;
      if (size === 0) return true;
    }
  } finally {
    closeSync(left);
    closeSync(right);
  }
}
