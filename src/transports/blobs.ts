import { mapLimit } from '../base/concurrency.ts';
import { throwIfCancelled } from '../base/context.ts';
import type { Context } from '../base/events.ts';
import { bytesOf, verified, type Bytes } from '../base/streams.ts';
import type { Descriptor, Image } from '../oci/types.ts';
import type { Written } from './types.ts';

/** Where blobs are put one by one: the store, a layout folder. */
export interface BlobSink {
  /** Whether the blob is there, whole and true. */
  has(descriptor: Descriptor): Promise<boolean>;
  /** Checks what it writes: unless it is exactly what the descriptor promises, nothing is left. */
  put(descriptor: Descriptor, bytes: Bytes): Promise<void>;
}

/** One progress event for so many bytes: few enough to cost nothing, many enough to see it move. */
export const PROGRESS_STEP_BYTES = 4 * 1024 * 1024; // 4 MiB

/** Passes a blob on and tells how far it is. @throws TareError E_CANCELLED between chunks */
async function* told(source: Bytes, { digest, size: total }: Descriptor, ctx: Context): AsyncGenerator<Uint8Array> {
  let done = 0;
  let last = 0;
  for await (const chunk of source) {
    throwIfCancelled(ctx.signal);
    done += chunk.length;
    if (done - last >= PROGRESS_STEP_BYTES && done < total) {
      last = done;
      ctx.onEvent({ kind: 'blob.progress', digest, done, total });
    }
    yield chunk;
  }
  ctx.onEvent({ kind: 'blob.progress', digest, done, total });
}

/**
 * A blob on its way: verified, counted and told, stopped by the signal.
 * @throws TareError E_DIGEST or E_SIZE instead of its end when it lies; E_CANCELLED
 */
export function transfer(source: Bytes, descriptor: Descriptor, ctx: Context): Bytes {
  return told(verified(source, descriptor), descriptor, ctx);
}

/** Every blob of an image once: layers, then what names them, so that a reader never meets a name without its content. */
export function blobsOf(image: Image): readonly (readonly Descriptor[])[] {
  const seen = new Set<string>();
  const fresh = (descriptor: Descriptor): boolean =>
    !seen.has(descriptor.digest) && seen.add(descriptor.digest).size > 0;
  return [
    image.manifest.layers.filter(fresh),
    [...(image.evidence === undefined ? [] : [image.evidence]), image.manifest.config].filter(fresh),
    [image.descriptor].filter(fresh),
  ];
}

/** Manifest and config are in memory, verified; the rest is in the image's source. */
export function imageBlob(image: Image, descriptor: Descriptor): Bytes {
  if (descriptor.digest === image.descriptor.digest) return bytesOf(image.raw.manifest);
  if (descriptor.digest === image.manifest.config.digest) return bytesOf(image.raw.config);
  return image.blobs.open(descriptor);
}

/** Copies every blob of an image that is not there yet; the manifest last. */
export async function copyBlobs(
  image: Image,
  sink: BlobSink,
  ctx: Context,
): Promise<Pick<Written, 'bytes' | 'blobs' | 'reused'>> {
  let bytes = 0;
  let blobs = 0;
  let reused = 0;
  for (const group of blobsOf(image)) {
    await mapLimit(group, ctx.concurrency, async (descriptor) => {
      throwIfCancelled(ctx.signal);
      if (await sink.has(descriptor)) {
        reused += 1;
        return;
      }
      await sink.put(descriptor, told(imageBlob(image, descriptor), descriptor, ctx));
      bytes += descriptor.size;
      blobs += 1;
    });
  }
  return { bytes, blobs, reused };
}
