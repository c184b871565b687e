import { chmod, lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDigest, type Digest } from '../base/digest.ts';
import { errnoOf, fromErrno } from '../base/error.ts';
import { encodeIndex } from '../oci/encode.ts';
import type { ImageIndex } from '../oci/types.ts';
import { modifiedAt, namesIfThere, replaceFile } from './files.ts';
import { readIndexJson } from './index-json.ts';
import { heldBlobs, listLeases, type LeaseList } from './leases.ts';
import { withLock } from './lock.ts';
import { blobPath, temporaryPath, type StorePaths } from './paths.ts';
import { isAlive } from './process-identity.ts';
import { neededEntries, reachableBlobs } from './reachable.ts';
import type { BlobStore, Pruned } from './types.ts';

/** File times come from a coarser clock than a lease's, and some file systems keep whole seconds. */
const LEASE_SLACK_MS = 2000; // 2 s
/** A temporary file that names no process. */
const NAMELESS_LIVES_MS = 60 * 60 * 1000; // 1 h

interface Doomed {
  readonly path: string;
  readonly bytes: number;
  /** Of a blob. */
  readonly digest?: Digest;
}

export interface PruneOptions {
  readonly paths: StorePaths;
  readonly blobs: BlobStore;
  /** Called before anything is deleted. */
  readonly prepare: () => Promise<void>;
  readonly dryRun: boolean;
}

/**
 * Deletes what nothing needs: blobs that no name leads to (names of what refers to such an image go with it), layer indexes of blobs that are not there, caches, and what dead processes left.
 * What is younger than the oldest lease of a living process stays, and what one with a lease has found, and all caches while there is one. The
 * lock is held throughout, so that no lease begins and nothing is named meanwhile.
 * @throws TareError E_STORE when a manifest or index.json is damaged; then nothing is deleted
 */
export async function prune(options: PruneOptions): Promise<Pruned> {
  const { paths } = options;
  if ((await modifiedAt(paths.index)) === undefined) return { blobs: 0, bytes: 0, cacheBytes: 0 };
  const gone = options.dryRun ? (await findDoomed(options)).items : await removeAll(options);
  const blobs = gone.filter((item) => item.digest !== undefined);
  const bytes = sumOf(gone);
  return { blobs: blobs.length, bytes, cacheBytes: bytes - sumOf(blobs) };
}

const sumOf = (items: readonly Doomed[]): number => items.reduce((total, item) => total + item.bytes, 0);

async function removeAll(options: PruneOptions): Promise<Doomed[]> {
  await options.prepare();
  return withLock(options.paths.lock, async () => {
    const { index, items, leases } = await findDoomed(options);
    if (index !== undefined) await replaceFile(options.paths, options.paths.index, encodeIndex(index));
    const gone: Doomed[] = [];
    for (const item of items) if (await removeDoomed(options.paths, item, leases)) gone.push(item);
    return gone;
  });
}

interface Found {
  readonly items: Doomed[];
  readonly leases: LeaseList;
  /** What the names are to be; undefined when they stay. */
  readonly index?: ImageIndex;
}

async function findDoomed(options: PruneOptions): Promise<Found> {
  const { paths } = options;
  const leases = await listLeases(paths);
  const since = youngestDoomed(leases);
  const held = await heldBlobs(leases.living);
  const named = await readIndexJson(paths);
  // An image that is being written is named after what refers to it.
  const index = leases.oldest === undefined ? await neededEntries(named, options.blobs) : named;
  const kept = await reachableBlobs(index, options.blobs);
  const items: Doomed[] = [];
  for await (const { digest, size } of options.blobs.list()) {
    const path = blobPath(paths, digest);
    if (kept.has(digest)) continue;
    if (held.has(digest) || ((await modifiedAt(path)) ?? 0) >= since) kept.add(digest);
    else items.push({ path, bytes: size, digest });
  }
  items.push(...(await staleLayerIndexes(paths, kept, since)));
  items.push(...(await leftovers(paths, since)));
  if (leases.oldest === undefined) {
    for (const cache of paths.caches)
      for (const name of await namesIfThere(cache)) items.push(await doomedTree(join(cache, name)));
  }
  for (const path of leases.dead) items.push({ path, bytes: 0 });
  return { items, leases, ...(index.manifests.length === named.manifests.length ? {} : { index }) };
}

/** Nothing that was modified at or after this time (ms since the epoch) may go. */
function youngestDoomed(leases: LeaseList): number {
  return leases.oldest === undefined ? Infinity : leases.oldest - LEASE_SLACK_MS;
}

async function staleLayerIndexes(paths: StorePaths, kept: ReadonlySet<Digest>, since: number): Promise<Doomed[]> {
  const items: Doomed[] = [];
  for (const name of await namesIfThere(paths.layerIndexes)) {
    const path = join(paths.layerIndexes, name);
    const isOfKept = digestsIn(name).some((digest) => kept.has(digest));
    if (!isOfKept && ((await modifiedAt(path)) ?? 0) < since) items.push(await doomedTree(path));
  }
  return items;
}

function digestsIn(name: string): Digest[] {
  return [...name.matchAll(/[0-9a-f]{64,128}/g)].flatMap(([hex]) =>
    [`sha256:${hex}`, `sha512:${hex}`].filter((text) => isDigest(text)),
  );
}

/** Temporary files whose process is dead. */
async function leftovers(paths: StorePaths, since: number): Promise<Doomed[]> {
  const items: Doomed[] = [];
  for (const name of await namesIfThere(paths.temporary)) {
    const path = join(paths.temporary, name);
    const modified = (await modifiedAt(path)) ?? 0;
    const alive = await isAlive(name, Date.now() - modified);
    const isForgotten = Date.now() - modified > NAMELESS_LIVES_MS && modified < since;
    if (alive === false || (alive === undefined && isForgotten)) items.push(await doomedTree(path));
  }
  return items;
}

async function doomedTree(path: string): Promise<Doomed> {
  return { path, bytes: await bytesBelow(path) };
}

/** Of regular files, in bytes; hard links count as often as they are found. */
async function bytesBelow(path: string): Promise<number> {
  try {
    const found = await lstat(path);
    if (!found.isDirectory()) return found.isFile() ? found.size : 0;
    let bytes = 0;
    for (const name of await readdir(path)) bytes += await bytesBelow(join(path, name));
    return bytes;
  } catch (error) {
    // Gone meanwhile, or a folder that its owner may not read: it counts nothing, and removing it deals with the rest.
    if (['ENOENT', 'EACCES'].includes(errnoOf(error) ?? '')) return 0;
    throw fromErrno(error, `cannot read ${path}`);
  }
}

/**
 * A blob goes in two steps: out of sight, one more look at the leases, and then away or back. A process that finds it just before the first
 * step has noted so before, and one that looks after it finds nothing and writes it anew.
 */
async function removeDoomed(paths: StorePaths, item: Doomed, leases: LeaseList): Promise<boolean> {
  try {
    if (item.digest === undefined) {
      await removeTree(item.path);
      return true;
    }
    const aside = await temporaryPath(paths);
    await rename(item.path, aside);
    if ((await heldBlobs(leases.living)).has(item.digest)) {
      await rename(aside, item.path);
      return false;
    }
    await rm(aside);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw fromErrno(error, `cannot remove ${item.path}`);
  }
}

async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error;
    await openFolders(path);
    await rm(path, { recursive: true, force: true });
  }
}

/** Unpacked images hold folders that not even their owner may change. */
async function openFolders(path: string): Promise<void> {
  await chmod(path, 0o700);
  for (const entry of await readdir(path, { withFileTypes: true }))
    if (entry.isDirectory()) await openFolders(join(path, entry.name));
}
