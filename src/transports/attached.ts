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
 * What refers to a manifest in a medium without lists of referrers: the index under the fallback tag, and cosign's tags.
 * @throws TareError E_DIGEST, E_SIZE; what `find` throws
 */
export async function attachedByTag(
  manifest: Digest,
  blobs: BlobSource,
  find: (tag: string) => Promise<Descriptor | undefined>,
): Promise<readonly Attached[]> {
  const list = await find(fallbackTag(manifest));
  const found: Attached[] = [];
  if (list !== undefined && isIndex(list.mediaType)) {
    const { mediaType } = list;
    const { manifests } = parseIndex(await readBlob(blobs, list, MAX_MANIFEST_BYTES), { mediaType });
    found.push(...manifests.map((descriptor) => ({ descriptor })));
  }
  for (const tag of cosignTags(manifest)) {
    const descriptor = await find(tag);
    if (descriptor !== undefined) found.push({ descriptor, tag });
  }
  return found;
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
