import { sha256 } from '../base/digest.ts';
import { encodeManifest } from './encode.ts';
import { OCI_EMPTY, OCI_MANIFEST } from './media-types.ts';
import type { Annotations, Descriptor } from './types.ts';

/** The config of an artifact that has none. */
export const EMPTY_CONFIG_BYTES: Uint8Array = Buffer.from('{}', 'utf8');

export const EMPTY_CONFIG: Descriptor = {
  mediaType: OCI_EMPTY,
  digest: sha256(EMPTY_CONFIG_BYTES),
  size: EMPTY_CONFIG_BYTES.length,
};

/**
 * A manifest that says something about another one, its subject: one layer, and no config (image-spec manifest.md, "Guidelines for Artifact Usage"). The same
 * input gives the same bytes.
 */
export function encodeArtifact(artifact: {
  readonly artifactType: string;
  readonly layer: Descriptor;
  readonly subject: Descriptor;
  readonly annotations?: Annotations;
}): Uint8Array {
  const { annotations, artifactType, layer, subject } = artifact;
  const { digest, mediaType, size } = subject;
  return encodeManifest({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType,
    config: EMPTY_CONFIG,
    layers: [layer],
    subject: { mediaType, digest, size },
    ...(annotations === undefined ? {} : { annotations }),
  });
}
