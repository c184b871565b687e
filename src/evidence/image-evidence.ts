import { TareError } from '../base/error.ts';
import { collectBytes, verified } from '../base/streams.ts';
import type { Image } from '../oci/types.ts';
import { decodeEvidence, type Evidence } from './codec.ts';

const MAX_EVIDENCE_BYTES = 256 * 1024 * 1024; // 256 MiB

/** The record of reasons that came with the image. @throws TareError E_NO_EVIDENCE when it was not made by tare */
export async function evidenceOf(image: Image): Promise<Evidence> {
  if (image.evidence === undefined) {
    throw new TareError('E_NO_EVIDENCE', `${image.reference} carries no record of reasons`, {
      hint: 'images that `tare build DIR` and `tare shrink` made have one; one that was built from a Dockerfile gets it by `--shrink`',
    });
  }
  const bytes = await collectBytes(
    verified(image.blobs.open(image.evidence), image.evidence),
    MAX_EVIDENCE_BYTES,
    'the record of reasons',
  );
  return decodeEvidence(bytes);
}
