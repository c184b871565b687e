import { randomBytes } from 'node:crypto';
import { lstat, readlink, symlink, unlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import { isAlive, thisProcess } from './process-identity.ts';

const DEFAULT_WAIT_MS = 30_000; // 30 s
const POLL_MS = 10;
/** A lock is held for as long as it takes to write one small file, or to prune: nobody holds one for this long. */
const FORGOTTEN_MS = 10 * 60 * 1000; // 10 min

/**
 * Runs `work` while no other process (or other call) runs anything under the same lock.
 *
 * The lock is a symbolic link whose target names its owner, `PID-START-WHERE-TOKEN`: made in one step, never half-written. One whose
 * owner is dead is taken away; only the holder of the lock `FILE.break` may do that, after looking once more, so that of two waiters that saw the
 * same dead owner the second cannot take away the lock that the first has made since.
 * @throws TareError E_LOCKED after `waitMs`
 */
export async function withLock<T>(
  file: string,
  work: () => Promise<T>,
  options: { readonly waitMs?: number } = {},
): Promise<T> {
  const owner = `${await thisProcess()}-${randomBytes(8).toString('hex')}`;
  await acquire(file, owner, Date.now() + (options.waitMs ?? DEFAULT_WAIT_MS));
  try {
    return await work();
  } finally {
    if ((await ownerOf(file))?.text === owner) await unlink(file);
  }
}

async function acquire(file: string, owner: string, deadline: number): Promise<void> {
  while (!(await tryAcquire(file, owner))) {
    const holder = await ownerOf(file);
    if (holder === undefined) continue;
    if (!(await isHeld(holder))) await breakLock(file, deadline);
    else if (Date.now() >= deadline) throw locked(file, holder.text);
    else await delay(POLL_MS * (1 + Math.random()));
  }
}

async function tryAcquire(file: string, owner: string): Promise<boolean> {
  try {
    await symlink(owner, file);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw fromErrno(error, `cannot lock ${file}`);
  }
}

interface Holder {
  readonly text: string;
  readonly ageMs: number;
}

async function ownerOf(file: string): Promise<Holder | undefined> {
  try {
    const { mtimeMs } = await lstat(file);
    return { text: await readlink(file), ageMs: Date.now() - mtimeMs };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return undefined;
    // Not a link: somebody else put it there.
    if (errno === 'EINVAL') return { text: 'an unknown owner', ageMs: Date.now() - (await lstat(file)).mtimeMs };
    throw fromErrno(error, `cannot read the lock ${file}`);
  }
}

async function isHeld(holder: Holder): Promise<boolean> {
  if (holder.ageMs > FORGOTTEN_MS) return (await isAlive(holder.text, Infinity)) ?? false;
  return (await isAlive(holder.text, holder.ageMs)) ?? true;
}

async function breakLock(file: string, deadline: number): Promise<void> {
  const remaining = Math.max(0, deadline - Date.now());
  await withLock(
    `${file}.break`,
    async () => {
      const holder = await ownerOf(file);
      if (holder !== undefined && !(await isHeld(holder))) await unlink(file);
    },
    { waitMs: remaining },
  );
}

function locked(file: string, holder: string): TareError {
  const pid = /^\d+/.exec(holder)?.[0];
  return new TareError(
    'E_LOCKED',
    `the store is in use: ${file} is held by ${pid === undefined ? holder : `process ${pid}`}`,
    { hint: `wait for it to end; when nothing runs any more, delete ${file}` },
  );
}
