import { OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from '../oci/media-types.ts';
import type { Compression } from './compression.ts';

const MEDIA_TYPES: Readonly<Record<Compression['kind'], string>> = {
  gzip: OCI_LAYER_GZIP,
  zstd: OCI_LAYER_ZSTD,
  none: OCI_LAYER,
};

/** Of a layer that is compressed so (image-spec layer.md). */
export const layerMediaType = ({ kind }: Pick<Compression, 'kind'>): string => MEDIA_TYPES[kind];
