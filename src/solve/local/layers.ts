import { createReadStream, readdirSync, rmSync } from 'node:fs';
import { open, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash, randomUUID } from 'node:crypto';
import { hexOf, type Digest } from '../../base/digest.ts';
import { errnoOf, fromErrno, TareError } from '../../base/error.ts';
import { makeFolders } from '../../base/folders.ts';
import { OCI_LAYER } from '../../oci/media-types.ts';
import type { BlobSource, Descriptor } from '../../oci/types.ts';
import type { BlobStore, BlobWriter, IndexedMember, Store } from '../../store/types.ts';

/** What a step has made: one uncompressed layer, so that its digest is its diff ID. */
export interface StepLayer {
  readonly diffId: Digest;
  /** Of the tar, in bytes. */
  readonly size: number;
}

/** A tar that was just written, with what is in it. */
export interface FreshTar extends StepLayer {
  readonly file: string;
  readonly members: readonly IndexedMember[];
}

/**
 * The layers of build steps, below `<home>/tare/solve/layers`: uncompressed, since most of them are never part of an image that anybody keeps. Those that
 * are get compressed for the store when the build is done. Files are complete from the moment that they have their name.
 */
export interface LayerFolder {
  /** For everything that reads layers of images. */
  readonly source: BlobSource;
  /** A fresh name on the same file system; who writes it removes it or has it adopted. */
  temporary(): string;
  adopt(tar: FreshTar): Promise<StepLayer>;
  /** For who writes a tar by `blobs`: remembers what is in it. */
  indexed(layer: StepLayer, members: readonly IndexedMember[]): Promise<StepLayer>;
  /** Takes a tar as it is made. */
  readonly blobs: Pick<BlobStore, 'writer'>;
  /** Whether it is there, whole; then it counts as used just now. */
  has(layer: StepLayer): Promise<boolean>;
}

export function openLayerFolder(store: Store): LayerFolder {
  const dir = folderOf(store.home);
  makeFolders(dir);
  removeLeftovers(dir);
  const pathOf = (diffId: Digest): string => layerFile(store.home, diffId);
  const source = layerSource(store.home);
  const temporary = (): string => join(dir, `${process.pid}-${randomUUID()}.part`);
  const place = async (file: string, { diffId, size }: StepLayer): Promise<void> => {
    try {
      if ((await sizeOf(pathOf(diffId))) === size) await rm(file);
      else await rename(file, pathOf(diffId));
    } catch (error) {
      throw fromErrno(error, `cannot keep the layer ${diffId}`);
    }
  };
  const indexed: LayerFolder['indexed'] = async ({ diffId, size }, members) => {
    await store.putLayerIndex(descriptorOf({ diffId, size }), { diffId, wire: size, disk: size, members }, source);
    return { diffId, size };
  };
  return {
    source,
    temporary,
    indexed,
    blobs: { writer: () => tarWriter(temporary(), place) },
    adopt: async ({ diffId, file, members, size }) => {
      await place(file, { diffId, size });
      return indexed({ diffId, size }, members);
    },
    has: async ({ diffId, size }) => {
      const file = pathOf(diffId);
      if ((await sizeOf(file)) !== size) return false;
      const now = new Date();
      const { mtime } = await stat(file);
      // The time of the last use; that of the last change is part of what says that it is unchanged.
      await utimes(file, now, mtime).catch(() => undefined);
      return true;
    },
  };
}

const folderOf = (home: string): string => join(home, 'tare', 'solve', 'layers');

/** Where a layer is, when it is there. */
export const layerFile = (home: string, diffId: Digest): string => join(folderOf(home), `${hexOf(diffId)}.tar`);

/** The layers of steps for who only reads. */
export function layerSource(home: string): BlobSource {
  return {
    open: ({ digest }) => readTar(layerFile(home, digest), digest),
    file: async ({ digest }) => {
      const file = layerFile(home, digest);
      return (await sizeOf(file)) === undefined ? undefined : file;
    },
  };
}

/** What processes that were killed had begun. */
function removeLeftovers(dir: string): void {
  for (const name of readdirSync(dir)) {
    const pid = /^(\d+)-.*\.part$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(dir, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

/** Not flushed: what a crash cuts short has another size, which is looked at before it is used. */
async function tarWriter(file: string, place: (file: string, layer: StepLayer) => Promise<void>): Promise<BlobWriter> {
  const handle = await open(file, 'wx', 0o644).catch((error: unknown) => {
    throw fromErrno(error, `cannot write ${file}`);
  });
  const hash = createHash('sha256');
  let size = 0;
  return {
    write: async (chunk) => {
      hash.update(chunk);
      size += chunk.length;
      try {
        for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at)).bytesWritten;
      } catch (error) {
        throw fromErrno(error, `cannot write ${file}`);
      }
    },
    commit: async () => {
      await handle.close();
      const digest: Digest = `sha256:${hash.digest('hex')}`;
      await place(file, { diffId: digest, size });
      return { digest, size };
    },
    abort: async () => {
      await handle.close();
      await rm(file, { force: true });
    },
  };
}

/** As a layer of an image. */
export function descriptorOf({ diffId, size }: StepLayer): Descriptor {
  return { mediaType: OCI_LAYER, digest: diffId, size };
}

async function* readTar(file: string, digest: Digest): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(file)) yield chunk as Buffer;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT')
      throw new TareError('E_IMAGE_NOT_FOUND', `the layer ${digest} of a build step is not there any more`, {
        cause: error,
      });
    throw fromErrno(error, `cannot read ${file}`);
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw fromErrno(error, `cannot read ${file}`);
  }
}
