import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hexOf, type Digest } from '../base/digest.ts';
import { isTareError, TareError } from '../base/error.ts';
import type { BlobSource, Descriptor } from '../oci/types.ts';
import { makeFolder, readIfThere, replaceFile, sizeIfThere } from './files.ts';
import { makeLayout } from './layout.ts';
import { sameStamp, stampOf, unchanged, verifyFile, type FileStamp } from './file-stamp.ts';
import { decodeHead, decodeRecord, encodeRecord, type LayerHead, type LayerRecord } from './layer-record.ts';
import { NO_CACHE, type LayerCacheOptions } from './layer-cache-options.ts';
import { scanLayer, tarOfLayer } from './layer-scan.ts';
import { requireLayerType } from './layer-type.ts';
import { MIN_THREAD_BYTES, tarInThread } from './layer-thread.ts';
import { storePaths, temporaryPath } from './paths.ts';
import { tarFile, type TarFile } from './tar-file.ts';
import type { LayerIndex, Store } from './types.ts';

export type LayerCache = Pick<Store, 'layerIndex' | 'putLayerIndex' | 'layerTar'>;

interface ScanOptions {
  readonly signal: AbortSignal | undefined;
  /** See `scanLayer`. */
  readonly keep?: (chunk: Uint8Array) => Promise<void>;
}

/** Copies of one blob, in as many layouts, that are remembered as verified. */
const MAX_STAMPS = 8;

/**
 * Layer indexes and unpacked layers, as `Store` describes them. An index is trusted while the host file that holds the blob is the one that was
 * verified (size, mtime, inode, device); another file is hashed again. A damaged index is made anew. When the home cannot be
 * written, indexes live as long as the cache does, and unpacked layers in a temporary folder until the process exits.
 */
export function createLayerCache({ blobs, frozen = false, home }: LayerCacheOptions): LayerCache {
  const paths = storePaths(home);
  const layersDir = join(paths.own, 'layers');
  const inMemory = new Map<Digest, LayerRecord>();
  const indexing = new Map<Digest, Promise<LayerIndex>>();
  const unpacking = new Map<Digest, Promise<string>>();
  let temporaryDir: string | undefined;

  const fileOf = async (source: BlobSource, layer: Descriptor): Promise<string | undefined> =>
    (await source.file?.(layer)) ?? (await blobs?.file?.(layer));

  /** What is far away comes once, and stays. A home that cannot hold it is passed by. */
  const fetched = async (source: BlobSource, layer: Descriptor): Promise<string | undefined> => {
    try {
      return await source.fetch?.(layer);
    } catch (error) {
      if (NO_CACHE.some((code) => isTareError(error, code))) return undefined;
      throw error;
    }
  };

  const recordFile = (digest: Digest): string => join(paths.layerIndexes, digest.replace(':', '-'));

  const load = async <T extends LayerHead>(
    digest: Digest,
    decode: (bytes: Buffer) => T | undefined,
  ): Promise<T | LayerRecord | undefined> => {
    const known = inMemory.get(digest);
    if (known !== undefined) return known;
    let bytes: Buffer | undefined;
    try {
      bytes = await readIfThere(recordFile(digest));
    } catch (error) {
      if (NO_CACHE.some((code) => isTareError(error, code))) return undefined;
      throw error;
    }
    const record = bytes === undefined ? undefined : decode(bytes);
    return record?.digest === digest ? record : undefined;
  };

  const save = async (record: LayerRecord): Promise<void> => {
    if (frozen) {
      inMemory.set(record.digest, record);
      return;
    }
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
    { keep, signal }: ScanOptions,
  ): Promise<LayerIndex> => {
    requireLayerType(layer);
    const file = await fileOf(source, layer);
    const before = file === undefined ? undefined : await stampOf(file);
    const record = await load(layer.digest, decodeRecord);
    if (record !== undefined) {
      requireSame(record, layer, diffId);
      if (file !== undefined && before !== undefined && !isKnown(record, before)) {
        await verifyFile(file, layer);
        await remember(record, await unchanged(file, before));
      }
      return record.index;
    }
    const whole = file ?? (await fetched(source, layer));
    const since = before ?? (whole === undefined ? undefined : await stampOf(whole));
    const tar =
      whole === undefined || layer.size < MIN_THREAD_BYTES
        ? tarOfLayer(source.open(layer), layer, diffId, signal)
        : tarInThread(whole, layer, diffId, signal);
    const found = await scanLayer(tar, layer, diffId, keep);
    const stamp = whole === undefined || since === undefined ? undefined : await unchanged(whole, since);
    await remember({ digest: layer.digest, index: found, files: [] }, stamp);
    return found;
  };

  /** Size of the tar in bytes, when the index is there and `layerIndex` would have nothing to do. */
  const knownSize = async (source: BlobSource, layer: Descriptor, diffId: Digest): Promise<number | undefined> => {
    const head = await load(layer.digest, decodeHead);
    if (head === undefined) return undefined;
    requireSame(head, layer, diffId);
    const file = await fileOf(source, layer);
    const stamp = file === undefined ? undefined : await stampOf(file);
    return stamp === undefined || isKnown(head, stamp) ? head.index.disk : undefined;
  };

  const indexOnce = async (
    source: BlobSource,
    layer: Descriptor,
    diffId: Digest,
    options: ScanOptions,
  ): Promise<LayerIndex> => {
    const running = indexing.get(layer.digest);
    // Whoever started it may be cancelled, or ask with another diff ID: the others look for themselves.
    if (running !== undefined) await running.catch(() => undefined);
    const started = index(source, layer, diffId, options);
    indexing.set(layer.digest, started);
    try {
      return await started;
    } finally {
      if (indexing.get(layer.digest) === started) indexing.delete(layer.digest);
    }
  };

  /** Made anew, in the home or, when that cannot be written, in a temporary folder. */
  const newTar = (diffId: Digest): TarFile =>
    tarFile(async () => {
      const name = tarName(diffId);
      const prepare = async (): Promise<void> => {
        await makeLayout(paths);
        await makeFolder(layersDir);
      };
      const there = !frozen && (await prepared(prepare));
      if (there) return { temporary: await temporaryPath(paths), target: join(layersDir, name) };
      temporaryDir ??= temporaryFolder();
      return { temporary: join(temporaryDir, `${name}.part`), target: join(temporaryDir, name) };
    });

  /** The index; a layer that is decompressed for it leaves its tar as well, so that it is decompressed once. */
  const indexAndTar = async (
    source: BlobSource,
    layer: Descriptor,
    diffId: Digest,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly index: LayerIndex; readonly tar?: string }> => {
    // A plain one is its own tar.
    if (layer.digest === diffId) return { index: await indexOnce(source, layer, diffId, { signal }) };
    const file = newTar(diffId);
    try {
      const index = await indexOnce(source, layer, diffId, { signal, keep: file.write });
      return file.begun() ? { index, tar: await file.commit() } : { index };
    } catch (error) {
      await file.abort();
      throw error;
    }
  };

  const unpack = async (
    source: BlobSource,
    layer: Descriptor,
    diffId: Digest,
    signal: AbortSignal | undefined,
  ): Promise<string> => {
    let disk = await knownSize(source, layer, diffId);
    if (disk === undefined) {
      const { index, tar } = await indexAndTar(source, layer, diffId, signal);
      if (tar !== undefined) return tar;
      disk = index.disk;
    }
    if (layer.digest === diffId) {
      // Verified just now, or known to be the file that was.
      const file = await fileOf(source, layer);
      if (file !== undefined) return file;
    }
    for (const dir of [layersDir, ...(temporaryDir === undefined ? [] : [temporaryDir])]) {
      const cached = join(dir, tarName(diffId));
      if ((await sizeOrNothing(cached)) === disk) return cached;
    }
    const file = newTar(diffId);
    try {
      for await (const chunk of tarOfLayer(source.open(layer), layer, diffId, signal)) await file.write(chunk);
      return await file.commit();
    } catch (error) {
      await file.abort();
      throw error;
    }
  };

  return {
    layerIndex: async (source, layer, diffId, signal, unpacked = false) =>
      unpacked
        ? (await indexAndTar(source, layer, diffId, signal)).index
        : indexOnce(source, layer, diffId, { signal }),
    putLayerIndex: async (layer, found, source = blobs) => {
      const file = await source?.file?.(layer);
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

const tarName = (diffId: Digest): string => `${hexOf(diffId)}.tar`;

const isKnown = ({ files }: LayerHead, stamp: FileStamp): boolean => files.some((known) => sameStamp(known, stamp));

/** The descriptor and the config are as much input as the blob is. @throws TareError E_SIZE, E_DIGEST */
function requireSame({ index }: LayerHead, layer: Descriptor, diffId: Digest): void {
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
