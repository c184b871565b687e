import type { Image } from '../oci/types.ts';
import type { Measure } from '../tree/measure.ts';

/** Bytes of file content in the flattened image (a hard link costs nothing), and bytes of the compressed layers. */
export interface Sizes {
  readonly disk: number;
  readonly wire: number;
}

export function sizesOf(image: Image, { disk }: Measure): Sizes {
  return { disk, wire: image.manifest.layers.reduce((sum, layer) => sum + layer.size, 0) };
}
