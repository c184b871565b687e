import type { Context } from '../../base/events.ts';
import type { Digest } from '../../base/digest.ts';
import { parseCompression } from '../../pack/compression.ts';
import type { ChunkCompressor } from '../../pack/compressor.ts';
import type { PackedLayer } from '../../pack/index.ts';
import { findPackedTar, packTar } from '../../pack/pack-tar.ts';
import type { Store } from '../../store/types.ts';
import type { CacheImage } from '../cache-image/import.ts';
import { limiter } from './limiter.ts';
import { descriptorOf, type LayerFolder, type StepLayer } from './layers.ts';

export type FinishedLayer = Pick<PackedLayer, 'descriptor' | 'diffId'>;

/** Brings layers of steps into the store, compressed. What was compressed before is not compressed again. */
export interface LayerPacker {
  /** In the background: somebody will ask for it by `packed`. */
  begin(step: StepLayer): void;
  /** @throws TareError as packTar */
  packed(step: StepLayer): Promise<FinishedLayer>;
  /** Waits for what was begun, which is cancelled by the context's signal alone, and ends the threads. */
  close(): Promise<void>;
}

export interface LayerPackerOptions {
  readonly store: Store;
  readonly layers: LayerFolder;
  readonly compression: string;
  /** Where layers may be had that need not be packed. */
  readonly imports?: readonly Pick<CacheImage, 'givePacked'>[];
  readonly ctx: Context;
}

/** While one layer's last chunk is compressed the next is begun. */
const LAYERS_AT_ONCE = 2;

/** The layers of one build share the threads that compress. */
export function createLayerPacker({
  compression: text,
  ctx,
  imports = [],
  layers,
  store,
}: LayerPackerOptions): LayerPacker {
  const compression = parseCompression(text);
  const begun = new Map<Digest, Promise<FinishedLayer>>();
  const slots = limiter(LAYERS_AT_ONCE);
  let shared: Promise<ChunkCompressor> | undefined;
  const compressor = (): Promise<ChunkCompressor> =>
    (shared ??= import('../../pack/compressor-for.ts').then(({ sharedCompressor }) =>
      sharedCompressor(compression, ctx),
    ));

  const pack = async (step: StepLayer): Promise<FinishedLayer> => {
    const known = await findPackedTar(step.diffId, { store, compression });
    if (known !== undefined) return known;
    return slots(async () => {
      const descriptor = descriptorOf(step);
      const index = await store.layerIndex(layers.source, descriptor, step.diffId, ctx.signal);
      const file = await store.layerTar(layers.source, descriptor, step.diffId, ctx.signal);
      for (const image of imports) await image.givePacked(index, compression, ctx);
      return packTar({ file, index, store, compression, compressor: await compressor(), ctx });
    });
  };
  const packed = (step: StepLayer): Promise<FinishedLayer> => {
    let layer = begun.get(step.diffId);
    if (layer === undefined) {
      layer = pack(step);
      begun.set(step.diffId, layer);
    }
    return layer;
  };
  return {
    packed,
    begin: (step) => {
      // Who asks for it in the end gets the error.
      packed(step).catch(() => undefined);
    },
    close: async () => {
      await Promise.allSettled(begun.values());
      await shared?.then((opened) => opened.close()).catch(() => undefined);
    },
  };
}
