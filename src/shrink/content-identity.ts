import { hash } from 'node:crypto';
import type { Entry } from '../tree/types.ts';

/**
 * What tells contents apart, without reading any: equal texts are equal bytes, in whichever image. Hex of the sha256 where it is known, as it is of all that
 * came out of a layer whose index the store has (it was hashed when the layer was first read); of the rest where in which layer it lies. Undefined
 * for a file of this machine, which may change until it is packed, and for what has no content.
 */
export function contentIdentity({ content, sha256, size }: Entry): string | undefined {
  if (content === undefined || content.in === 'host') return undefined;
  if (content.in === 'memory') return hash('sha256', content.bytes);
  if (sha256 !== undefined) return sha256;
  if (size === 0) return hash('sha256', '');
  // One member of one archive. Holes are part of the member: whoever looks at it from any image sees the same ones.
  return `${content.diffId} ${content.offset} ${content.size}`;
}
