import type { Digest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import { cosignTags } from '../attached.ts';
import { givesName } from '../blobs.ts';
import { graphTransport } from '../graph-transport.ts';
import type { Attached, Transport } from '../types.ts';
import { connectRegistry, longName } from './access.ts';
import { findEvidence } from './evidence.ts';
import { placeOf, type RegistryPlace } from './place-of.ts';
import { descriptorOf, registryBlobs } from './source.ts';
import type { RegistryClient } from './types.ts';
import { lackingInRegistry, writeToRegistry } from './write.ts';

/** The images of a registry (OCI distribution-spec 1.1, Docker Registry HTTP API V2). */
export const transport: Transport = graphTransport({
  find: async (rest, tools) => {
    const { reference, registry, repository, wanted } = placeOf(await unabbreviated(rest));
    const { signal } = tools.ctx;
    const client = await connectRegistry(registry, tools);
    const found = await client.getManifest(repository, wanted, signal);
    return {
      reference,
      blobs: registryBlobs({ client, repository, store: tools.store, signal, known: [found] }),
      descriptor: descriptorOf(found),
      evidenceOf: (manifest) => findEvidence(client, repository, manifest, signal),
      attachedTo: (manifest) => findAttached(client, repository, manifest, signal),
    };
  },
  write: async (bundle, rest, tools) => {
    const place = givesName(bundle) ? targetOf(rest) : placeOf(rest);
    const client = await connectRegistry(place.registry, tools);
    return {
      reference: place.reference,
      ...(await writeToRegistry(client, bundle, place, { ctx: tools.ctx, landed: tools.registry?.landed })),
    };
  },
  lacking: async (bundle, rest, tools) => {
    const place = targetOf(rest);
    const client = await connectRegistry(place.registry, tools);
    return lackingInRegistry(client, bundle, place, tools.ctx.signal);
  },
  identity: (rest) => Promise.resolve(placeOf(rest).reference),
});

/** What is pulled may have a short name on this machine; what is pushed goes where it is written. */
async function unabbreviated(rest: string): Promise<string> {
  return rest.startsWith('//') ? `//${await longName(rest.slice(2))}` : rest;
}

/** @throws TareError E_REFERENCE */
function targetOf(rest: string): RegistryPlace {
  const place = placeOf(rest);
  if (place.digest === undefined) return place;
  throw new TareError('E_REFERENCE', `${place.reference}: an image is put under a tag, its digest follows from it`, {
    hint: 'leave the digest out',
  });
}

/** By the list of referrers, or its fallback tag; and by cosign's tags. */
async function findAttached(
  client: RegistryClient,
  repository: string,
  manifest: Digest,
  signal: AbortSignal,
): Promise<readonly Attached[]> {
  const listed = await client.referrers(repository, manifest, undefined, signal);
  const found: Attached[] = listed.map((descriptor) => ({ descriptor }));
  for (const tag of cosignTags(manifest)) {
    const descriptor = await client.headManifest(repository, tag, signal);
    if (descriptor !== undefined) found.push({ descriptor, tag });
  }
  return found;
}
