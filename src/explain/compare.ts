import type { Digest } from '../base/digest.ts';
import type { Context } from '../base/events.ts';
import type { Image } from '../oci/types.ts';
import type { Store } from '../store/types.ts';
import { treeOfImage } from '../tree/image-tree.ts';
import { measureTree } from '../tree/measure.ts';
import { sizesOf, type Sizes } from './sizes.ts';

export interface ComparedImage {
  readonly reference: string;
  readonly digest: Digest;
  readonly size: Sizes;
  readonly files: number;
  readonly layers: number;
  /** Against the first image, as a share (0–1) of the larger of the two; negative: smaller. */
  readonly change: Sizes;
}

/** The sizes of several images, each against the first. */
export async function compare(options: {
  readonly images: readonly Image[];
  readonly store: Store;
  readonly ctx: Context;
}): Promise<readonly ComparedImage[]> {
  const out: ComparedImage[] = [];
  for (const image of options.images) {
    const { tree } = await treeOfImage(image, options.store, options.ctx.signal);
    const measure = measureTree(tree);
    const size = sizesOf(image, measure);
    const first = out[0]?.size ?? size;
    out.push({
      reference: image.reference,
      digest: image.descriptor.digest,
      size,
      files: measure.files,
      layers: image.manifest.layers.length,
      change: { disk: changeOf(first.disk, size.disk), wire: changeOf(first.wire, size.wire) },
    });
  }
  return out;
}

function changeOf(before: number, after: number): number {
  const larger = Math.max(before, after);
  return larger === 0 ? 0 : (after - before) / larger;
}
