import { sha256, type Digest } from '../../base/digest.ts';
import { encodeConfig, encodeManifest } from '../../oci/encode.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../../oci/media-types.ts';
import type { Descriptor, Manifest } from '../../oci/types.ts';

/** Layers of a manifest of signatures: each is a signed text, its signature an annotation (cosign, SIGNATURE_SPEC.md). */
export const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';
export const SIGNATURE_ANNOTATION = 'dev.cosignproject.cosign/signature';

/** Where the signatures of a manifest are, in its own repository: `sha256-HEX.sig`. */
export function signatureTag(digest: Digest): string {
  return `${digest.replace(':', '-')}.sig`;
}

/** The same for signed attestations: `sha256-HEX.att`. */
export function attestationTag(digest: Digest): string {
  return `${digest.replace(':', '-')}.att`;
}

export interface SignatureLayer {
  readonly descriptor: Descriptor;
  /** Base64. */
  readonly signature: string;
}

/** The signatures that a manifest holds; other layers are passed over. */
export function signaturesOf(manifest: Manifest): readonly SignatureLayer[] {
  return manifest.layers.flatMap((descriptor) => {
    const signature = descriptor.annotations?.[SIGNATURE_ANNOTATION];
    return descriptor.mediaType === SIMPLE_SIGNING && signature !== undefined ? [{ descriptor, signature }] : [];
  });
}

export interface SignatureParts {
  /** How many it holds. */
  readonly signatures: number;
  readonly manifest: Uint8Array;
  readonly config: { readonly descriptor: Descriptor; readonly bytes: Uint8Array };
}

/** The manifest with one more signature. What was signed with the same text and gave the same signature is there once. */
export function withSignature(
  before: Manifest | undefined,
  { payload, signature }: { readonly payload: Uint8Array; readonly signature: string },
): SignatureParts {
  return withLayer(before, {
    mediaType: SIMPLE_SIGNING,
    size: payload.length,
    digest: sha256(payload),
    annotations: { [SIGNATURE_ANNOTATION]: signature },
  });
}

/** Of signatures and of attestations: each is a layer. */
export function withLayer(before: Manifest | undefined, added: Descriptor): SignatureParts {
  const signature = added.annotations?.[SIGNATURE_ANNOTATION];
  const others = before?.layers.filter(
    (layer) => layer.digest !== added.digest || layer.annotations?.[SIGNATURE_ANNOTATION] !== signature,
  );
  const layers = [...(others ?? []), added];
  const config = encodeConfig({
    architecture: '',
    os: '',
    config: {},
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) },
  });
  const descriptor = { mediaType: OCI_CONFIG, size: config.length, digest: sha256(config) };
  return {
    signatures: layers.length,
    manifest: encodeManifest({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: descriptor, layers }),
    config: { descriptor, bytes: config },
  };
}
