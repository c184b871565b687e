import type { Context } from '../../base/events.ts';
import type { Image } from '../../oci/types.ts';
import type { Store } from '../../store/types.ts';
import { SBOM_FORMATS, type SbomFormat } from './formats.ts';
import { inventoryOf } from './inventory.ts';
import type { Inventory } from './types.ts';

export interface Sbom {
  readonly format: SbomFormat;
  readonly mediaType: string;
  readonly document: object;
  readonly inventory: Inventory;
}

/** The bill of materials of an image: what is in it, package by package and file by file, and what was left out. @throws TareError what reading the image throws */
export async function sbom(options: {
  readonly image: Image;
  readonly store: Store;
  readonly ctx: Context;
  readonly format: SbomFormat;
}): Promise<Sbom> {
  const inventory = await inventoryOf(options);
  const { mediaType, write } = SBOM_FORMATS[options.format];
  return { format: options.format, mediaType, document: write(inventory), inventory };
}
