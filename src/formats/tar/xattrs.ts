import type { ByteString } from '../../base/path.ts';
import { malformed, overLimit, type Place } from './errors.ts';
import type { TarLimits } from './limits.ts';
import type { PaxRecords } from './pax.ts';

export const SCHILY_XATTR = 'SCHILY.xattr.';
const LIBARCHIVE_XATTR = 'LIBARCHIVE.xattr.';

/**
 * The extended attributes among the records; undefined when there are none. `SCHILY.xattr.NAME` holds the bytes as they are and wins over
 * `LIBARCHIVE.xattr.NAME` (name URL-encoded, value base64). An empty value is an attribute without content, not a deletion: that is what
 * GNU tar writes for one, and what it and containerd set.
 * @throws TareError E_TAR on a missing name or bad base64, E_LIMIT when they are too large together
 */
export function xattrsOf(
  records: PaxRecords,
  place: Place,
  limits: TarLimits,
): ReadonlyMap<string, Uint8Array> | undefined {
  let found: Map<ByteString, Uint8Array> | undefined;
  let fallback: Map<ByteString, Uint8Array> | undefined;
  let total = 0;
  for (const [key, value] of records) {
    const plain = key.startsWith(SCHILY_XATTR);
    if (!plain && !key.startsWith(LIBARCHIVE_XATTR)) continue;
    const name = plain ? key.slice(SCHILY_XATTR.length) : urlDecoded(key.slice(LIBARCHIVE_XATTR.length));
    if (name === '' || name.includes('\0')) throw malformed(place, `${key} does not name an attribute`);
    total += name.length + value.length;
    if (total > limits.maxXattrBytes) {
      throw overLimit(place, `extended attributes of more than ${limits.maxXattrBytes} bytes`);
    }
    if (plain) {
      found ??= new Map();
      found.set(name, Buffer.from(value, 'latin1'));
    } else {
      if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value)) throw malformed(place, `${key} is not base64`);
      fallback ??= new Map();
      fallback.set(name, Buffer.from(value, 'base64'));
    }
  }
  return fallback === undefined ? found : new Map([...fallback, ...(found ?? [])]);
}

function urlDecoded(text: string): ByteString {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
