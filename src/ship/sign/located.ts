import type { Digest } from '../../base/digest.ts';
import { isTareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import type { Manifest } from '../../oci/types.ts';
import { parseManifest } from '../../oci/validate.ts';
import { connectRegistry } from '../../transports/registry/access.ts';
import { placeOf, type RegistryPlace } from '../../transports/registry/place-of.ts';
import type { RegistryAccess, RegistryClient } from '../../transports/registry/types.ts';

export interface SignTools {
  readonly ctx: Context;
  readonly registry?: RegistryAccess;
}

/** What is signed is the digest: `docker://HOST/REPOSITORY@DIGEST`. */
export const pinned = ({ registry, repository }: RegistryPlace, digest: Digest): string =>
  `docker://${registry}/${repository}@${digest}`;

/** The digest that a reference means now: what is signed is that, whatever the tag points to later. */
export async function located(
  reference: string,
  tools: SignTools,
): Promise<{ readonly client: RegistryClient; readonly place: RegistryPlace; readonly digest: Digest }> {
  const place = placeOf(`//${reference.replace(/^docker:\/\//, '')}`);
  const client = await connectRegistry(place.registry, tools);
  const { digest } = await client.getManifest(place.repository, place.wanted, tools.ctx.signal);
  return { client, place, digest };
}

/** Undefined when nothing has that tag. @throws TareError E_MANIFEST, E_REGISTRY … */
export async function manifestAt(
  client: RegistryClient,
  repository: string,
  tag: string,
  signal: AbortSignal,
): Promise<Manifest | undefined> {
  try {
    const { bytes, mediaType } = await client.getManifest(repository, tag, signal);
    return parseManifest(bytes, { mediaType });
  } catch (error) {
    if (isTareError(error, 'E_IMAGE_NOT_FOUND')) return undefined;
    throw error;
  }
}
