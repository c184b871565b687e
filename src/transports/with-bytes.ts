import type { Digest } from '../base/digest.ts';
import { bytesOf } from '../base/streams.ts';
import type { BlobSource } from '../oci/types.ts';

/** The blobs of a source, some of them from memory. */
export function withBytes(
  blobs: BlobSource,
  known: Iterable<readonly [digest: Digest, bytes: Uint8Array]>,
): BlobSource {
  const atHand = new Map(known);
  return {
    ...blobs,
    open: (descriptor) => {
      const bytes = atHand.get(descriptor.digest);
      return bytes === undefined ? blobs.open(descriptor) : bytesOf(bytes);
    },
  };
}
