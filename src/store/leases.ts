import { randomBytes } from 'node:crypto';
import { appendFile, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../base/digest.ts';
import { fromErrno } from '../base/error.ts';
import { modifiedAt, namesIfThere, readIfThere } from './files.ts';
import { withLock } from './lock.ts';
import type { StorePaths } from './paths.ts';
import { isAlive, thisProcess } from './process-identity.ts';

/** Beside a lease: the blobs that its process found in the store, a line each. */
const HELD = '.held';

/**
 * The leases of this process. A lease is an empty file, named for the process; what is younger than it is safe from `prune`. What is older
 * and was found by this process, so that it will not be written again, is listed in a second file.
 */
export interface OwnLeases {
  /** Waits for a running `prune` to end. @throws TareError E_LOCKED, E_READ_ONLY, E_PERMISSION, E_NO_SPACE */
  take(): Promise<{ release(): Promise<void> }>;
  /** To be called before looking for a blob; does nothing without a lease. */
  hold(digest: Digest): Promise<void>;
}

export function createLeases(paths: StorePaths): OwnLeases {
  const active = new Map<string, Map<Digest, Promise<void>>>();
  return {
    take: async () => {
      const file = join(paths.leases, `${await thisProcess()}-${randomBytes(8).toString('hex')}`);
      await withLock(paths.lock, () => makeEmpty(file, paths.home));
      active.set(file, new Map());
      return {
        release: async () => {
          active.delete(file);
          await rm(file, { force: true });
          await rm(`${file}${HELD}`, { force: true });
        },
      };
    },
    hold: async (digest) => {
      for (const [file, held] of active) {
        if (!held.has(digest)) held.set(digest, note(`${file}${HELD}`, digest));
        await held.get(digest);
      }
    },
  };
}

async function makeEmpty(file: string, home: string): Promise<void> {
  try {
    await (await open(file, 'wx', 0o644)).close();
  } catch (error) {
    throw fromErrno(error, `cannot take a lease on the store ${home}`);
  }
}

async function note(file: string, digest: Digest): Promise<void> {
  try {
    await appendFile(file, `${digest}\n`);
  } catch (error) {
    throw fromErrno(error, `cannot write ${file}`);
  }
}

/** The leases of all processes. */
export interface LeaseList {
  /** When the oldest one of a living process began, in ms since the epoch; undefined when there is none. */
  readonly oldest: number | undefined;
  readonly living: readonly string[];
  /** Files whose process is dead. */
  readonly dead: readonly string[];
}

export async function listLeases(paths: StorePaths): Promise<LeaseList> {
  let oldest: number | undefined;
  const living: string[] = [];
  const dead: string[] = [];
  for (const name of await namesIfThere(paths.leases)) {
    const file = join(paths.leases, name);
    const modified = await modifiedAt(file);
    if (modified === undefined) continue;
    if ((await isAlive(name, Date.now() - modified)) !== true) dead.push(file);
    else if (!name.endsWith(HELD)) {
      oldest = Math.min(oldest ?? Infinity, modified);
      living.push(file);
    }
  }
  return { oldest, living, dead };
}

/** What the processes of these leases have found so far. */
export async function heldBlobs(leases: readonly string[]): Promise<Set<string>> {
  const held = new Set<string>();
  for (const file of leases)
    for (const line of ((await readIfThere(`${file}${HELD}`)) ?? '').toString('latin1').split('\n')) held.add(line);
  return held;
}
