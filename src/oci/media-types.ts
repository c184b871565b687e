import { TareError } from '../base/error.ts';

/** image-spec media-types.md. */
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
/** The config of an artifact that has none: `{}`. */
export const OCI_EMPTY = 'application/vnd.oci.empty.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
export const OCI_LAYER_GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const OCI_LAYER_ZSTD = 'application/vnd.oci.image.layer.v1.tar+zstd';

/** distribution/docs/spec/manifest-v2-2.md. */
export const DOCKER_INDEX = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
/** Never in a registry: what a daemon and `docker save` name their layers. */
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar';
export const DOCKER_LAYER_GZIP = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
const DOCKER_LAYER_ZSTD = 'application/vnd.docker.image.rootfs.diff.tar.zstd';

/** tare's own: the record of why every file is in an image. */
export const EVIDENCE_MEDIA_TYPE = 'application/vnd.tare.evidence.v1+json';

export type LayerCompression = 'none' | 'gzip' | 'zstd';

const COMPRESSIONS: ReadonlyMap<string, LayerCompression> = new Map([
  [OCI_LAYER, 'none'],
  [OCI_LAYER_GZIP, 'gzip'],
  [OCI_LAYER_ZSTD, 'zstd'],
  [DOCKER_LAYER, 'none'],
  [DOCKER_LAYER_GZIP, 'gzip'],
  [DOCKER_LAYER_ZSTD, 'zstd'],
]);

/** Layers whose bytes a registry may not hold: the descriptor's `urls` say where they are. */
const FOREIGN = /^application\/vnd\.(oci\.image\.layer\.nondistributable\.v1\.|docker\.image\.rootfs\.foreign\.)/;

/** Docker's first manifest format, signed or not: layers without sizes and diff IDs. */
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(json|prettyjws)$/;

/** How a layer's tar is compressed. @throws TareError E_MEDIA_TYPE for anything that is not a layer which can be read */
export function compressionOf(mediaType: string): LayerCompression {
  const compression = COMPRESSIONS.get(mediaType);
  if (compression !== undefined) return compression;
  if (isForeignLayer(mediaType)) {
    throw new TareError(
      'E_MEDIA_TYPE',
      `a layer of type ${quoted(mediaType)} is a foreign one: its bytes are kept outside of the image`,
      { hint: 'use an image whose base layers may be distributed' },
    );
  }
  throw new TareError('E_MEDIA_TYPE', `${quoted(mediaType)} is not a layer type that can be read`);
}

export function isForeignLayer(mediaType: string): boolean {
  return FOREIGN.test(mediaType);
}

export function isIndex(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_INDEX;
}

export function isManifest(mediaType: string): boolean {
  return mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST;
}

export function isImageConfig(mediaType: string): boolean {
  return mediaType === OCI_CONFIG || mediaType === DOCKER_CONFIG;
}

export function isSchema1(mediaType: string): boolean {
  return SCHEMA_1.test(mediaType);
}

const quoted = (mediaType: string): string => JSON.stringify(mediaType.slice(0, 200));
