import { parseImageName } from '../../oci/reference.ts';
import { findImage } from '../../store/lookup.ts';
import { normalisedName } from '../../store/names.ts';
import type { Store } from '../../store/types.ts';
import { attachedByTag } from '../attached.ts';
import { copyBlobs, lackingIn, type BlobSink } from '../blobs.ts';
import { fetchOnce } from '../fetch-once.ts';
import { graphTransport } from '../graph-transport.ts';
import type { Transport } from '../types.ts';

/** The store of TARE_HOME: names, digests, and the first digits of digests. */
export const transport: Transport = graphTransport({
  find: async (rest, { store }) => {
    const { descriptor, evidence, name } = await findImage(store, rest);
    return {
      reference: name,
      blobs: store.blobs,
      descriptor,
      evidenceOf: () => Promise.resolve(evidence),
      attachedTo: (manifest) =>
        attachedByTag(manifest, store.blobs, async (tag) => (await store.find(besideName(name, tag)))?.descriptor),
    };
  },
  write: async (bundle, rest, { ctx, store }) => {
    const reference = parseImageName(rest);
    // Until the name is given, nothing but the lease keeps the blobs from being pruned.
    const lease = await store.lease();
    try {
      const counts = await copyBlobs(bundle, storeSink(store, ctx.signal), ctx);
      for (const { descriptor, tag } of bundle.documents)
        if (tag !== undefined) await store.tag(besideName(reference, tag), descriptor);
      await store.tag(reference, bundle.descriptor, bundle.evidence);
      return { reference, digest: bundle.descriptor.digest, ...counts };
    } finally {
      await lease.release();
    }
  },
  lacking: async (bundle, _rest, { ctx, store }) => ({
    blobs: await lackingIn(storeSink(store, ctx.signal), bundle, ctx),
  }),
  identity: (rest) => Promise.resolve(`store:${normalisedName(rest) ?? rest}`),
});

/** `team/app:1` and `sha256-HEX.sig` → `team/app:sha256-HEX.sig` */
function besideName(name: string, tag: string): string {
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  return `${colon === -1 ? name : name.slice(0, colon)}:${tag}`;
}

function storeSink(store: Store, signal: AbortSignal): BlobSink {
  return {
    has: async ({ digest, size }) => (await store.blobs.size(digest)) === size,
    put: (descriptor, open) => fetchOnce(store, descriptor, open, signal),
  };
}
