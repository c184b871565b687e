import type { Context } from '../../base/events.ts';
import type { Image } from '../../oci/types.ts';
import type { Store } from '../../store/types.ts';
import { cyclonedxDocument } from './cyclonedx.ts';
import { inventoryOf } from './inventory.ts';
import { spdxDocument } from './spdx.ts';
import type { Inventory } from './types.ts';

export type { Component, Inventory, SbomFile } from './types.ts';

interface Format {
  /** What an attached document is known by. */
  readonly mediaType: string;
  readonly write: (inventory: Inventory) => object;
}

/** Every format: one line here, one file beside this one. */
export const SBOM_FORMATS = {
  spdx: { mediaType: 'application/spdx+json', write: spdxDocument },
  cyclonedx: { mediaType: 'application/vnd.cyclonedx+json', write: cyclonedxDocument },
} as const satisfies Readonly<Record<string, Format>>;

export type SbomFormat = keyof typeof SBOM_FORMATS;

export function isSbomFormat(name: string): name is SbomFormat {
  return Object.hasOwn(SBOM_FORMATS, name);
}

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
