import { cyclonedxDocument } from './cyclonedx.ts';
import { spdxDocument } from './spdx.ts';
import type { Inventory } from './types.ts';

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
