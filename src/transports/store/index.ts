import { join } from 'node:path';
import { parseImageName } from '../../oci/reference.ts';
import type { Descriptor } from '../../oci/types.ts';
import { findImage } from '../../store/lookup.ts';
import { withLock } from '../../store/lock.ts';
import { normalisedName } from '../../store/names.ts';
import type { Store } from '../../store/types.ts';
import { attachedByTag } from '../attached.ts';
import { copyBlobs, givesName, lackingIn, type BlobSink } from '../blobs.ts';
import { fetchOnce } from '../fetch-once.ts';
import { graphTransport } from '../graph-transport.ts';
import { withListed } from '../referrer-list.ts';
import type { BundleDocument, Transport } from '../types.ts';

/** The store of TARE_HOME: names, digests, and the first digits of digests. */
export const transport: Transport = graphTransport({
  find: async (rest, { store }) => {
    const { descriptor, evidence, name } = await findImage(store, rest);
    return {
      reference: name,
      blobs: store.blobs,
      descriptor,
      evidenceOf: () => Promise.resolve(evidence),
      attachedTo: (manifest) => attachedByTag(manifest, store.blobs, (tag) => taggedAnywhere(store, name, tag)),
    };
  },
  write: async (bundle, rest, { ctx, store }) => {
    const reference = parseImageName(rest);
    // Until the name is given, nothing but the lease keeps the blobs from being pruned.
    const lease = await store.lease();
    try {
      const counts = await copyBlobs(bundle, storeSink(store, ctx.signal), ctx);
      for (const document of bundle.documents)
        if (document.tag !== undefined) await nameDocument(store, document, besideName(reference, document.tag));
      if (givesName(bundle)) await store.tag(reference, bundle.descriptor, bundle.evidence);
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

/** What refers to an image refers to it under any of its names: what has a tag in this repository first, then in the others. */
async function taggedAnywhere(store: Store, name: string, tag: string): Promise<readonly Descriptor[]> {
  const own = besideName(name, tag);
  const tagged = (await store.images()).filter((image) => image.name.endsWith(`:${tag}`));
  return [...tagged.filter((image) => image.name === own), ...tagged.filter((image) => image.name !== own)].map(
    ({ descriptor }) => descriptor,
  );
}

/** A list of referrers takes over what others have put into it: one process after the other. */
async function nameDocument(store: Store, document: BundleDocument, name: string): Promise<void> {
  await withLock(join(store.home, 'tare', 'tmp', 'referrers'), async () => {
    const before = (await store.find(name))?.descriptor;
    const { descriptor, raw } = await withListed(document, before, store.blobs);
    if (descriptor.digest === before?.digest) return;
    await store.blobs.putBytes(raw);
    await store.tag(name, descriptor);
  });
}

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
