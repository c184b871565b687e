import { lstat, readdir, readFile, rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { errnoOf, fromErrno } from '../base/error.ts';
import { listLeases } from '../store/leases.ts';
import { storePaths } from '../store/paths.ts';
import { recordOf } from './cache.ts';
import { forgetBuilds, rememberedBuilds } from './explain/memory.ts';
import { hexOf } from '../base/digest.ts';

export interface PruneCacheOptions {
  /** `TARE_HOME`. */
  readonly home: string;
  /** What was used last stays, up to so many bytes. */
  readonly keepBytes: number;
  readonly dryRun?: boolean;
  /** Removes a folder whose files belong to other ids. */
  readonly remove?: (path: string) => Promise<void>;
}

export interface PrunedCache {
  readonly items: number;
  readonly bytes: number;
  /** A build is running: nothing of its kind was touched. */
  readonly busy: boolean;
}

interface Item {
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly lastUse: number;
}

/** Folders below `<home>/tare/solve` whose entries can each be made, or fetched, again. Cache mounts lie one deeper, by kind of ids. */
const FOLDERS = ['layers', 'downloads', 'git', 'context', 'sizes', 'caches/all', 'caches/range', 'caches/single'];

/**
 * Deletes what build steps have left for the next build: layers, downloads, clones, digests of contexts, sizes of images, cache mounts; those used longest
 * ago first. Records of steps whose layer is gone go with it; so does what is remembered of the last build of each Dockerfile. While another process builds,
 * nothing is deleted. Snapshots: see `Snapshots.prune`.
 */
export async function pruneBuildCache(options: PruneCacheOptions): Promise<PrunedCache> {
  const { dryRun = false, home, keepBytes } = options;
  const { living } = await listLeases(storePaths(home));
  if (living.length > 0) return { items: 0, bytes: 0, busy: true };
  const solve = join(home, 'tare', 'solve');
  const found: Item[] = [];
  for (const folder of FOLDERS)
    for (const name of await namesIn(join(solve, folder))) found.push(await itemOf(join(solve, folder, name)));
  const builds = new Set(await rememberedBuilds(home));
  for (const path of builds) found.push(await itemOf(path));
  found.sort((a, b) => b.lastUse - a.lastUse);
  let kept = 0;
  const doomed = found.filter((item) => {
    if (kept + item.bytes > keepBytes) return true;
    kept += item.bytes;
    return false;
  });
  if (!dryRun) {
    for (const { path } of doomed) if (!builds.has(path)) await removeItem(path, options.remove);
    const forgotten = doomed.flatMap(({ path }) => (builds.has(path) ? path : []));
    await forgetBuilds(home, forgotten, (path) => removeItem(path, undefined));
    await removeStaleRecords(join(solve, 'steps'), join(solve, 'layers'));
  }
  return { items: doomed.length, bytes: doomed.reduce((sum, item) => sum + item.bytes, 0), busy: false };
}

/** First out of its name, so that nobody finds half of it. */
async function removeItem(path: string, remove: PruneCacheOptions['remove']): Promise<void> {
  const aside = `${path}.${randomUUID()}.old`;
  try {
    await rename(path, aside);
    if (remove === undefined) await rm(aside, { recursive: true, force: true });
    else await remove(aside);
  } catch (error) {
    throw fromErrno(error, `cannot remove ${path}`);
  }
}

async function removeStaleRecords(steps: string, layers: string): Promise<void> {
  for (const folder of await namesIn(steps)) {
    for (const name of await namesIn(join(steps, folder))) {
      const file = join(steps, folder, name);
      const record = recordOf(parsed(await readFile(file, 'utf8')));
      const layer = record?.layer;
      if (layer === null) continue;
      const size = layer === undefined ? undefined : await sizeOf(join(layers, `${hexOf(layer.diffId)}.tar`));
      if (layer === undefined || size !== layer.size) await rm(file, { force: true });
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function itemOf(path: string): Promise<Item> {
  const stat = await lstat(path);
  // Layers are touched when they are used; of all else the last change says it.
  const lastUse = Math.max(stat.atimeMs, stat.mtimeMs);
  return { path, bytes: stat.isDirectory() ? await bytesBelow(path) : stat.size, lastUse };
}

async function bytesBelow(dir: string): Promise<number> {
  let bytes = 0;
  for (const name of await namesIn(dir)) {
    const path = join(dir, name);
    const stat = await lstat(path);
    bytes += stat.isDirectory() ? await bytesBelow(path) : stat.size;
  }
  return bytes;
}

async function namesIn(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    // Not there, no folder, or of an id of a container.
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return [];
    throw fromErrno(error, `cannot read ${dir}`);
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await lstat(file)).size;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw fromErrno(error, `cannot read ${file}`);
  }
}
