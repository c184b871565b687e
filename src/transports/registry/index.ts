import { TareError } from '../../base/error.ts';
import { imageOf } from '../image.ts';
import type { Transport } from '../types.ts';
import { connectRegistry } from './access.ts';
import { findEvidence } from './evidence.ts';
import { placeOf } from './place-of.ts';
import { descriptorOf, registryBlobs } from './source.ts';
import { writeToRegistry } from './write.ts';

/** The images of a registry (OCI distribution-spec 1.1, Docker Registry HTTP API V2). */
export const transport: Transport = {
  open: async (rest, tools) => {
    const { reference, registry, repository, wanted } = placeOf(rest);
    const { ctx, platform, store } = tools;
    const client = await connectRegistry(registry, tools);
    const found = await client.getManifest(repository, wanted, ctx.signal);
    const blobs = registryBlobs({ client, repository, store, signal: ctx.signal, known: [found] });
    const image = await imageOf({ reference, blobs, descriptor: descriptorOf(found), platform });
    const evidence = await findEvidence(client, repository, image.descriptor.digest, ctx.signal);
    return { ...image, ...(evidence === undefined ? {} : { evidence }) };
  },
  write: async (image, rest, tools) => {
    const place = placeOf(rest);
    if (place.digest !== undefined)
      throw new TareError(
        'E_REFERENCE',
        `${place.reference}: an image is put under a tag, its digest follows from it`,
        {
          hint: 'leave the digest out',
        },
      );
    const client = await connectRegistry(place.registry, tools);
    return { reference: place.reference, ...(await writeToRegistry(client, image, place, tools.ctx)) };
  },
  identity: (rest) => Promise.resolve(placeOf(rest).reference),
};
