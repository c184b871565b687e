import { lutimes, rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Digest } from '../../../base/digest.ts';
import { TareError } from '../../../base/error.ts';
import { createBlobStore } from '../../../store/blob-store.ts';
import { flushFolder, makeFolder, namesIfThere, readIfThere, replaceFile, sizeIfThere } from '../../../store/files.ts';
import { withLock } from '../../../store/lock.ts';
import { blobPath } from '../../../store/paths.ts';
import type { BlobStore } from '../../../store/types.ts';
import { registryPaths, type RegistryPaths } from './paths.ts';
import { listRepositories, openRepository, type Repository } from './repository.ts';
import { createSharedLock } from './shared-lock.ts';

const REFRESH_MS = 60_000;
const MARKER = '{"registryStorageVersion":1}\n';

/** What a registry keeps in a folder. Many may read it; the one server that writes holds `serving`. */
export interface RegistryStorage {
  readonly paths: RegistryPaths;
  /** Of all repositories; what a repository may show is in its own links. */
  readonly blobs: BlobStore;
  repository(name: string): Repository;
  /** In byte order. */
  repositories(): Promise<string[]>;
  /** Before a manifest is written, for a storage that does not keep any kind. @throws RegistryError */
  checkManifest?(repository: string, tags: readonly string[], mediaType: string): void;
  blobFile(digest: Digest): string;
  /** Gives a complete, flushed and verified file of the same file system its name as a blob. */
  adopt(file: string, digest: Digest): Promise<void>;
  /** Runs what makes blobs part of a repository; `collect` deletes nothing meanwhile, here or in another process. */
  naming<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * @param options.create makes the folder when it is not there, or is empty
 * @throws TareError E_STORE when the folder holds anything but a registry's storage
 */
export async function openStorage(options: {
  readonly root: string;
  readonly create: boolean;
}): Promise<RegistryStorage> {
  const paths = registryPaths(resolve(options.root));
  if ((await checkMarker(paths)) === 'none') {
    if (!options.create)
      throw new TareError('E_STORE', `${paths.root} is not the storage of a registry`, {
        hint: 'name the folder that `tare registry serve --storage` was given',
      });
    await makeStorage(paths);
  }
  const blobs = createBlobStore({ paths: paths.store, prepare: async () => undefined, hold: async () => undefined });
  return {
    paths,
    blobs,
    repository: (name) => openRepository(paths, name),
    repositories: () => listRepositories(paths),
    blobFile: (digest) => blobPath(paths.store, digest),
    adopt: async (file, digest) => {
      const target = blobPath(paths.store, digest);
      // A blob that is there already has the same content, or is damaged and mended by this.
      await rename(file, target);
      await flushFolder(dirname(target));
    },
    naming: createSharedLock(paths.store.lock),
  };
}

/**
 * Runs `work` as the only server of the storage.
 * @throws TareError E_LOCKED when another process serves it
 */
export function asOnlyServer<T>(paths: RegistryPaths, work: () => Promise<T>): Promise<T> {
  const held = async (): Promise<T> => {
    // From another PID namespace nobody can see whether we live: an old lock would be taken for a forgotten one.
    const fresh = setInterval(() => {
      // Missed once, the lock is still young enough the next time.
      lutimes(paths.serving, new Date(), new Date()).catch(() => undefined);
    }, REFRESH_MS);
    fresh.unref();
    return work().finally(() => clearInterval(fresh));
  };
  return withLock(paths.serving, held, { waitMs: 0 }).catch((error: unknown) => {
    if (!(error instanceof TareError) || error.code !== 'E_LOCKED') throw error;
    throw new TareError('E_LOCKED', `another server writes to ${paths.root}: ${error.message}`, {
      hint: 'stop it, or give this one another --storage',
      cause: error,
    });
  });
}

async function checkMarker(paths: RegistryPaths): Promise<'none' | 'ok'> {
  const bytes = await readIfThere(paths.marker);
  if (bytes?.toString('utf8') === MARKER) return 'ok';
  const hint = 'name an empty or new folder with --storage';
  if (bytes !== undefined)
    throw new TareError('E_STORE', `${paths.marker} is not of a registry storage that this version knows`, { hint });
  if ((await sizeIfThere(join(paths.root, 'oci-layout'))) !== undefined)
    throw new TareError('E_STORE', `${paths.root} is an image layout, not the storage of a registry`, { hint });
  // A folder that was being made when the process was killed has nothing but our own folders.
  const others = (await namesIfThere(paths.root)).filter((name) => !['blobs', 'tare'].includes(name));
  if (others.length === 0) return 'none';
  throw new TareError('E_STORE', `${paths.root} holds something else: ${others.slice(0, 3).join(', ')}`, { hint });
}

async function makeStorage(paths: RegistryPaths): Promise<void> {
  for (const algorithm of ['sha256', 'sha512']) await makeFolder(join(paths.store.blobs, algorithm));
  await makeFolder(paths.store.temporary);
  // Last: a folder that has it is complete.
  await replaceFile(paths.store, paths.marker, MARKER);
}
