import type { Context } from '../base/events.ts';
import type { Image } from '../oci/types.ts';
import { materialise } from '../pack/materialise.ts';
import type { Store } from '../store/types.ts';
import { treeOfImage } from '../tree/image-tree.ts';

export interface UnpackResult {
  readonly reference: string;
  readonly dir: string;
  readonly files: number;
  readonly bytes: number;
}

/**
 * The image's file system in a new or empty folder. Root keeps the owners; everybody else owns what they write.
 * @throws TareError E_EXISTS when the folder holds something
 */
export async function unpack(options: {
  readonly image: Image;
  readonly dir: string;
  readonly store: Store;
  readonly ctx: Context;
}): Promise<UnpackResult> {
  const { content, tree } = await treeOfImage(options.image, options.store, options.ctx.signal);
  const root = process.getuid?.() === 0;
  await materialise({ tree, content, dir: options.dir, owners: root ? 'keep' : 'self', ctx: options.ctx });
  let files = 0;
  let bytes = 0;
  for (const entry of tree.walk()) {
    files += 1;
    if (entry.type === 'file') bytes += entry.size;
  }
  return { reference: options.image.reference, dir: options.dir, files, bytes };
}
