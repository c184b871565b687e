import { malformed, overLimit, type Place } from './errors.ts';
import type { TarLimits } from './limits.ts';
import type { PaxRecords } from './pax.ts';

export const SCHILY_XATTR = 'SCHILY.xattr.';

/**
 * The extended attributes among the records, each a `SCHILY.xattr.NAME` with its bytes as they are; undefined when there are none. The form
 * of libarchive (`LIBARCHIVE.xattr.NAME`) is passed over, as the container tools and GNU tar do. An empty value is an attribute without
 * content, not a deletion: that is what GNU tar writes for one, and what it and containerd set.
 * @throws TareError E_TAR on a missing name, E_LIMIT when they are too large together
 */
export function xattrsOf(
  records: PaxRecords,
  place: Place,
  limits: TarLimits,
): ReadonlyMap<string, Uint8Array> | undefined {
  let found: Map<string, Uint8Array> | undefined;
  let total = 0;
  for (const [key, value] of records) {
    if (!key.startsWith(SCHILY_XATTR)) continue;
    const name = key.slice(SCHILY_XATTR.length);
    if (name === '') throw malformed(place, `${key} does not name an attribute`);
    total += name.length + value.length;
    if (total > limits.maxXattrBytes) {
      throw overLimit(place, `extended attributes of more than ${limits.maxXattrBytes} bytes`);
    }
    found ??= new Map();
    found.set(name, Buffer.from(value, 'latin1'));
  }
  return found;
}
