import { sha256 } from '../base/digest.ts';
import { EMPTY_CONFIG, EMPTY_CONFIG_BYTES, encodeArtifact } from '../oci/artifact.ts';
import { OCI_MANIFEST } from '../oci/media-types.ts';
import type { Annotations, Descriptor } from '../oci/types.ts';
import { parseManifest } from '../oci/validate.ts';
import { fallbackTag, referrerEntry } from './attached.ts';
import { referrerList } from './referrer-list.ts';
import type { Bundle, BundleDocument } from './types.ts';
import { withBytes } from './with-bytes.ts';

/** A document about an image: a bill of materials, a provenance. */
export interface Artifact {
  /** Of the artifact, and of its layer. */
  readonly artifactType: string;
  readonly bytes: Uint8Array;
  /** Of the artifact, where lists of referrers show them. */
  readonly annotations?: Annotations;
  /** Of the layer. */
  readonly layerAnnotations?: Annotations;
}

/** A bundle with documents about what gets its name, in that order. */
export function withArtifacts(bundle: Bundle, artifacts: readonly Artifact[]): Bundle {
  if (artifacts.length === 0) return bundle;
  const subject = bundle.descriptor;
  const manifests = artifacts.map((artifact) => artifactManifest(subject, artifact));
  const list = referrerList(
    fallbackTag(subject.digest),
    manifests.map(({ content, descriptor }) => referrerEntry(descriptor, content)),
  );
  const added = [...manifests, list];
  return {
    ...bundle,
    documents: [...bundle.documents, ...added],
    blobs: withBytes(bundle.blobs, [
      [EMPTY_CONFIG.digest, EMPTY_CONFIG_BYTES],
      ...artifacts.map(({ bytes }) => [sha256(bytes), bytes] as const),
      ...added.map(({ descriptor, raw }) => [descriptor.digest, raw] as const),
    ]),
  };
}

/** The documents alone, to be put beside an image that is there: it keeps its name, or has none. */
export function besideImage(
  image: Pick<Bundle, 'blobs' | 'descriptor' | 'reference'>,
  artifacts: readonly Artifact[],
): Bundle {
  const { blobs, descriptor, reference } = image;
  return withArtifacts({ reference, descriptor, blobs, documents: [] }, artifacts);
}

/** Of the manifest of an artifact. */
export function artifactManifest(
  subject: Descriptor,
  { annotations, artifactType, bytes, layerAnnotations }: Artifact,
): BundleDocument {
  const layer: Descriptor = {
    mediaType: artifactType,
    digest: sha256(bytes),
    size: bytes.length,
    ...(layerAnnotations === undefined ? {} : { annotations: layerAnnotations }),
  };
  const raw = encodeArtifact({ artifactType, layer, subject, ...(annotations === undefined ? {} : { annotations }) });
  return {
    descriptor: { mediaType: OCI_MANIFEST, digest: sha256(raw), size: raw.length },
    raw,
    content: parseManifest(raw, { mediaType: OCI_MANIFEST }),
  };
}
