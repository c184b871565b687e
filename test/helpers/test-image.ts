import { sha256 } from '../../src/base/digest.ts';
import type { Image, RunConfig } from '../../src/oci/types.ts';

/** An image that is nothing but a config: for what only asks how it wants to be run. Its layers cannot be opened. */
export function imageOfConfig(config: RunConfig, reference = 'test:latest'): Image {
  const image = { architecture: 'amd64', os: 'linux', config, rootfs: { type: 'layers' as const, diff_ids: [] } };
  const raw = Buffer.from(JSON.stringify(image));
  const descriptor = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: sha256(raw), size: raw.length };
  const manifest = { schemaVersion: 2 as const, config: descriptor, layers: [] };
  const rawManifest = Buffer.from(JSON.stringify(manifest));
  return {
    reference,
    descriptor: {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: sha256(rawManifest),
      size: rawManifest.length,
    },
    manifest,
    config: image,
    raw: { manifest: rawManifest, config: raw },
    blobs: {
      open() {
        throw new Error('this image has no blobs');
      },
    },
  };
}
