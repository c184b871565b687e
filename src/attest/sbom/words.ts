import { transportOf } from '../../transports/route.ts';
import type { Inventory, Removed } from './types.ts';

/** Transports that name a place on the disk before the name of the image. */
const PLACES: ReadonlySet<string> = new Set(['oci', 'oci-archive', 'docker-archive']);

/** The image's name without what only this machine knows: the folder of a layout, the file of an archive. */
export function titleOf({ digest, reference }: Inventory): string {
  const prefix = transportOf(reference);
  const rest = prefix === undefined ? reference : reference.slice(prefix.length + 1);
  const name = (PLACES.has(prefix ?? '') ? rest.replace(/^[^:]*:?/, '') : rest).split('/').at(-1) ?? '';
  return /^\w[\w.:@-]*$/.test(name) && !name.startsWith('sha256:') ? name : digest;
}

export function removedText({ bytes, files }: Removed): string {
  return `${files} ${files === 1 ? 'file' : 'files'} (${bytes} bytes) left out, because nothing needs them here`;
}
