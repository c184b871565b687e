import { sha256, type Digest } from '../base/digest.ts';
import { TareError } from '../base/error.ts';
import { encodeConfig } from './encode.ts';
import type { Annotations, Descriptor, History, ImageConfig, Manifest } from './types.ts';

/** An image without its blobs. Every edit returns a pair in which `manifest.config` describes the bytes of `encodeConfig(config)`. */
export interface ImageParts {
  readonly manifest: Manifest;
  readonly config: ImageConfig;
}

export interface NewLayer {
  readonly descriptor: Descriptor;
  /** Digest of the uncompressed tar. */
  readonly diffId: Digest;
  readonly history?: History;
}

/** Puts layers on top, the first of them lowest. */
export function appendLayers(base: ImageParts, ...layers: readonly NewLayer[]): ImageParts {
  const { config, manifest } = base;
  const history = [...(config.history ?? []), ...layers.map((layer) => layer.history ?? {})];
  return withConfig(
    { ...base, manifest: { ...manifest, layers: [...manifest.layers, ...layers.map((layer) => layer.descriptor)] } },
    {
      ...config,
      rootfs: { ...config.rootfs, diff_ids: [...config.rootfs.diff_ids, ...layers.map((layer) => layer.diffId)] },
      history,
    },
  );
}

/** @throws TareError E_MANIFEST when the config does not name one diff ID per layer */
export function withConfig(base: ImageParts, config: ImageConfig): ImageParts {
  const { manifest } = base;
  const count = config.rootfs.diff_ids.length;
  if (count !== manifest.layers.length) {
    throw new TareError(
      'E_MANIFEST',
      `the manifest has ${manifest.layers.length} layers, but its config has ${count} diff IDs`,
    );
  }
  const bytes = encodeConfig(config);
  const descriptor = { mediaType: manifest.config.mediaType, digest: sha256(bytes), size: bytes.length };
  return { manifest: { ...manifest, config: descriptor }, config };
}

/** Adds annotations to the manifest; a new value replaces the old one. */
export function withAnnotations(base: ImageParts, annotations: Annotations): ImageParts {
  return { ...base, manifest: { ...base.manifest, annotations: { ...base.manifest.annotations, ...annotations } } };
}
