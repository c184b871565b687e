import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import { sendSignal, statOf } from './processes.ts';

const SIGKILL = 9;

/** One container's private folder. The root file system and what the container writes are mounted in it, in a mount namespace that dies with the container. */
export interface Bundle {
  readonly id: string;
  readonly dir: string;
  path(name: string): string;
}

/** `$XDG_RUNTIME_DIR/tare`, else a folder of this user below the temporary one. @throws TareError E_PERMISSION when it belongs to somebody else */
export async function bundleBase(env: NodeJS.ProcessEnv): Promise<string> {
  const uid = process.getuid?.() ?? 0;
  const runtimeDir = env['XDG_RUNTIME_DIR'];
  const own = runtimeDir !== undefined && runtimeDir.startsWith('/') && (await isOwnFolder(runtimeDir, uid));
  const base = own ? join(runtimeDir, 'tare') : join(tmpdir(), `tare-${uid}`);
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

async function isOwnFolder(path: string, uid: number): Promise<boolean> {
  try {
    const stat = await lstat(path);
    return stat.isDirectory() && stat.uid === uid && (stat.mode & 0o022) === 0;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

/** `lower` leads to the root file system by a short name without the characters that mount(8) would take apart. */
export async function makeBundle(base: string, rootfs: string): Promise<Bundle> {
  const owner = statOf(process.pid);
  const id = `tare-${process.pid}-${owner?.startTime ?? '0'}-${randomBytes(6).toString('hex')}`;
  const dir = join(base, id);
  const bundle: Bundle = { id, dir, path: (name) => join(dir, name) };
  try {
    await mkdir(dir, { mode: 0o700 });
    await Promise.all([
      mkdir(bundle.path('root')),
      mkdir(bundle.path('scratch')),
      symlink(rootfs, bundle.path('lower')),
    ]);
  } catch (error) {
    await removeBundle(bundle);
    throw fromErrno(error, `cannot make ${dir}`);
  }
  return bundle;
}

export async function removeBundle(bundle: Pick<Bundle, 'dir'>): Promise<void> {
  // The container's own wrapper may be removing the same folder.
  await rm(bundle.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
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
