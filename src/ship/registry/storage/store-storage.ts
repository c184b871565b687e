import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { compareBytes } from '../../../base/path.ts';
import { flushFolder, makeFolder } from '../../../store/files.ts';
import { blobPath, storePaths } from '../../../store/paths.ts';
import type { Store } from '../../../store/types.ts';
import { registryPaths, type RegistryPaths } from './paths.ts';
import { listRepositories, openRepository, type Repository } from './repository.ts';
import type { RegistryStorage } from './storage.ts';
import { createStoreGraph } from './store-graph.ts';
import { checkStorable, storeRepository } from './store-repository.ts';

/** For so long, and up to twice as long, what was pushed is safe from `tare prune` without a name. */
const LEASE_MS = 60 * 60 * 1000; // 1 h

/** The images of a local store as what a registry serves. What is pushed and has no name yet is noted below `tare/served`. */
export interface StoreStorage extends RegistryStorage {
  close(): Promise<void>;
}

/** @throws TareError E_READ_ONLY, E_PERMISSION, E_NO_SPACE */
export async function openStoreStorage(store: Store): Promise<StoreStorage> {
  const own = storePaths(store.home);
  const paths: RegistryPaths = {
    ...registryPaths(join(own.own, 'served')),
    store: own,
    serving: join(own.own, 'serving'),
  };
  const lease = await renewedLease(store);
  await tidy(paths, store);
  const graph = createStoreGraph(store);
  return {
    paths,
    blobs: store.blobs,
    repository: (name) => storeRepository({ store, graph, pending: openRepository(paths, name) }),
    repositories: async () => {
      const found = new Set((await graph.names()).keys());
      for (const name of await listRepositories(paths)) if (await hasAny(openRepository(paths, name))) found.add(name);
      return [...found].sort(compareBytes);
    },
    checkManifest: checkStorable,
    blobFile: (digest) => blobPath(own, digest),
    adopt: async (file, digest) => {
      const target = blobPath(own, digest);
      // Also when it is not there yet: from now on it stays.
      await store.blobs.size(digest);
      await makeFolder(dirname(target));
      await rename(file, target);
      await flushFolder(dirname(target));
    },
    // The lease keeps `tare prune` away; names are given under the store's own lock.
    naming: (work) => work(),
    close: () => lease.release(),
  };
}

const hasAny = async (repository: Repository): Promise<boolean> =>
  (await repository.blobs()).length > 0 || (await repository.manifests()).length > 0;

/** A server runs for months: what it once saw must not stay for ever. */
async function renewedLease(store: Store): Promise<{ release(): Promise<void> }> {
  const leases = [await store.lease()];
  const timer = setInterval(() => {
    const renew = async (): Promise<void> => {
      leases.push(await store.lease());
      if (leases.length > 2) await leases.shift()?.release();
    };
    // A store that is locked or full now is tried again the next time; the lease that there is stays.
    renew().catch(() => undefined);
  }, LEASE_MS);
  timer.unref();
  return {
    release: async () => {
      clearInterval(timer);
      for (const lease of leases) await lease.release();
    },
  };
}

/** Notes of what was pruned meanwhile. */
async function tidy(paths: RegistryPaths, store: Store): Promise<void> {
  for (const name of await listRepositories(paths)) {
    const repository = openRepository(paths, name);
    for (const digest of await repository.blobs())
      if ((await store.blobs.size(digest)) === undefined) await repository.unlinkBlob(digest);
    for (const digest of await repository.manifests())
      if ((await store.blobs.size(digest)) === undefined) await repository.removeManifest(digest);
  }
}
