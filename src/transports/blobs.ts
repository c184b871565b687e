import { setMaxListeners } from 'node:events';
import { mapLimit } from '../base/concurrency.ts';
import { throwIfCancelled } from '../base/context.ts';
import type { Context } from '../base/events.ts';
import { verified, type Bytes } from '../base/streams.ts';
import { isIndex, isManifest } from '../oci/media-types.ts';
import type { Descriptor } from '../oci/types.ts';
import type { Bundle, BundleDocument, Written } from './types.ts';

/** Where blobs are put one by one: the store, a layout folder. */
export interface BlobSink {
  /** Whether the blob is there, whole and true. */
  has(descriptor: Descriptor): Promise<boolean>;
  /** Checks what it writes: unless it is exactly what the descriptor promises, nothing is left. */
  put(descriptor: Descriptor, open: () => Bytes): Promise<void>;
}

/** One progress event for so many bytes: few enough to cost nothing, many enough to see it move. */
export const PROGRESS_STEP_BYTES = 4 * 1024 * 1024; // 4 MiB

/** Blobs on their way at once, also where there are fewer cores: they wait for the network. More do not come faster, and registries count them. */
const PARALLEL_BLOBS = 6;

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

/** How far all blobs of an image are together. */
export interface TransferMeter {
  /** Counts a blob on its way; one that begins again is counted once. */
  through(source: Bytes, descriptor: Descriptor): Bytes;
  /** This one need not travel. */
  skip(descriptor: Descriptor): void;
}

/** Tells `transfer` events: one for each PROGRESS_STEP_BYTES, and when something becomes known. */
export function transferMeter(blobs: readonly Descriptor[], ctx: Context): TransferMeter {
  const doneOf = new Map<string, number>();
  let total = blobs.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  let last = 0;
  const tell = (): void => {
    last = done;
    ctx.onEvent({ kind: 'transfer', done, total });
  };
  const set = (digest: string, bytes: number): void => {
    done += bytes - (doneOf.get(digest) ?? 0);
    doneOf.set(digest, bytes);
  };
  return {
    skip: ({ digest, size }) => {
      set(digest, 0);
      total -= size;
      if (total > 0) tell();
    },
    through: async function* (source, { digest, size }) {
      let bytes = 0;
      set(digest, 0);
      for await (const chunk of source) {
        bytes += chunk.length;
        set(digest, bytes);
        if (Math.abs(done - last) >= PROGRESS_STEP_BYTES || bytes === size) tell();
        yield chunk;
      }
    },
  };
}

/** What documents name beside other documents, each once: layers, then records and configs, which are read first. */
export function contentOf(
  documents: readonly BundleDocument[],
  evidence: Descriptor | undefined,
): readonly (readonly Descriptor[])[] {
  const own = new Set<string>(documents.map(({ descriptor }) => descriptor.digest));
  const fresh = ({ digest }: Descriptor): boolean => !own.has(digest) && own.add(digest).size > 0;
  const layers = documents.flatMap(({ content }) =>
    'manifests' in content ? content.manifests.filter(({ mediaType }) => !isDocument(mediaType)) : content.layers,
  );
  const configs = documents.flatMap(({ content }) => ('config' in content ? [content.config] : []));
  return [layers.filter(fresh), [...(evidence === undefined ? [] : [evidence]), ...configs].filter(fresh)];
}

/** Whether something of a bundle gets its name; else it refers to what is at the target. */
export function givesName({ descriptor, documents }: Bundle): boolean {
  return documents.some((document) => document.descriptor.digest === descriptor.digest);
}

/** Every blob of a bundle once: its content, then what names it, so that a reader never meets a name without what it stands for. */
export function blobsOf({ documents, evidence }: Bundle): readonly (readonly Descriptor[])[] {
  return [...contentOf(documents, evidence), ...documents.map(({ descriptor }) => [descriptor])];
}

const isDocument = (mediaType: string): boolean => isManifest(mediaType) || isIndex(mediaType);

/** Works on several blobs at once. When one fails, the others stop at their next chunk, and have ended before its error is passed on. */
export async function together(
  blobs: readonly Descriptor[],
  ctx: Context,
  work: (blob: Descriptor, ctx: Context) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const pass = (): void => stop.abort(ctx.signal.reason);
  if (ctx.signal.aborted) pass();
  ctx.signal.addEventListener('abort', pass, { once: true });
  try {
    await mapLimit(blobs, Math.max(ctx.concurrency, PARALLEL_BLOBS), async (blob) => {
      try {
        await work(blob, { ...ctx, signal: stop.signal });
      } catch (error) {
        stop.abort();
        throw error;
      }
    });
  } finally {
    ctx.signal.removeEventListener('abort', pass);
  }
}

/** Copies every blob of a bundle that is not there yet; documents last, in their order. */
export async function copyBlobs(
  bundle: Bundle,
  sink: BlobSink,
  ctx: Context,
): Promise<Pick<Written, 'bytes' | 'blobs' | 'reused'>> {
  let bytes = 0;
  let blobs = 0;
  let reused = 0;
  const groups = blobsOf(bundle);
  const meter = transferMeter(groups.flat(), ctx);
  for (const group of groups) {
    await together(group, ctx, async (descriptor, ctx) => {
      throwIfCancelled(ctx.signal);
      if (await sink.has(descriptor)) {
        reused += 1;
        meter.skip(descriptor);
        return;
      }
      await sink.put(descriptor, () => meter.through(told(bundle.blobs.open(descriptor), descriptor, ctx), descriptor));
      bytes += descriptor.size;
      blobs += 1;
    });
  }
  return { bytes, blobs, reused };
}

/** Which blobs a sink does not have. */
export async function lackingIn(sink: Pick<BlobSink, 'has'>, bundle: Bundle, ctx: Context): Promise<Descriptor[]> {
  const blobs = blobsOf(bundle).flat();
  const there = await mapLimit(blobs, PARALLEL_BLOBS, (blob) => {
    throwIfCancelled(ctx.signal);
    return sink.has(blob);
  });
  return blobs.filter((_, index) => there[index] !== true);
}
