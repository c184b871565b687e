import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolders } from '../base/folders.ts';
import { hexOf, sha256 } from '../base/digest.ts';
import { errnoOf, fromErrno, isTareError, TareError } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import { ROOT } from '../base/path.ts';
import { chainIds } from '../oci/chain-ids.ts';
import type { Image } from '../oci/types.ts';
import type { Store } from '../store/types.ts';
import { treeOfImage, type ImageTree } from '../tree/image-tree.ts';
import type { Tree } from '../tree/types.ts';
import { materialise, removeTree } from './materialise.ts';
import { holdsTree } from './root-check.ts';

export interface RootfsOptions {
  readonly image: Image;
  /** Of the image, when it is known already. */
  readonly imageTree?: Pick<ImageTree, 'content' | 'layerTar' | 'tree'>;
  /** Done while the files are written, by other threads for the most part. Not when they are there already. */
  readonly meanwhile?: () => Promise<void>;
  readonly store: Store;
  readonly ctx: Context;
}

export interface Rootfs {
  /** The image's file system on the host. Shared with other runs: use it as a read-only lower layer. */
  readonly dir: string;
  /** Call it when nothing uses the folder any more. Idempotent. */
  release(): Promise<void>;
}

/** How often another process may be faster, or leave something broken, before it is no accident. */
const MAX_TRIES = 5;

/**
 * The unpacked file system of an image, from the cache `<home>/tare/roots/` or made now. Keyed by chain ID (image-spec config.md, "Layer
 * ChainID") and by whose the files are: root keeps the owners of the image, everybody else owns what they write. Safe beside other
 * processes: a root appears under its name only when it is complete, and a lease keeps `prune` away until `release`. When the home
 * cannot be written, it is a temporary folder that `release` removes.
 *
 * @throws TareError as treeOfImage and materialise; what `meanwhile` throws
 */
export async function rootfsOf({ ctx, image, imageTree, meanwhile, store }: RootfsOptions): Promise<Rootfs> {
  const owners = process.getuid?.() === 0 ? 'keep' : 'self';
  const { content, layerTar, tree } = imageTree ?? (await treeOfImage(image, store, ctx.signal));
  const aside = once(async () => meanwhile?.());
  const fill = async (dir: string): Promise<void> => {
    const [made, done] = await Promise.allSettled([
      materialise({ tree, content, layerTar, dir, owners, ctx }),
      aside(),
    ]);
    for (const item of [made, done]) if (item.status === 'rejected') throw item.reason;
    // Whoever runs in it must get in, whatever the umask was.
    await chmod(dir, tree.get(ROOT)?.mode ?? 0o755);
  };
  const cache = await openCache(store);
  if (cache === undefined) return temporaryRoot(fill);
  try {
    const chainId = chainIds(image.config.rootfs.diff_ids).at(-1) ?? sha256('');
    const dir = join(cache.dir, `${hexOf(chainId)}-${owners}`);
    await provide(dir, tree, fill);
    return { dir, release: once(cache.release) };
  } catch (error) {
    await cache.release();
    throw error;
  }
}

interface Cache {
  readonly dir: string;
  readonly release: () => Promise<void>;
}

/** Undefined when the home cannot be written. */
async function openCache(store: Store): Promise<Cache | undefined> {
  const dir = join(store.home, 'tare', 'roots');
  try {
    const lease = await store.lease();
    try {
      makeFolders(dir);
    } catch (error) {
      await lease.release();
      throw fromErrno(error, `cannot make ${dir}`);
    }
    return { dir, release: () => lease.release() };
  } catch (error) {
    if (isTareError(error, 'E_READ_ONLY') || isTareError(error, 'E_PERMISSION')) return undefined;
    throw error;
  }
}

async function provide(dir: string, tree: Tree, fill: (dir: string) => Promise<void>): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (holdsTree(dir, tree)) return;
    await setAside(dir);
    const temporary = `${dir}.${randomUUID()}.new`;
    try {
      await fill(temporary);
      if (await moved(temporary, dir)) return;
    } finally {
      await removeTree(temporary);
    }
  }
  throw new TareError('E_IO', `cannot unpack the image to ${dir}: what is there changes all the time`);
}

/** False when another process was faster. */
async function moved(temporary: string, dir: string): Promise<boolean> {
  try {
    await rename(temporary, dir);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOTEMPTY' || errnoOf(error) === 'EEXIST') return false;
    throw fromErrno(error, `cannot rename ${temporary}`);
  }
}

async function setAside(dir: string): Promise<void> {
  const aside = `${dir}.${randomUUID()}.old`;
  try {
    await rename(dir, aside);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw fromErrno(error, `cannot rename ${dir}`);
  }
  await removeTree(aside);
}

async function temporaryRoot(fill: (dir: string) => Promise<void>): Promise<Rootfs> {
  const dir = await mkdtemp(join(tmpdir(), 'tare-root-'));
  try {
    await fill(dir);
    return { dir, release: once(() => removeTree(dir)) };
  } catch (error) {
    await removeTree(dir);
    throw error;
  }
}

function once(release: () => Promise<void>): () => Promise<void> {
  let released: Promise<void> | undefined;
  return () => (released ??= release());
}
