import { randomBytes } from 'node:crypto';
import { constants, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { access, chmod, lstat, mkdir, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import { sendSignal, statOf } from './processes.ts';

const SIGKILL = 9;
const MEMORY = '/dev/shm';
/** TMPFS_MAGIC of linux/magic.h. */
const TMPFS_MAGIC = 0x0102_1994;
/** A bundle takes about 100 KiB. */
const MIN_MEMORY_BYTES = 16 * 1024 * 1024; // 16 MiB

/** One container's private folder. The root file system and what the container writes are mounted in it, in a mount namespace that dies with the container. */
export interface Bundle {
  readonly id: string;
  readonly dir: string;
  path(name: string): string;
}

/**
 * `$XDG_RUNTIME_DIR/tare`, else a folder of this user in memory: what a container is told (its environment may hold secrets) is on no disk then. Below the
 * temporary folder when TMPDIR says so, or there is no memory to be had.
 * @throws TareError E_PERMISSION when it belongs to somebody else
 */
export async function bundleBase(env: NodeJS.ProcessEnv): Promise<string> {
  const uid = process.getuid?.() ?? 0;
  const runtimeDir = env['XDG_RUNTIME_DIR'];
  const own = runtimeDir !== undefined && runtimeDir.startsWith('/') && (await isOwnFolder(runtimeDir, uid));
  const shared = env['TMPDIR'] === undefined && (await isMemory(MEMORY)) ? MEMORY : tmpdir();
  const base = own ? join(runtimeDir, 'tare') : join(shared, `tare-${uid}`);
  try {
    await mkdir(base, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw fromErrno(error, `cannot make ${base}`);
  }
  // Anybody may have made that name in a shared /tmp before us.
  if (!(await isOwnFolder(base, uid)))
    throw new TareError('E_PERMISSION', `${base} is not a folder of this user`, {
      hint: 'remove it, or set XDG_RUNTIME_DIR or TMPDIR to a folder of your own',
    });
  await chmod(base, 0o700);
  return base;
}

/** Whether files in it are kept in memory, and may be made by us. */
async function isMemory(dir: string): Promise<boolean> {
  try {
    await access(dir, constants.W_OK | constants.X_OK);
    const { bavail, bsize, type } = await statfs(dir);
    return type === TMPFS_MAGIC && bavail * bsize >= MIN_MEMORY_BYTES;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EROFS'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

async function isOwnFolder(path: string, uid: number): Promise<boolean> {
  try {
    const stat = await lstat(path);
    return stat.isDirectory() && stat.uid === uid && (stat.mode & 0o022) === 0;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

/** @param links names that lead to folders of the host: short ones, without the characters that mount(8) would take apart */
export async function makeBundle(base: string, links: ReadonlyMap<string, string>): Promise<Bundle> {
  const owner = statOf(process.pid);
  const id = `tare-${process.pid}-${owner?.startTime ?? '0'}-${randomBytes(6).toString('hex')}`;
  const dir = join(base, id);
  const bundle: Bundle = { id, dir, path: (name) => join(dir, name) };
  try {
    mkdirSync(dir, { mode: 0o700 });
    for (const name of ['root', 'scratch', 'empty']) mkdirSync(bundle.path(name));
    for (const [name, target] of links) symlinkSync(target, bundle.path(name));
  } catch (error) {
    await removeBundle(bundle);
    throw fromErrno(error, `cannot make ${dir}`);
  }
  return bundle;
}

export async function removeBundle(bundle: Pick<Bundle, 'dir'>): Promise<void> {
  try {
    // A few small files: each trip through the thread pool would cost more than all of it.
    rmSync(bundle.dir, { recursive: true, force: true });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    // The container's own wrapper may be removing the same folder.
    await rm(bundle.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }
}

/** Remembers the container's first process, so that a later tare can tell whether it is still the same one. */
export async function writeInitMarker(bundle: Bundle, pid: number): Promise<void> {
  const stat = statOf(pid);
  if (stat !== undefined) await writeFile(bundle.path('init'), `${pid} ${stat.startTime}\n`);
}

/**
 * Kills and removes what tare processes that were killed themselves left behind. Never touches a living tare's containers.
 * `forget` is told the folder and the name of each, before it goes.
 */
export async function reapLeftovers(base: string, forget: (bundle: Bundle) => Promise<void>): Promise<void> {
  for (const name of await readdir(base)) {
    const match = /^tare-(\d+)-(\d+)-[0-9a-f]+$/.exec(name);
    if (match === null || isAlive(Number(match[1]), match[2] ?? '')) continue;
    const dir = join(base, name);
    const bundle: Bundle = { id: name, dir, path: (file) => join(dir, file) };
    const [pid, startTime] = readMarker(bundle.path('init'));
    if (pid !== undefined && isAlive(pid, startTime)) sendSignal(pid, SIGKILL);
    await forget(bundle);
    await removeBundle(bundle);
  }
}

function isAlive(pid: number, startTime: string): boolean {
  const stat = statOf(pid);
  return stat !== undefined && stat.startTime === startTime && !stat.zombie;
}

function readMarker(file: string): [number | undefined, string] {
  try {
    const [pid = '', startTime = ''] = readFileSync(file, 'latin1').trim().split(' ');
    return [/^\d+$/.test(pid) ? Number(pid) : undefined, startTime];
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [undefined, ''];
    throw error;
  }
}
