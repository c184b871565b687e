import type { Image } from '../oci/types.ts';
import { normalisedName } from '../store/names.ts';
import { transportOf } from './route.ts';

/** The name under which an image came out of the store; undefined when it came from elsewhere, or by its digest. */
export function storeNameOf(image: Image): string | undefined {
  return transportOf(image.reference) === undefined ? normalisedName(image.reference) : undefined;
}
