import type { Digest } from '../../base/digest.ts';
import { isTareError, TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import type { BlobSource, Descriptor, Image } from '../../oci/types.ts';
import { scanLayer, tarOfLayer } from '../../store/layer-scan.ts';
import { MIN_THREAD_BYTES, tarInThread } from '../../store/layer-thread.ts';
import type { LayerIndex, Store } from '../../store/types.ts';
import type { Compression } from '../../pack/index.ts';
import { adoptPacked } from '../../pack/pack-tar.ts';
import { packedAs } from '../../pack/reuse.ts';
import { transfer } from '../../transports/blobs.ts';
import { openImage } from '../../transports/index.ts';
import { treeOfLayers } from '../../tree/layers.ts';
import type { StepRecord } from '../cache.ts';
import type { LayerFolder, StepLayer } from '../local/layers.ts';
import { cacheRecordsOf, packedBlobsOf } from './records.ts';

/** A cache image, of which nothing but manifest and config was read. */
export interface CacheImage {
  /** As it was given. */
  readonly reference: string;
  find(key: Digest): StepRecord | undefined;
  /** The layer as the tar that the step made, for who only looks. Undefined when the image has none of it. */
  tarOf(layer: StepLayer, signal: AbortSignal): AsyncIterable<Uint8Array> | undefined;
  /**
   * Puts the layer of a record among those of this machine, once its blob has proved to be what digest, size and diff ID promise.
   * @returns false, with a warning, when it cannot be used; nothing is left then
   * @throws TareError E_CANCELLED, E_NO_SPACE
   */
  fetch(record: StepRecord, layers: LayerFolder, ctx: Context): Promise<boolean>;
  /** Spares `packTar` the work for a layer that was fetched, where the image has it packed in the same way. */
  givePacked(index: LayerIndex, compression: Compression, ctx: Context): Promise<void>;
}

const warn = (ctx: Context, message: string): void =>
  ctx.onEvent({ kind: 'warning', warning: { code: 'cache', message } });

/**
 * The cache images that can be used; those that are not there, or carry no records, are a warning: a cache saves time, and nothing depends on it.
 * @throws TareError E_TRANSPORT, E_CANCELLED
 */
export async function openCacheImages(
  references: readonly string[],
  { ctx, store }: { readonly ctx: Context; readonly store: Store },
): Promise<readonly CacheImage[]> {
  const opened: CacheImage[] = [];
  for (const reference of references) {
    try {
      opened.push(cacheImage(await openImage(reference, { store, ctx }), { reference, store, ctx }));
    } catch (error) {
      if (!(error instanceof TareError) || error.code === 'E_TRANSPORT' || error.code === 'E_CANCELLED') throw error;
      warn(ctx, `the build goes on without the cache ${reference}: ${error.message}`);
    }
  }
  return opened;
}

interface Opened {
  readonly reference: string;
  readonly store: Store;
  readonly ctx: Context;
}

function cacheImage(image: Image, { ctx, reference, store }: Opened): CacheImage {
  const found = cacheRecordsOf(image.config);
  if (found === undefined) {
    throw new TareError('E_MANIFEST', 'it is an image, but carries no records of build steps', {
      hint: 'make one with `tare build -f Dockerfile --cache-to REFERENCE`',
    });
  }
  const { records, unusable } = found;
  if (unusable > 0) warn(ctx, `${unusable} of the records of the cache ${reference} are not valid and are left alone`);
  const fetches = new Map<Digest, Promise<boolean>>();
  const blobOf = ({ diffId }: StepLayer): Descriptor | undefined =>
    image.manifest.layers[image.config.rootfs.diff_ids.indexOf(diffId)];
  return {
    reference,
    find: (key) => records.get(key),
    tarOf: (layer, signal) => {
      const blob = blobOf(layer);
      return blob === undefined ? undefined : openTar(image.blobs, blob, layer, signal);
    },
    fetch: async ({ layer, name }, layers, context) => {
      if (layer === null || (await layers.has(layer))) return true;
      const blob = blobOf(layer);
      if (blob === undefined) return false;
      let running = fetches.get(layer.diffId);
      if (running === undefined) {
        running = unpacked(openTar(image.blobs, blob, layer, context.signal), layer, layers).catch((error: unknown) => {
          if (isFatal(error)) throw error;
          warn(context, `${name} is not taken from the cache ${reference}: ${(error as TareError).message}`);
          return false;
        });
        fetches.set(layer.diffId, running);
      }
      return running;
    },
    givePacked: async (index, compression, context) => {
      const { diffId, disk: size } = index;
      // Only what was unpacked by this process is known to be this layer.
      const blob = (await fetches.get(diffId)) === true ? blobOf({ diffId, size }) : undefined;
      if (blob === undefined || !packedBlobsOf(image, packedAs(compression)).has(blob.digest)) return;
      const bytes = (): AsyncIterable<Uint8Array> => transfer(image.blobs.open(blob), blob, context);
      await adoptPacked({ descriptor: blob, bytes }, { compression, index, store }).catch((error: unknown) => {
        // It can be packed here as well.
        if (isFatal(error)) throw error;
      });
    },
  };
}

const FATAL = ['E_CANCELLED', 'E_NO_SPACE'] as const;
const isFatal = (error: unknown): boolean =>
  !(error instanceof TareError) || FATAL.some((code) => isTareError(error, code));

/** Verified by its end. A plain file of some size is read in a thread of its own. */
async function* openTar(
  blobs: BlobSource,
  blob: Descriptor,
  { diffId }: StepLayer,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const file = blob.size < MIN_THREAD_BYTES ? undefined : await blobs.file?.(blob);
  yield* file === undefined
    ? tarOfLayer(blobs.open(blob), blob, diffId, signal)
    : tarInThread(file, blob, diffId, signal);
}

async function unpacked(tar: AsyncIterable<Uint8Array>, layer: StepLayer, layers: LayerFolder): Promise<boolean> {
  const { diffId, size } = layer;
  const writer = await layers.blobs.writer();
  let open = true;
  try {
    let written = 0;
    const keep = async (chunk: Uint8Array): Promise<void> => {
      written += chunk.length;
      if (written > size) throw wrongSize(layer);
      await writer.write(chunk);
    };
    const index = await scanLayer(tar, { mediaType: '', digest: diffId, size }, diffId, keep);
    if (written !== size) throw wrongSize(layer);
    // What no tree can be made of must not get among the layers of this machine.
    treeOfLayers([index], { lenient: true });
    open = false;
    await writer.commit();
    await layers.indexed(layer, index.members);
    return true;
  } finally {
    if (open) await writer.abort();
  }
}

const wrongSize = ({ diffId, size }: StepLayer): TareError =>
  new TareError('E_SIZE', `the layer ${diffId} does not have the ${size} bytes that its record promises`);
