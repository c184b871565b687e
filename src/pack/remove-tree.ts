import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  type Stats,
} from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import { quotePath } from '../base/path.ts';

/** A folder whose path is longer is first moved up: the kernel takes no path beyond 4096 bytes. */
const MAX_WORKING_PATH_BYTES = 2048;
const FOLDERS_PER_TURN = 64;
const SLASH = Buffer.from('/');

/**
 * Deletes a folder with all that is in it, or a file, or a link (never what it leads to). Nothing to delete is fine. Folders that their owner may not
 * enter are opened first. Whoever still has something mounted below gets an error before anything is deleted: what is
 * mounted may be somebody's home.
 *
 * @throws TareError E_IO when something is mounted below, E_PERMISSION, E_READ_ONLY
 */
export async function removeTree(dir: string | Buffer): Promise<void> {
  const root = typeof dir === 'string' ? Buffer.from(dir) : dir;
  try {
    const stats = statOf(root);
    if (stats === undefined) return;
    if (!stats.isDirectory()) {
      unlinkSync(root);
      return;
    }
    refuseMounts(root);
    await removeFolder(root, stats.dev);
  } catch (error) {
    throw fromErrno(error, `cannot delete ${shown(root)}`);
  }
}

function statOf(path: Buffer): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function shown(path: Buffer): string {
  return quotePath(path.toString('latin1'));
}

/** A bind mount of the same file system has the same device number, so that alone does not tell. */
function refuseMounts(root: Buffer): void {
  let table: string;
  try {
    table = readFileSync('/proc/self/mountinfo', 'latin1');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  const real = realpathSync(root, { encoding: 'buffer' }).toString('latin1');
  for (const line of table.split('\n')) {
    // proc(5): the mount point is the fifth field, white space and backslashes in octal.
    const point = (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_all, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 8)),
    );
    if (point === real || point.startsWith(`${real}/`)) throw mounted(Buffer.from(point, 'latin1'));
  }
}

function mounted(path: Buffer): TareError {
  return new TareError('E_IO', `something is mounted at ${shown(path)}: nothing below it was deleted`, {
    hint: `unmount it first: umount ${shown(path)}`,
  });
}

async function removeFolder(root: Buffer, device: number): Promise<void> {
  const todo: { readonly path: Buffer; listed: boolean }[] = [{ path: root, listed: false }];
  let moved = 0;
  for (let turn = 1; ; turn++) {
    const folder = todo.at(-1);
    if (folder === undefined) return;
    if (folder.listed) {
      todo.pop();
      attempt(folder.path, () => rmdirSync(folder.path));
      continue;
    }
    folder.listed = true;
    const stats = statOf(folder.path);
    if (stats === undefined) continue;
    if (stats.dev !== device) throw mounted(folder.path);
    // Without this its owner may be unable to list or to empty it.
    if ((stats.mode & 0o700) !== 0o700 && process.getuid?.() !== 0) chmodSync(folder.path, 0o700);
    for (const entry of readdirSync(folder.path, { encoding: 'buffer', withFileTypes: true })) {
      const path = Buffer.concat([folder.path, SLASH, entry.name]);
      if (!isFolder(path, entry)) {
        attempt(path, () => unlinkSync(path));
      } else if (path.length - root.length <= MAX_WORKING_PATH_BYTES) {
        todo.push({ path, listed: false });
      } else {
        const higher = Buffer.concat([root, Buffer.from(`/.tare-deep-${moved++}`)]);
        renameSync(path, higher);
        todo.splice(1, 0, { path: higher, listed: false });
      }
    }
    if (turn % FOLDERS_PER_TURN === 0) await setImmediate();
  }
}

function isFolder(
  path: Buffer,
  entry: { isDirectory(): boolean; isFile(): boolean; isSymbolicLink(): boolean },
): boolean {
  if (entry.isDirectory()) return true;
  if (entry.isFile() || entry.isSymbolicLink()) return false;
  // Some file systems do not tell the type along with the name.
  return statOf(path)?.isDirectory() ?? false;
}

/** Somebody else may be deleting the same. */
function attempt(path: Buffer, step: () => void): void {
  try {
    step();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fromErrno(error, `cannot delete ${shown(path)}`);
  }
}
