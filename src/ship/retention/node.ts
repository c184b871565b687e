import type { Digest } from '../../base/digest.ts';
import { isIndex, isManifest } from '../../oci/media-types.ts';
import type { Annotations, Descriptor } from '../../oci/types.ts';
import { parseIndex, parseManifest } from '../../oci/validate.ts';
import { readManifest } from '../registry/manifest.ts';
import type { ManifestNode } from './storage.ts';

/** A manifest with what its age can be read from. */
export interface ReadNode extends ManifestNode {
  readonly mediaType: string;
  /** Of an image or artifact in the form of one. */
  readonly config?: Descriptor;
  readonly annotations?: Annotations;
  /** Of an index: with their platforms. */
  readonly entries?: readonly Descriptor[];
  /** Of an image or index. */
  readonly refersTo?: Descriptor;
}

/**
 * A manifest or index of any type. Its bytes must be those of the digest.
 * @param sizeOf for artifacts of other types, whose descriptors follow no common form; undefined when the blob is not there
 * @throws TareError E_MANIFEST, E_MEDIA_TYPE, E_LIMIT
 */
export async function readNode(
  bytes: Uint8Array,
  { digest, mediaType }: { readonly digest: Digest; readonly mediaType: string },
  sizeOf: (digest: Digest) => Promise<number | undefined>,
): Promise<ReadNode> {
  const own = { digest, mediaType, size: bytes.length };
  if (isIndex(mediaType)) {
    const index = parseIndex(bytes, { mediaType });
    const manifests = index.manifests.map((entry) => entry.digest);
    return { ...own, blobs: [], manifests, entries: index.manifests, ...about(index) };
  }
  if (isManifest(mediaType)) {
    const manifest = parseManifest(bytes, { mediaType });
    const { config, layers } = manifest;
    return { ...own, blobs: [config, ...layers], manifests: [], config, ...about(manifest) };
  }
  const artifact = readManifest(bytes, mediaType);
  const blobs: { digest: Digest; size: number }[] = [];
  for (const blob of artifact.blobs) blobs.push({ digest: blob.digest, size: (await sizeOf(blob.digest)) ?? 0 });
  const { annotations, subject } = artifact;
  return {
    ...own,
    blobs,
    manifests: artifact.children,
    ...(subject === undefined ? {} : { subject }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

function about(document: {
  readonly subject?: Descriptor;
  readonly annotations?: Annotations;
}): Pick<ReadNode, 'subject' | 'refersTo' | 'annotations'> {
  const { annotations, subject } = document;
  return {
    ...(subject === undefined ? {} : { subject: subject.digest, refersTo: subject }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}
