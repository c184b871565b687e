import { TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import type { Digest } from '../../base/digest.ts';
import type { History, Platform } from '../../oci/types.ts';
import { parseCompression } from '../../pack/compression.ts';
import { packedAs } from '../../pack/reuse.ts';
import { storeImage } from '../../pack/store-image.ts';
import type { Store } from '../../store/types.ts';
import { openImage, writeImage } from '../../transports/index.ts';
import type { StepRecord } from '../cache.ts';
import { createLayerPacker, type FinishedLayer } from '../local/layer-packer.ts';
import type { LayerFolder, StepLayer } from '../local/layers.ts';
import { CACHE_MEMBER, cacheRecord, type CacheConfig, type CacheRecord } from './records.ts';

export interface CacheExport {
  /** In the order of the graph: the order of records and layers in the image, so that equal builds give equal images. */
  readonly steps: readonly (readonly [key: Digest, record: StepRecord])[];
  /** What was built for. */
  readonly platform: Platform;
  readonly layers: LayerFolder;
  readonly compression: string;
  /** Where to write it: any medium that takes images. */
  readonly reference: string;
  readonly store: Store;
  readonly ctx: Context;
}

/** What was written. */
export interface WrittenCache {
  readonly reference: string;
  /** Of the manifest. */
  readonly digest: Digest;
  readonly records: number;
  readonly layers: number;
  /** Transferred, as they travelled. */
  readonly bytes: number;
}

/** More than readers of manifests take (see `parseManifest`). */
const MAX_LAYERS = 4096;

/**
 * Writes the records of steps, and their layers, as an image (see `CACHE_MEMBER`).
 * @throws TareError E_LIMIT for more layers than a manifest can have; as `writeImage`
 */
export async function writeCacheImage(options: CacheExport): Promise<WrittenCache> {
  const { compression, ctx, platform, reference, steps, store } = options;
  const records = new Map<Digest, CacheRecord>();
  const wanted = new Map<Digest, StepLayer>();
  const history: History[] = [];
  for (const [key, step] of steps) {
    if (records.has(key)) continue;
    const record = cacheRecord(key, step);
    records.set(key, record);
    const { layer } = record;
    if (layer === null || wanted.has(layer.diffId)) continue;
    if (wanted.size === MAX_LAYERS)
      throw new TareError('E_LIMIT', `the cache ${reference} would have more than ${MAX_LAYERS} layers`, {
        hint: `keep the steps of the result alone: --cache-to ${reference},mode=min`,
      });
    wanted.set(layer.diffId, layer);
    history.push({ created_by: record.name });
  }
  const layers = await packedLayers([...wanted.values()], options);
  const { architecture, os, variant } = platform;
  const config: CacheConfig = {
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    history,
    rootfs: { type: 'layers', diff_ids: [] },
    [CACHE_MEMBER]: {
      records: [...records.values()],
      packed: packedAs(parseCompression(compression)),
      blobs: layers.map(({ descriptor }) => descriptor.digest),
    },
  };
  const stored = await storeImage({ store, config, layers });
  const image = await openImage(stored.descriptor.digest, { store, ctx });
  const { bytes, digest, reference: written } = await writeImage(image, reference, { store, ctx });
  return { reference: written, digest, records: records.size, layers: layers.length, bytes };
}

async function packedLayers(
  steps: readonly StepLayer[],
  { compression, ctx, layers, store }: CacheExport,
): Promise<readonly FinishedLayer[]> {
  const packer = createLayerPacker({ store, layers, compression, ctx });
  try {
    for (const step of steps) packer.begin(step);
    const packed: FinishedLayer[] = [];
    for (const step of steps) packed.push(await packer.packed(step));
    return packed;
  } finally {
    await packer.close();
  }
}
