import { isTareError } from '../base/error.ts';
import { evidenceAnnotations, evidenceOfAnnotations, withoutEvidence } from '../oci/evidence-annotation.ts';
import { parseImageName } from '../oci/reference.ts';
import type { Descriptor } from '../oci/types.ts';
import type { TaggedImage } from './types.ts';

/** image-spec annotations.md; in a layout's index.json it names an image. */
const REF_NAME = 'org.opencontainers.image.ref.name';

/**
 * The name that an entry of index.json is listed under. tare writes `NAME:TAG`; another tool may have written a bare tag
 * (`skopeo copy … oci:HOME:edge` → `edge:latest`), something that is no name at all (listed as it is), or nothing (listed by its digest).
 */
export function nameOfEntry(entry: Descriptor): string {
  const written = entry.annotations?.[REF_NAME] ?? '';
  if (written === '') return entry.digest;
  return normalisedName(written) ?? written;
}

/** What follows the repository, or all of it where another tool has written a tag alone. */
export function tagOfEntry(entry: Descriptor): string {
  const written = entry.annotations?.[REF_NAME] ?? '';
  return written.slice(written.lastIndexOf(':') + 1);
}

/** Undefined when the text is not a valid name. */
export function normalisedName(text: string): string | undefined {
  try {
    return parseImageName(text);
  } catch (error) {
    if (isTareError(error, 'E_REFERENCE')) return undefined;
    throw error;
  }
}

export function imageOfEntry(entry: Descriptor): TaggedImage {
  const { annotations, ...bare } = entry;
  const { [REF_NAME]: _name, ...rest } = withoutEvidence(annotations ?? {});
  const evidence = evidenceOfAnnotations(annotations);
  return {
    name: nameOfEntry(entry),
    descriptor: Object.keys(rest).length === 0 ? bare : { ...bare, annotations: rest },
    ...(evidence === undefined ? {} : { evidence }),
  };
}

/** The reverse of imageOfEntry. `name` is normalised. */
export function entryOfImage({ name, descriptor, evidence }: TaggedImage): Descriptor {
  return {
    ...descriptor,
    annotations: {
      ...withoutEvidence(descriptor.annotations ?? {}),
      [REF_NAME]: name,
      ...(evidence === undefined ? {} : evidenceAnnotations(evidence)),
    },
  };
}
