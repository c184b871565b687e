import { algorithmOf, hexOf, type Digest } from '../base/digest.ts';
import { isIndex } from '../oci/media-types.ts';
import type { BlobSource, Descriptor, Manifest, ImageIndex } from '../oci/types.ts';
import { MAX_MANIFEST_BYTES, parseIndex } from '../oci/validate.ts';
import { readBlob } from './image.ts';
import type { Attached } from './types.ts';

/** What cosign keeps beside an image under tags of its own: signatures, attestations, SBOMs (cosign SIGNATURE_SPEC.md). */
const COSIGN_SUFFIXES = ['sig', 'att', 'sbom'] as const;

/** distribution-spec, "Referrers Tag Schema": `sha256-HEX`, the hex digits cut at 64. */
export function fallbackTag(digest: Digest): string {
  return `${algorithmOf(digest)}-${hexOf(digest).slice(0, 64)}`;
}

export function cosignTags(digest: Digest): readonly string[] {
  return COSIGN_SUFFIXES.map((suffix) => `${algorithmOf(digest)}-${hexOf(digest)}.${suffix}`);
}

/**
 * What refers to a manifest in a medium without lists of referrers: the indexes under the fallback tag, and cosign's tags.
 * @param find what has a tag; where repositories share one folder, in any of them
 * @throws TareError E_DIGEST, E_SIZE; what `find` throws
 */
export async function attachedByTag(
  manifest: Digest,
  blobs: BlobSource,
  find: (tag: string) => Promise<readonly Descriptor[]>,
): Promise<readonly Attached[]> {
  const listed = new Map<Digest, Attached>();
  for (const list of await find(fallbackTag(manifest)))
    for (const descriptor of (await listAt(list, blobs)) ?? []) listed.set(descriptor.digest, { descriptor });
  const found = [...listed.values()];
  for (const tag of cosignTags(manifest)) {
    const [descriptor] = await find(tag);
    if (descriptor !== undefined) found.push({ descriptor, tag });
  }
  return found;
}

/** A list of referrers; undefined for what is no index. @throws TareError E_DIGEST, E_SIZE, E_MANIFEST, E_IMAGE_NOT_FOUND */
export async function listAt(list: Descriptor, blobs: BlobSource): Promise<readonly Descriptor[] | undefined> {
  const { mediaType } = list;
  if (!isIndex(mediaType)) return undefined;
  return parseIndex(await readBlob(blobs, list, MAX_MANIFEST_BYTES), { mediaType }).manifests;
}

/** A manifest as lists of referrers name it (distribution-spec, "Listing Referrers"). */
export function referrerEntry(descriptor: Descriptor, content: Manifest | ImageIndex): Descriptor {
  const { digest, mediaType, size } = descriptor;
  const artifactType = content.artifactType ?? ('config' in content ? content.config.mediaType : undefined);
  return {
    mediaType,
    digest,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(content.annotations === undefined ? {} : { annotations: content.annotations }),
  };
}
