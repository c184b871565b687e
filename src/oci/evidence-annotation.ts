import { isDigest } from '../base/digest.ts';
import { EVIDENCE_MEDIA_TYPE } from './media-types.ts';
import type { Annotations, Descriptor } from './types.ts';

const DIGEST_KEY = 'dev.tare.evidence';
const SIZE_KEY = 'dev.tare.evidence.size';

/** How a layout's index.json names the record of reasons of an image: on the image's own descriptor. */
export function evidenceAnnotations(evidence: Descriptor): Annotations {
  return { [DIGEST_KEY]: evidence.digest, [SIZE_KEY]: String(evidence.size) };
}

/** The reverse. Undefined when there is none, or none that can be read: the image is as good without. */
export function evidenceOfAnnotations(annotations: Annotations | undefined): Descriptor | undefined {
  const digest = annotations?.[DIGEST_KEY];
  const size = annotations?.[SIZE_KEY] ?? '';
  if (digest === undefined || !isDigest(digest) || !/^\d{1,15}$/.test(size)) return undefined;
  return { mediaType: EVIDENCE_MEDIA_TYPE, digest, size: Number(size) };
}

/** The other annotations: what is left when the image goes elsewhere without its record. */
export function withoutEvidence(annotations: Annotations): Annotations {
  const { [DIGEST_KEY]: _digest, [SIZE_KEY]: _size, ...rest } = annotations;
  return rest;
}
