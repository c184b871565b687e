import type { Context } from '../../base/events.ts';
import { parseCompression } from '../../pack/compression.ts';
import { layerMediaType } from '../../pack/media-type.ts';
import { packTar } from '../../pack/pack-tar.ts';
import { storeImage } from '../../pack/store-image.ts';
import { compressionOf } from '../../oci/media-types.ts';
import type { History, Image, ImageConfig } from '../../oci/types.ts';
import type { Store } from '../../store/types.ts';
import { transfer } from '../../transports/blobs.ts';
import { openImage } from '../../transports/index.ts';
import type { BuildGraph } from '../types.ts';
import type { FinishedLayer, LayerPacker } from './layer-packer.ts';
import type { StepLayer } from './layers.ts';
import type { Layered } from './result.ts';

export interface StoreResultOptions {
  readonly graph: BuildGraph;
  readonly result: Layered;
  readonly packer: LayerPacker;
  readonly store: Store;
  readonly compression: string;
  readonly ctx: Context;
}

/** The result of a build as an image in the store: the base's layers as they are, those of the steps compressed. */
export async function storeResult(options: StoreResultOptions): Promise<Image> {
  const { ctx, graph, packer, result, store } = options;
  const below = await baseLayers(options);
  const steps = result.steps.filter((step) => step !== null);
  const own: FinishedLayer[] = [];
  for (const step of steps) own.push(await packer.packed(step));
  const config: ImageConfig = {
    ...graph.config,
    history: historyOf(graph.config.history ?? [], result.steps),
    rootfs: { type: 'layers', diff_ids: [] },
  };
  const stored = await storeImage({ store, config, layers: [...below, ...own] });
  return openImage(stored.descriptor.digest, { store, ctx });
}

/** Brought into the store when they are elsewhere; what a daemon gives uncompressed gets compressed. */
async function baseLayers({ compression, ctx, result, store }: StoreResultOptions): Promise<FinishedLayer[]> {
  const { base } = result;
  if (base === undefined) return [];
  const wanted = parseCompression(compression);
  const finished: FinishedLayer[] = [];
  for (const [at, descriptor] of base.manifest.layers.entries()) {
    const diffId = base.config.rootfs.diff_ids[at];
    if (diffId === undefined) throw new Error(`${base.reference} has more layers than diff IDs`);
    const kind = compressionOf(descriptor.mediaType);
    if (kind === 'none' && wanted.kind !== 'none') {
      const index = await store.layerIndex(base.blobs, descriptor, diffId, ctx.signal);
      const file = await store.layerTar(base.blobs, descriptor, diffId, ctx.signal);
      finished.push(await packTar({ file, index, store, compression: wanted, ctx }));
      continue;
    }
    if ((await store.blobs.size(descriptor.digest)) !== descriptor.size)
      await store.blobs.put(transfer(base.blobs.open(descriptor), descriptor, ctx), descriptor);
    // In the manifest of an OCI image layers have OCI's types, whoever made them.
    finished.push({ descriptor: { ...descriptor, mediaType: layerMediaType({ kind }) }, diffId });
  }
  return finished;
}

/** The rows of steps that changed nothing have no layer. The steps are the last rows that were to have one. */
function historyOf(history: readonly History[], steps: readonly (StepLayer | null)[]): readonly History[] {
  const rows = [...history];
  let at = rows.length;
  for (const step of [...steps].reverse()) {
    do at -= 1;
    while (at >= 0 && rows[at]?.empty_layer === true);
    const row = rows[at];
    if (step === null && row !== undefined) rows[at] = { ...row, empty_layer: true };
  }
  return rows;
}
