import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hexOf, sha256, type Digest } from '../../base/digest.ts';
import { errnoOf, fromErrno, TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import { ROOT } from '../../base/path.ts';
import { chainIds } from '../../oci/chain-ids.ts';
import type { Image } from '../../oci/types.ts';
import { rootfsOf } from '../../pack/roots.ts';
import type { Sandbox } from '../../sandbox/types.ts';
import { withLock } from '../../store/lock.ts';
import type { Store } from '../../store/types.ts';
import { treeOfImage, type ImageTree } from '../../tree/image-tree.ts';
import type { Entry } from '../../tree/types.ts';
import { openWorkplace, type Workplace } from './ns-client.ts';
import { bytesOf, tarsOf, withFolders, type LayerOptions } from './snapshot-layer.ts';
import { bootId, makeTemporary, openSnapshotFolder, type SnapshotFolder } from './snapshot-folder.ts';

/** Beyond so many folders one is made of all but the base: the names of more would not fit in what newer mount(8) passes on. */
const MAX_FOLDERS = 60;
const MAX_TRIES = 5;

export type { LayerOptions } from './snapshot-layer.ts';

/**
 * File systems and layers as folders that overlayfs can lay over each other: `<home>/tare/solve/snapshots/`. What is given out must never be written
 * to. It is safe from `prune` until `close`, or the death of this process. A snapshot appears under its name complete or not at all; those
 * from before the machine was started are made again.
 */
export interface Snapshots {
  readonly work: Workplace;
  /** A folder without anything in it. */
  readonly empty: string;
  /** Mode and owner as they can be here: with one id alone everything is root's. */
  ownerOf(wanted: Ownership): Ownership;
  /** The file system of an image. @throws TareError as treeOfImage, rootfsOf and materialise */
  base(image: Image, imageTree?: Pick<ImageTree, 'content' | 'layerTar' | 'tree'>): Promise<string>;
  /** What has this name already. */
  find(id: Digest): Promise<string | undefined>;
  layer(options: LayerOptions): Promise<string>;
  /** A new folder, for `Changes.dir` or the like. It is the caller's, until `adopt` or `discard`. */
  scratch(): string;
  /** Makes the changes in a folder of `scratch` a snapshot. Nothing is copied. @param bytes of its files, for `prune` */
  adopt(dir: string, id: Digest, bytes: number): Promise<string>;
  discard(dir: string): Promise<void>;
  /** The same file system out of fewer folders, when there are many. The first stays as it is. */
  flatten(lowers: readonly string[]): Promise<readonly string[]>;
  /** Removes what was not used for longest, until there are at most so many bytes. What is in use stays. */
  prune(keepBytes: number): Promise<{ readonly snapshots: number; readonly bytes: number }>;
  close(): Promise<void>;
}

export interface Ownership {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface SnapshotsOptions {
  readonly store: Store;
  readonly sandbox: Pick<Sandbox, 'ids' | 'namespace'>;
  readonly ctx: Context;
}

/** What killed processes left is removed. @throws TareError E_READ_ONLY, E_PERMISSION, E_LOCKED, E_SANDBOX */
export async function openSnapshots({ ctx, sandbox, store }: SnapshotsOptions): Promise<Snapshots> {
  // Of other ids the files have other owners.
  const folder = await openSnapshotFolder(join(store.home, 'tare', 'solve', 'snapshots', sandbox.ids));
  const lease = await store.lease();
  const work = openWorkplace(sandbox, (warning) => ctx.onEvent({ kind: 'warning', warning }));
  const owners = sandbox.ids === 'single' ? 'self' : 'keep';
  const releases: (() => Promise<void>)[] = [() => lease.release()];
  const underway = new Map<string, Promise<string>>();

  const discard = (...paths: readonly string[]): Promise<null> =>
    work.run('remove', { paths }, new AbortController().signal);
  const leftovers = await folder.leftovers();
  if (leftovers.length > 0) await discard(...leftovers);

  const upperOf = (name: string): string => join(folder.pathOf(name), 'upper');
  const find = async (name: string): Promise<string | undefined> => {
    if (folder.isHeldHere(name) && folder.made(name) !== undefined) return upperOf(name);
    return withLock(folder.lock, async () => {
      if (folder.made(name) === undefined) return undefined;
      folder.hold(name);
      folder.touch(name);
      return upperOf(name);
    });
  };
  const adopt = async (dir: string, name: string, bytes: number): Promise<string> => {
    await discard(join(dir, 'work'));
    folder.markMade(dir, bytes);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const done = await withLock(folder.lock, async () => {
        folder.hold(name);
        if (folder.made(name) !== undefined) return 'there' as const;
        return moved(dir, folder.pathOf(name)) ? ('moved' as const) : ('stale' as const);
      });
      if (done === 'stale') {
        const aside = folder.temporaryName();
        if (moved(folder.pathOf(name), aside)) await discard(aside);
        continue;
      }
      if (done === 'there') await discard(dir);
      return upperOf(name);
    }
    throw new TareError('E_IO', `cannot keep the snapshot ${folder.pathOf(name)}: what is there changes all the time`);
  };
  /** Finds it, or makes it, once at a time. */
  const provide = (name: string, bytes: number, fill: (upper: string) => Promise<unknown>): Promise<string> => {
    const known = underway.get(name);
    if (known !== undefined) return known;
    const made = (async () => {
      const found = await find(name);
      if (found !== undefined) return found;
      const dir = makeTemporary(folder);
      try {
        await fill(join(dir, 'upper'));
        return await adopt(dir, name, bytes);
      } catch (error) {
        await discard(dir);
        throw error;
      }
    })();
    underway.set(name, made);
    void made.catch(() => undefined).then(() => underway.delete(name));
    return made;
  };
  const unpack = async (
    name: string,
    entries: readonly Entry[],
    layerTar: (diffId: Digest) => Promise<string>,
    changes: Pick<LayerOptions, 'opaque' | 'removed'> = {},
  ): Promise<string> =>
    provide(name, bytesOf(entries), async (dir) => {
      const { opaque = [], removed = [] } = changes;
      const tars = await tarsOf(entries, layerTar);
      await work.run('unpack', { entries, removed, opaque, tars, dir, owners }, ctx.signal);
    });
  const rootBase = async (
    image: Image,
    imageTree: Parameters<Snapshots['base']>[1],
    chain: Digest,
  ): Promise<string> => {
    // That nobody has touched it since it was unpacked is known without looking at all of it.
    const note = join(folder.bases, hexOf(chain));
    const known = readBase(note);
    if (known !== undefined) return known;
    const { dir, release } = await rootfsOf({ image, store, ctx, ...(imageTree === undefined ? {} : { imageTree }) });
    releases.push(release);
    writeFileSync(note, JSON.stringify({ boot: bootId(), dir, inode: statSync(dir).ino } satisfies Base));
    return dir;
  };

  return {
    work,
    empty: folder.empty,
    ownerOf: ({ gid, mode, uid }) => (owners === 'self' ? { mode, uid: 0, gid: 0 } : { mode, uid, gid }),
    base: async (image, imageTree) => {
      const chain = chainIds(image.config.rootfs.diff_ids).at(-1);
      if (chain === undefined) return folder.empty;
      if (sandbox.ids === 'all') return rootBase(image, imageTree, chain);
      // A step that ends with the same chain has its own layer alone under that name.
      const name = hexOf(sha256(`base ${chain}`));
      const found = await find(name);
      if (found !== undefined) return found;
      const { layerTar, tree } = imageTree ?? (await treeOfImage(image, store, ctx.signal, { unpack: true }));
      const root = tree.get(ROOT);
      return unpack(name, [...(root === undefined ? [] : [root]), ...tree.walk()], layerTar);
    },
    find: (id) => find(hexOf(id)),
    layer: (options) => unpack(hexOf(options.id), withFolders(options), options.layerTar, options),
    scratch: () => makeTemporary(folder),
    adopt: (dir, id, bytes) => adopt(dir, hexOf(id), bytes),
    discard: async (dir) => {
      await discard(dir);
    },
    flatten: async (lowers) => {
      if (lowers.length <= MAX_FOLDERS) return lowers;
      const [base = folder.empty, ...rest] = lowers;
      const merged = await provide(hexOf(sha256(rest.join('\n'))), 0, (dir) =>
        work.run('merge', { lowers: rest, source: ROOT, dir, as: 'snapshot' }, ctx.signal),
      );
      return [base, merged];
    },
    prune: async (keepBytes) => {
      const gone = await withLock(folder.lock, () => setAside(folder, keepBytes));
      if (gone.length > 0) await discard(...gone.map(({ path }) => path));
      return { snapshots: gone.length, bytes: gone.reduce((sum, { bytes }) => sum + bytes, 0) };
    },
    close: async () => {
      folder.release();
      work.close();
      for (const release of releases) await release();
    },
  };
}

interface Base {
  readonly boot: string;
  readonly dir: string;
  readonly inode: number;
}

function readBase(note: string): string | undefined {
  try {
    const { boot, dir = '', inode } = JSON.parse(readFileSync(note, 'utf8')) as Partial<Base>;
    return boot === bootId() && statSync(dir).ino === inode ? dir : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || errnoOf(error) === 'ENOENT') return undefined;
    throw fromErrno(error, `cannot read ${note}`);
  }
}

/** False when there is something already, or nothing to move. */
function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errnoOf(error) ?? '')) return false;
    throw fromErrno(error, `cannot rename ${from}`);
  }
}

/** Under the lock, so that nobody begins to use what goes. */
async function setAside(
  folder: SnapshotFolder,
  keepBytes: number,
): Promise<readonly { path: string; bytes: number }[]> {
  const held = await folder.held();
  const all = folder.names().map((name) => ({ name, bytes: folder.made(name)?.bytes }));
  let left = all.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  const gone: { path: string; bytes: number }[] = [];
  for (const { bytes, name } of all) {
    if (held.has(name) || (bytes !== undefined && left <= keepBytes)) continue;
    const path = folder.temporaryName();
    if (!moved(folder.pathOf(name), path)) continue;
    gone.push({ path, bytes: bytes ?? 0 });
    left -= bytes ?? 0;
  }
  return gone;
}
