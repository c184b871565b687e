import type { Image } from '../oci/types.ts';
import type { Tree } from '../tree/types.ts';

/** Bytes of file content in the flattened image (a hard link costs nothing), and bytes of the compressed layers. */
export interface Sizes {
  readonly disk: number;
  readonly wire: number;
}

export function sizesOf(image: Image, tree: Tree): Sizes {
  let disk = 0;
  for (const entry of tree.walk()) if (entry.type === 'file') disk += entry.size;
  return { disk, wire: image.manifest.layers.reduce((sum, layer) => sum + layer.size, 0) };
}
