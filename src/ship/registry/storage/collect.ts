import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../../base/digest.ts';
import { TareError } from '../../../base/error.ts';
import { modifiedAt, readIfThere } from '../../../store/files.ts';
import { withLock } from '../../../store/lock.ts';
import { readManifest } from '../manifest.ts';
import { fileOfDigest, repositoryPaths } from './paths.ts';
import type { Repository } from './repository.ts';
import type { RegistryStorage } from './storage.ts';

/** A push may take this long between its first blob and its manifest. */
export const DEFAULT_GRACE_MS = 60 * 60 * 1000; // 1 h

export interface CollectOptions {
  /** Only say what would go. */
  readonly dryRun?: boolean;
  /** What is younger than this stays, in ms: its manifest may be on its way. */
  readonly grace?: number;
}

export interface Collected {
  /** Blobs that a repository no longer shows. */
  readonly links: number;
  readonly blobs: number;
  /** What the blobs had on disk. */
  readonly bytes: number;
}

/**
 * Deletes what no manifest refers to: the links of a repository to blobs that none of its manifests names, and the blobs that no repository
 * has any more. Safe beside a running server: nothing is named while something is deleted (the lock), and what a client was told to be there
 * a moment ago is either younger than `grace` or refused when its manifest comes.
 * @throws TareError E_STORE when a manifest is damaged: what belongs to it cannot be known then, and nothing is deleted
 */
export async function collect(storage: RegistryStorage, options: CollectOptions = {}): Promise<Collected> {
  const before = Date.now() - (options.grace ?? DEFAULT_GRACE_MS);
  const run = async (): Promise<Collected> => {
    const doomedLinks: string[] = [];
    const kept = new Set<Digest>();
    for (const name of await storage.repositories())
      doomedLinks.push(...(await markRepository(storage, storage.repository(name), { kept, before })));
    const doomedBlobs: { readonly file: string; readonly size: number }[] = [];
    for await (const { digest, size } of storage.blobs.list()) {
      const file = storage.blobFile(digest);
      if (!kept.has(digest) && (await isOlder(file, before))) doomedBlobs.push({ file, size });
    }
    if (options.dryRun !== true)
      for (const file of [...doomedLinks, ...doomedBlobs.map((blob) => blob.file)]) await unlink(file);
    return {
      links: doomedLinks.length,
      blobs: doomedBlobs.length,
      bytes: doomedBlobs.reduce((total, blob) => total + blob.size, 0),
    };
  };
  return options.dryRun === true ? run() : withLock(storage.paths.store.lock, run);
}

/** Adds to `kept` what the repository still shows. @returns the links that are to go */
async function markRepository(
  storage: RegistryStorage,
  repository: Repository,
  { kept, before }: { readonly kept: Set<Digest>; readonly before: number },
): Promise<string[]> {
  const named = new Set<Digest>();
  for (const digest of await repository.manifests()) {
    kept.add(digest);
    for (const child of await namedBy(storage, repository, digest)) named.add(child);
  }
  const doomed: string[] = [];
  for (const digest of await repository.blobs()) {
    const link = join(repositoryPaths(storage.paths, repository.name).blobs, fileOfDigest(digest));
    if (!named.has(digest) && (await isOlder(link, before))) doomed.push(link);
    else kept.add(digest);
  }
  return doomed;
}

async function namedBy(storage: RegistryStorage, repository: Repository, digest: Digest): Promise<readonly Digest[]> {
  const record = await repository.manifest(digest);
  const bytes = await readIfThere(storage.blobFile(digest));
  if (record === undefined) return [];
  const damaged = (why: string): TareError =>
    new TareError('E_STORE', `manifest ${digest} of ${repository.name} is damaged: ${why}`, {
      hint: 'delete it from the registry, or push it again; then try again',
    });
  if (bytes === undefined) throw damaged('its bytes are not there');
  try {
    return readManifest(bytes, record.mediaType).blobs.map((blob) => blob.digest);
  } catch (error) {
    throw damaged((error as Error).message);
  }
}

async function isOlder(file: string, before: number): Promise<boolean> {
  const modified = await modifiedAt(file);
  return modified !== undefined && modified <= before;
}

/** How much the blobs of all repositories take. */
export async function usageOf(storage: RegistryStorage): Promise<{ readonly blobs: number; readonly bytes: number }> {
  let blobs = 0;
  let bytes = 0;
  for await (const blob of storage.blobs.list()) {
    blobs += 1;
    bytes += blob.size;
  }
  return { blobs, bytes };
}
