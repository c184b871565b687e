import { sha256 } from '../base/digest.ts';
import { encodeIndex } from '../oci/encode.ts';
import { OCI_INDEX } from '../oci/media-types.ts';
import type { BlobSource, Descriptor } from '../oci/types.ts';
import { listAt } from './attached.ts';
import type { BundleDocument } from './types.ts';

/** distribution-spec, "Referrers Tag Schema". */
const FALLBACK_TAG = /^sha(?:256|512)-[0-9a-f]{64}$/;

/** What media without lists of referrers keep in their place, under the fallback tag. */
export function referrerList(tag: string, manifests: readonly Descriptor[]): BundleDocument {
  const content = { schemaVersion: 2, mediaType: OCI_INDEX, manifests } as const;
  const raw = encodeIndex(content);
  const descriptor = { mediaType: OCI_INDEX, digest: sha256(raw), size: raw.length };
  return { descriptor, raw, content, tag };
}

/**
 * A list of referrers together with the one that it replaces; any other document as it is. What is under the tag and is no list goes.
 * @param before what has the tag at the target
 * @throws TareError E_DIGEST, E_SIZE, E_MANIFEST, E_IMAGE_NOT_FOUND
 */
export async function withListed(
  document: BundleDocument,
  before: Descriptor | undefined,
  blobs: BlobSource,
): Promise<BundleDocument> {
  const { content, tag } = document;
  if (tag === undefined || !FALLBACK_TAG.test(tag) || !('manifests' in content)) return document;
  const known = new Set(content.manifests.map(({ digest }) => digest));
  const others = before === undefined ? [] : ((await listAt(before, blobs)) ?? []);
  const fresh = others.filter(({ digest }) => !known.has(digest));
  return fresh.length === 0 ? document : referrerList(tag, [...fresh, ...content.manifests]);
}
