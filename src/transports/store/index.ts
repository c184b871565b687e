import { parseImageName } from '../../oci/reference.ts';
import { findImage } from '../../store/lookup.ts';
import { normalisedName } from '../../store/names.ts';
import type { Store } from '../../store/types.ts';
import { copyBlobs, type BlobSink } from '../blobs.ts';
import { fetchOnce } from '../fetch-once.ts';
import { imageOf } from '../image.ts';
import type { Transport } from '../types.ts';

/** The store of TARE_HOME: names, digests, and the first digits of digests. */
export const transport: Transport = {
  open: async (rest, { platform, store }) => {
    const { descriptor, evidence, name } = await findImage(store, rest);
    return imageOf({ reference: name, blobs: store.blobs, descriptor, platform, evidence });
  },
  write: async (image, rest, { ctx, store }) => {
    const reference = parseImageName(rest);
    // Until the name is given, nothing but the lease keeps the blobs from being pruned.
    const lease = await store.lease();
    try {
      const counts = await copyBlobs(image, storeSink(store, ctx.signal), ctx);
      await store.tag(reference, image.descriptor, image.evidence);
      return { reference, digest: image.descriptor.digest, ...counts };
    } finally {
      await lease.release();
    }
  },
  identity: (rest) => Promise.resolve(`store:${normalisedName(rest) ?? rest}`),
};

function storeSink(store: Store, signal: AbortSignal): BlobSink {
  return {
    has: async ({ digest, size }) => (await store.blobs.size(digest)) === size,
    put: (descriptor, open) => fetchOnce(store, descriptor, open, signal),
  };
}
