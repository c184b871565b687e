import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { throwIfCancelled } from '../base/context.ts';
import type { Digest } from '../base/digest.ts';
import { fromErrno, isTareError, TareError } from '../base/error.ts';
import { isGzip } from '../formats/gzip/magic.ts';
import { createTarParser, type TarMember } from '../formats/tar/index.ts';
import { isZstd } from '../formats/zstd/frames.ts';
import type { BlobPlace, Descriptor } from '../oci/types.ts';
import { makeFolder, readIfThere, replaceCached } from './files.ts';
import { sameStamp } from './file-stamp.ts';
import { NO_CACHE, type LayerCacheOptions } from './layer-cache-options.ts';
import { decodeRecord, encodeRecord, type LayerRecord } from './layer-record.ts';
import { requireLayerType } from './layer-type.ts';
import { placeOf, stampAt } from './layer-place.ts';
import { makeLayout } from './layout.ts';
import { storePaths } from './paths.ts';
import type { LayerIndex, Store } from './types.ts';

/**
 * Read at once: some files are smaller, so that their headers come with it. What reaches beyond it is passed over. A trip through the thread pool would
 * cost more than the read.
 */
const WINDOW_BYTES = 64 * 1024; // 64 KiB
/** So much is read before others get a turn. */
const TURN_BYTES = 8 * 1024 * 1024; // 8 MiB
const HEAD_BYTES = 4;

export interface HeaderReaderOptions extends LayerCacheOptions {
  readonly layerIndex: Store['layerIndex'];
}

/** See `Store.layerHeaders`. What is remembered stands beside the indexes, which are verified; a file that was changed is read again. */
export function createHeaderReader({
  blobs,
  frozen = false,
  home,
  layerIndex,
}: HeaderReaderOptions): Store['layerHeaders'] {
  const paths = storePaths(home);
  const fileOf = (digest: Digest, suffix = ''): string =>
    join(paths.layerIndexes, `${digest.replace(':', '-')}${suffix}`);

  const load = async (layer: Descriptor, diffId: Digest, suffix?: string): Promise<LayerRecord | undefined> => {
    try {
      const bytes = await readIfThere(fileOf(layer.digest, suffix));
      const record = bytes === undefined ? undefined : decodeRecord(bytes);
      const isSame = record?.digest === layer.digest && record.index.diffId === diffId;
      return isSame && record.index.wire === layer.size ? record : undefined;
    } catch (error) {
      if (NO_CACHE.some((code) => isTareError(error, code))) return undefined;
      throw error;
    }
  };

  const save = async (record: LayerRecord): Promise<void> => {
    if (frozen) return;
    try {
      await makeLayout(paths);
      await makeFolder(paths.layerIndexes);
      await replaceCached(paths, fileOf(record.digest, HEADERS), encodeRecord(record));
    } catch (error) {
      if (!NO_CACHE.some((code) => isTareError(error, code))) throw error;
    }
  };

  return async (source, layer, diffId, signal) => {
    requireLayerType(layer);
    const place = await placeOf(source, layer, blobs);
    const stamp = place === undefined ? undefined : await stampAt(place);
    if (place === undefined || stamp === undefined)
      return { index: await layerIndex(source, layer, diffId, signal), verified: true };
    const known = await load(layer, diffId, HEADERS);
    if (known?.files.some((file) => sameStamp(file, stamp)) === true)
      return { index: known.index, verified: false, place };
    const verified = await load(layer, diffId);
    const isPlain = layer.digest === diffId || !isCompressed(place);
    if (verified !== undefined) return { index: verified.index, verified: true, ...(isPlain ? { place } : {}) };
    if (!isPlain) return { index: await layerIndex(source, layer, diffId, signal), verified: true };
    const index = await readHeaders(place, layer, diffId, signal);
    const after = await stampAt(place);
    if (after !== undefined && sameStamp(stamp, after)) await save({ digest: layer.digest, index, files: [stamp] });
    return { index, verified: false, place };
  };
}

const HEADERS = '.headers';

function isCompressed(place: BlobPlace): boolean {
  const head = Buffer.alloc(HEAD_BYTES);
  const fd = opened(place.file);
  try {
    readSync(fd, head, 0, Math.min(HEAD_BYTES, place.size), place.offset);
  } catch (error) {
    throw fromErrno(error, `cannot read ${place.file}`);
  } finally {
    closeSync(fd);
  }
  return isGzip(head) || isZstd(head);
}

function opened(file: string): number {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw fromErrno(error, `cannot open ${file}`);
  }
}

/** @throws TareError E_SIZE, E_TAR, E_LIMIT, E_IO, E_CANCELLED */
async function readHeaders(
  place: BlobPlace,
  layer: Descriptor,
  diffId: Digest,
  signal: AbortSignal | undefined,
): Promise<LayerIndex> {
  const { file, offset, size } = place;
  if (size !== layer.size)
    throw new TareError('E_SIZE', `layer ${layer.digest} has ${size} bytes, its descriptor promises ${layer.size}`);
  const members: TarMember[] = [];
  const parser = createTarParser({ member: (member) => members.push(member) }, { mayLackPadding: true });
  const window = Buffer.allocUnsafe(WINDOW_BYTES);
  const fd = opened(file);
  try {
    let read = 0;
    for (let at = 0; at < size;) {
      const count = readSome(fd, window, Math.min(WINDOW_BYTES, size - at), offset + at, file);
      read += count;
      if (read > TURN_BYTES) {
        read = 0;
        await setImmediate();
        if (signal !== undefined) throwIfCancelled(signal);
      }
      parser.push(window.subarray(0, count));
      const passed = Math.min(parser.skippable(), size - at - count);
      parser.skip(passed);
      at += count + passed;
    }
    parser.end();
  } finally {
    closeSync(fd);
  }
  return { diffId, wire: size, disk: size, members };
}

function readSome(fd: number, buffer: Buffer, count: number, position: number, file: string): number {
  let read: number;
  try {
    read = readSync(fd, buffer, 0, count, position);
  } catch (error) {
    throw fromErrno(error, `cannot read ${file}`);
  }
  if (read === 0) throw new TareError('E_IO', `${file} became shorter while it was read`);
  return read;
}
