import { TareError } from '../../base/error.ts';
import { quotePath, type ByteString } from '../../base/path.ts';

/** Where in the stream a fault is: the offset of the header block in bytes, and the member's name once it is known. */
export interface Place {
  readonly offset: number;
  readonly path?: ByteString;
}

const SHOWN_PATH_BYTES = 200;

function describe(place: Place): string {
  if (place.path === undefined) return `tar header at byte ${place.offset}`;
  const shown =
    place.path.length > SHOWN_PATH_BYTES
      ? `${quotePath(place.path.slice(0, SHOWN_PATH_BYTES))}…`
      : quotePath(place.path);
  return `tar member ${shown} at byte ${place.offset}`;
}

export function malformed(place: Place, why: string): TareError {
  return new TareError('E_TAR', `${describe(place)}: ${why}`);
}

export function overLimit(place: Place, why: string): TareError {
  return new TareError('E_LIMIT', `${describe(place)}: ${why}`);
}
