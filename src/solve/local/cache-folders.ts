import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfCancelled } from '../../base/context.ts';
import { sha256, hexOf } from '../../base/digest.ts';
import { errnoOf, fromErrno, isTareError } from '../../base/error.ts';
import { makeFolders } from '../../base/folders.ts';
import { pathOfText } from '../../base/path.ts';
import { layeredRoot } from '../../sandbox/index.ts';
import { withLock } from '../../store/lock.ts';
import type { ExecMount } from '../types.ts';
import type { Snapshots } from './snapshots.ts';

export type CacheMount = ExecMount & { readonly kind: 'cache' };

const POLL_MS = 50;
/** Steps that have a private cache of one name at the same time. */
const MAX_PRIVATE = 1000;

export interface CacheOptions {
  readonly mount: CacheMount;
  /** Folders of the caches of this kind of ids. */
  readonly caches: string;
  readonly snapshots: Snapshots;
  /** What `from` is made of, lowest first. */
  readonly from: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

export interface CacheFolder {
  readonly dir: string;
  release(): Promise<void>;
}

/**
 * The folder of a cache mount, made when it is not there: empty, or with a copy of what `from` has. `locked` waits until nobody else has it, `private` takes
 * one that nobody has; what is held is free again when its process dies.
 * @throws TareError E_CANCELLED, E_PATH_NOT_FOUND for a source that is not there, …
 */
export async function openCache(options: CacheOptions): Promise<CacheFolder> {
  const { caches, mount, signal } = options;
  // One that begins with what a stage holds is another one when the stage is.
  const name = [mount.id, ...(options.from ?? [])].join('\n');
  const place = join(caches, hexOf(sha256(name)).slice(0, 32));
  try {
    makeFolders(place);
  } catch (error) {
    throw fromErrno(error, `cannot make the cache ${JSON.stringify(mount.id)}`);
  }
  if (mount.sharing === 'shared') {
    return { dir: await provide(options, join(place, 'main')), release: () => Promise.resolve() };
  }
  for (let number = 0; ; number = mount.sharing === 'private' ? (number + 1) % MAX_PRIVATE : 0) {
    const slot = join(place, mount.sharing === 'private' ? `private-${number}` : 'main');
    const release = await tryLock(`${slot}.lock`);
    if (release === undefined) {
      throwIfCancelled(signal);
      if (mount.sharing === 'locked') await sleep(POLL_MS);
      continue;
    }
    try {
      return { dir: await provide(options, slot), release };
    } catch (error) {
      await release();
      throw error;
    }
  }
}

/** Undefined when somebody else has it. */
async function tryLock(file: string): Promise<(() => Promise<void>) | undefined> {
  let free = (): void => undefined;
  const freed = new Promise<void>((resolve) => (free = resolve));
  return new Promise((resolve, reject) => {
    const held = withLock(
      file,
      async () => {
        resolve(async () => {
          free();
          await held;
        });
        await freed;
      },
      { waitMs: 0 },
    );
    held.catch((error: unknown) => (isTareError(error, 'E_LOCKED') ? resolve(undefined) : reject(error)));
  });
}

/** The folder itself may belong to anybody, and then only stays where it is: what is moved is the one around it. */
async function provide({ from, mount, signal, snapshots }: CacheOptions, slot: string): Promise<string> {
  const dir = join(slot, 'cache');
  if (existsSync(slot)) return dir;
  const temporary = snapshots.scratch();
  const made = join(temporary, 'cache');
  try {
    if (from === undefined)
      await snapshots.work.run('own', { path: made, mkdir: true, ...snapshots.ownerOf(mount) }, signal);
    else {
      const lowers = from.length === 0 ? [snapshots.empty] : from;
      const source = pathOfText(layeredRoot(lowers).locate(mount.source)?.path ?? mount.source);
      await snapshots.work.run('merge', { lowers, source, dir: made, as: 'copy' }, signal);
    }
    rename(temporary, slot);
  } finally {
    await snapshots.discard(temporary);
  }
  return dir;
}

/** Another process may have been quicker. */
function rename(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) throw fromErrno(error, `cannot make ${to}`);
  }
}
