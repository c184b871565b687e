import { mkdtempSync, rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hexOf, type Digest } from '../base/digest.ts';
import { fromErrno, isTareError, TareError } from '../base/error.ts';
import type { BlobSource, Descriptor } from '../oci/types.ts';
import { makeFolder, readIfThere, replaceFile, sizeIfThere } from './files.ts';
import { makeLayout } from './layout.ts';
import { sameStamp, stampOf, unchanged, verifyFile, type FileStamp } from './file-stamp.ts';
import { decodeRecord, encodeRecord, type LayerRecord } from './layer-record.ts';
import { requireLayerType, scanLayer, tarOfLayer } from './layer-scan.ts';
import { storePaths, temporaryPath } from './paths.ts';
import type { LayerIndex, Store } from './types.ts';

export type LayerCache = Pick<Store, 'layerIndex' | 'putLayerIndex' | 'layerTar'>;

export interface LayerCacheOptions {
  /** `TARE_HOME`. The cache is in `<home>/tare/index/` and `<home>/tare/layers/`. */
  readonly home: string;
  /** Asked for a blob's host file when its source has none. */
  readonly blobs?: BlobSource;
}

/** Copies of one blob, in as many layouts, that are remembered as verified. */
const MAX_STAMPS = 8;
/** What a home says that cannot hold a cache; everything works without. A full disk is one of them: an index can be made again. */
const NO_CACHE = [
  'E_READ_ONLY',
  'E_PERMISSION',
  'E_NO_SPACE',
  'E_STORE',
  'E_NOT_DIRECTORY',
  'E_EXISTS',
  'E_IO',
  'E_LOCKED',
] as const;

/**
 * Layer indexes and unpacked layers, as `Store` describes them. An index is trusted while the host file that holds the blob is the one that was
 * verified (size, mtime, inode, device); another file is hashed again. A damaged index is made anew. When the home cannot be
 * written, indexes live as long as the cache does, and unpacked layers in a temporary folder until the process exits.
 */
export function createLayerCache({ home, blobs }: LayerCacheOptions): LayerCache {
  const paths = storePaths(home);
  const layersDir = join(paths.own, 'layers');
  const inMemory = new Map<Digest, LayerRecord>();
  const indexing = new Map<Digest, Promise<LayerIndex>>();
  const unpacking = new Map<Digest, Promise<string>>();
  let temporaryDir: string | undefined;

  const fileOf = async (source: BlobSource, layer: Descriptor): Promise<string | undefined> =>
    (await source.file?.(layer)) ?? (await blobs?.file?.(layer));

  const recordFile = (digest: Digest): string => join(paths.layerIndexes, digest.replace(':', '-'));

  const load = async (digest: Digest): Promise<LayerRecord | undefined> => {
    const known = inMemory.get(digest);
    if (known !== undefined) return known;
    let bytes: Buffer | undefined;
    try {
      bytes = await readIfThere(recordFile(digest));
    } catch (error) {
      if (NO_CACHE.some((code) => isTareError(error, code))) return undefined;
      throw error;
    }
    const record = bytes === undefined ? undefined : decodeRecord(bytes);
    return record?.digest === digest ? record : undefined;
  };

  const save = async (record: LayerRecord): Promise<void> => {
    try {
      await makeLayout(paths);
      await makeFolder(paths.layerIndexes);
      await replaceFile(paths, recordFile(record.digest), encodeRecord(record));
      inMemory.delete(record.digest);
    } catch (error) {
      if (!NO_CACHE.some((code) => isTareError(error, code))) throw error;
      inMemory.set(record.digest, record);
    }
  };

  /** Adds the file to those that are known to hold the blob. */
  const remember = async (record: LayerRecord, stamp: FileStamp | undefined): Promise<void> => {
    const files = stamp === undefined ? record.files : [...record.files, stamp].slice(-MAX_STAMPS);
    await save({ ...record, files });
  };

  const index = async (
    source: BlobSource,
    layer: Descriptor,
    diffId: Digest,
    signal: AbortSignal | undefined,
  ): Promise<LayerIndex> => {
    requireLayerType(layer);
    const file = await fileOf(source, layer);
    const before = file === undefined ? undefined : await stampOf(file);
    const record = await load(layer.digest);
    if (record !== undefined) {
      requireSame(record, layer, diffId);
      if (file === undefined || before === undefined) return record.index;
      if (!record.files.some((known) => sameStamp(known, before))) {
        await verifyFile(file, layer);
        await remember(record, await unchanged(file, before));
      }
      return record.index;
    }
    const found = await scanLayer(source.open(layer), layer, diffId, signal);
    const stamp = file === undefined || before === undefined ? undefined : await unchanged(file, before);
    await remember({ digest: layer.digest, index: found, files: [] }, stamp);
    return found;
  };

  const layerIndex: LayerCache['layerIndex'] = async (source, layer, diffId, signal) => {
    const running = indexing.get(layer.digest);
    // Whoever started it may be cancelled, or ask with another diff ID: the others look for themselves.
    if (running !== undefined) await running.catch(() => undefined);
    const started = index(source, layer, diffId, signal);
    indexing.set(layer.digest, started);
    try {
      return await started;
    } finally {
      if (indexing.get(layer.digest) === started) indexing.delete(layer.digest);
    }
  };

  const unpack = async (
    source: BlobSource,
    layer: Descriptor,
    diffId: Digest,
    signal: AbortSignal | undefined,
  ): Promise<string> => {
    const { disk } = await layerIndex(source, layer, diffId, signal);
    if (layer.digest === diffId) {
      // Verified by `layerIndex` just now.
      const file = await fileOf(source, layer);
      if (file !== undefined) return file;
    }
    const name = `${hexOf(diffId)}.tar`;
    const cached = join(layersDir, name);
    if ((await sizeOrNothing(cached)) === disk) return cached;
    if (temporaryDir !== undefined && (await sizeOrNothing(join(temporaryDir, name))) === disk)
      return join(temporaryDir, name);
    const write = async (temporary: string, target: string): Promise<string> => {
      await writeTar(tarOfLayer(source.open(layer), layer, diffId, signal), temporary);
      await rename(temporary, target).catch((error: unknown) => {
        throw fromErrno(error, `cannot write ${target}`);
      });
      return target;
    };
    if (
      await prepared(async () => {
        await makeLayout(paths);
        await makeFolder(layersDir);
      })
    ) {
      return write(await temporaryPath(paths), cached);
    }
    temporaryDir ??= temporaryFolder();
    return write(join(temporaryDir, `${name}.part`), join(temporaryDir, name));
  };

  return {
    layerIndex,
    putLayerIndex: async (layer, found) => {
      const file = await blobs?.file?.(layer);
      await remember(
        { digest: layer.digest, index: found, files: [] },
        file === undefined ? undefined : await stampOf(file),
      );
    },
    layerTar: async (source, layer, diffId, signal) => {
      const running = unpacking.get(diffId);
      if (running !== undefined) await running.catch(() => undefined);
      const started = unpack(source, layer, diffId, signal);
      unpacking.set(diffId, started);
      try {
        return await started;
      } finally {
        if (unpacking.get(diffId) === started) unpacking.delete(diffId);
      }
    },
  };
}

/** False when the home cannot be written. */
async function prepared(prepare: () => Promise<void>): Promise<boolean> {
  try {
    await prepare();
    return true;
  } catch (error) {
    if (isTareError(error, 'E_NO_SPACE') || !NO_CACHE.some((code) => isTareError(error, code))) throw error;
    return false;
  }
}

function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tare-layers-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** The descriptor and the config are as much input as the blob is. @throws TareError E_SIZE, E_DIGEST */
function requireSame({ index }: LayerRecord, layer: Descriptor, diffId: Digest): void {
  if (index.wire !== layer.size) {
    throw new TareError(
      'E_SIZE',
      `layer ${layer.digest} has ${index.wire} bytes, its descriptor promises ${layer.size}`,
    );
  }
  if (index.diffId !== diffId) {
    throw new TareError(
      'E_DIGEST',
      `layer ${layer.digest} unpacks to ${index.diffId}, the image config promises ${diffId}`,
    );
  }
}

async function sizeOrNothing(file: string): Promise<number | undefined> {
  try {
    return await sizeIfThere(file);
  } catch (error) {
    if (NO_CACHE.some((code) => isTareError(error, code))) return undefined;
    throw error;
  }
}

async function writeTar(tar: AsyncIterable<Uint8Array>, target: string): Promise<void> {
  try {
    const handle = await open(target, 'wx', 0o644);
    try {
      for await (const chunk of tar) await handle.writeFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    await rm(target, { force: true });
    throw fromErrno(error, `cannot write ${target}`);
  }
}
