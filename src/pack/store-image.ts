import { TareError } from '../base/error.ts';
import { encodeConfig, encodeManifest } from '../oci/encode.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../oci/media-types.ts';
import type { Annotations, Descriptor, ImageConfig, Manifest, Platform } from '../oci/types.ts';
import type { Store } from '../store/types.ts';
import type { PackedLayer } from './index.ts';

export interface StoreImageOptions {
  readonly store: Store;
  /** `rootfs.diff_ids` may be empty: it is filled from the layers. */
  readonly config: ImageConfig;
  /** Base first. */
  readonly layers: readonly Pick<PackedLayer, 'descriptor' | 'diffId'>[];
  /** Of the manifest. */
  readonly annotations?: Annotations;
}

export interface StoredImage {
  /** Of the manifest, with the platform. */
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: Descriptor;
}

/**
 * Writes config and manifest of an image whose layers are in the store. Equal values give equal digests. No name is given.
 * @throws TareError E_MANIFEST when the config lists other layers; errors of the store pass
 */
export async function storeImage(options: StoreImageOptions): Promise<StoredImage> {
  const { annotations, layers, store } = options;
  const config = withLayers(options.config, layers);
  const blob = await store.blobs.putBytes(encodeConfig(config));
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, ...blob },
    layers: layers.map((layer) => layer.descriptor),
    ...(annotations === undefined || Object.keys(annotations).length === 0 ? undefined : { annotations }),
  };
  const stored = await store.blobs.putBytes(encodeManifest(manifest));
  return {
    descriptor: { mediaType: OCI_MANIFEST, ...stored, platform: platformOf(config) },
    manifest,
    config: manifest.config,
  };
}

function withLayers(config: ImageConfig, layers: StoreImageOptions['layers']): ImageConfig {
  const diffIds = layers.map((layer) => layer.diffId);
  const given = config.rootfs.diff_ids;
  if (given.length === 0) return { ...config, rootfs: { type: 'layers', diff_ids: diffIds } };
  if (given.length === diffIds.length && given.every((id, index) => id === diffIds[index])) return config;
  throw new TareError('E_MANIFEST', 'cannot store the image: its config lists other layers than it has');
}

function platformOf(config: ImageConfig): Platform {
  return {
    os: config.os,
    architecture: config.architecture,
    ...(config.variant === undefined ? undefined : { variant: config.variant }),
    ...(config['os.version'] === undefined ? undefined : { 'os.version': config['os.version'] }),
  };
}
