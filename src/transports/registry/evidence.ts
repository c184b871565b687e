import { sha256, type Digest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import { bytesOf } from '../../base/streams.ts';
import { EMPTY_CONFIG, EMPTY_CONFIG_BYTES, encodeArtifact } from '../../oci/artifact.ts';
import { EVIDENCE_MEDIA_TYPE, OCI_MANIFEST } from '../../oci/media-types.ts';
import type { Descriptor } from '../../oci/types.ts';
import { parseManifest } from '../../oci/validate.ts';
import type { Bundle } from '../types.ts';
import { putWithSubject } from './referrers.ts';
import type { RegistryClient } from './types.ts';

/**
 * Puts the record of reasons beside its image: an artifact whose `subject` is the image (image-spec manifest.md, "Guidelines for Artifact Usage").
 * @returns how many bytes travelled; 0 when it was there
 */
export async function putEvidence(
  client: RegistryClient,
  image: Pick<Bundle, 'blobs' | 'descriptor'> & { readonly evidence: Descriptor },
  target: { readonly repository: string; readonly mountFrom: string | undefined },
  signal: AbortSignal,
): Promise<number> {
  const { evidence } = image;
  const { mountFrom, repository } = target;
  const { digest } = image.descriptor;
  const record = { mediaType: EVIDENCE_MEDIA_TYPE, digest: evidence.digest, size: evidence.size };
  const bytes = encodeArtifact({ artifactType: EVIDENCE_MEDIA_TYPE, layer: record, subject: image.descriptor });
  const known = await client.referrers(repository, digest, EVIDENCE_MEDIA_TYPE, signal);
  if (known.some((item) => item.digest === sha256(bytes))) return 0;
  await client.uploadBlob(repository, { descriptor: EMPTY_CONFIG, open: () => bytesOf(EMPTY_CONFIG_BYTES) }, signal);
  const done = await client.uploadBlob(
    repository,
    {
      descriptor: record,
      open: () => image.blobs.open(evidence),
      ...(mountFrom === undefined ? {} : { mountFrom }),
    },
    signal,
  );
  await putWithSubject(client, repository, { bytes, mediaType: OCI_MANIFEST }, signal);
  return done === 'uploaded' ? evidence.size : 0;
}

/**
 * The record of reasons of an image; undefined when there is none, or when whoever asks may not see it: the image is as good without. Of several the
 * first counts.
 */
export async function findEvidence(
  client: RegistryClient,
  repository: string,
  image: Digest,
  signal: AbortSignal,
): Promise<Descriptor | undefined> {
  try {
    const [artifact] = await client.referrers(repository, image, EVIDENCE_MEDIA_TYPE, signal);
    if (artifact === undefined) return undefined;
    const { bytes, mediaType } = await client.getManifest(repository, artifact.digest, signal);
    const manifest = parseManifest(bytes, { mediaType });
    // The list is anybody's to write under the fallback tag; the artifact says itself whose it is.
    if (manifest.subject?.digest !== image) return undefined;
    return manifest.layers.find((layer) => layer.mediaType === EVIDENCE_MEDIA_TYPE);
  } catch (error) {
    if (error instanceof TareError && error.code !== 'E_CANCELLED') return undefined;
    throw error;
  }
}
