import { maskedProbes, maskedWords, present } from '../attest/provenance/parameters.ts';
import { imageResource, shownReference } from '../attest/provenance/resources.ts';
import { digestSet } from '../attest/provenance/statement.ts';
import type { BuildFacts, Json, Resource } from '../attest/provenance/types.ts';
import { sha256 } from '../base/digest.ts';
import { encodeProfile } from '../evidence/observed/index.ts';
import { platformText } from '../oci/platform.ts';
import type { Made } from './result.ts';
import type { Subject } from './subject.ts';
import type { ShrinkOptions } from './types.ts';

/**
 * From what a smaller image was made. An image that was built a moment ago is no source of its own: what it was built from is, and shrinking is one parameter more of that
 * build.
 */
export function shrinkFacts(subject: Subject, made: Made, options: ShrinkOptions): BuildFacts {
  const { image, platform } = subject;
  const { madeBy } = options;
  const original = imageResource('original', { reference: image.reference, digest: image.descriptor.digest, platform });
  const byproducts: Resource[] = [
    { name: 'evidence', digest: digestSet(made.produced.evidence.digest) },
    ...(made.observed === undefined
      ? []
      : [{ name: 'profile', digest: digestSet(sha256(encodeProfile(made.observed))) }]),
  ];
  const given = (options.profiles ?? []).map((profile) => ({
    name: 'profile',
    digest: digestSet(sha256(encodeProfile(profile))),
  }));
  const parameters = parametersOf(subject, options);
  if (madeBy === undefined)
    return {
      type: 'shrink',
      parameters: { image: shownReference(options.image), platform: platformText(platform), ...parameters },
      dependencies: [original, ...given],
      byproducts,
    };
  return {
    ...madeBy,
    parameters: { ...madeBy.parameters, shrink: parameters },
    dependencies: [...madeBy.dependencies, ...given],
    byproducts: [...(madeBy.byproducts ?? []), original, ...byproducts],
  };
}

/** What decides which files stay. */
function parametersOf({ tightness }: Subject, options: ShrinkOptions): Readonly<Record<string, Json>> {
  const { compression, exclude = [], exec = [], include = [], layers, observe, probes = [], run } = options;
  return present({
    tightness,
    layers,
    compression,
    include,
    exclude,
    exec: exec.map(maskedWords),
    run: run === undefined ? undefined : maskedWords(run),
    probes: maskedProbes(probes),
    static: observe === false ? true : undefined,
  });
}
