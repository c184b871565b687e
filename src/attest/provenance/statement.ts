import { algorithmOf, hexOf, type Digest } from '../../base/digest.ts';
import { canonicalJson } from '../../base/json.ts';
import { compareBytes } from '../../base/path.ts';
import { VERSION } from '../../base/version.ts';
import type { Artifact } from '../../transports/artifacts.ts';
import { BUILD_TYPES, LOCAL_BUILDER, type BuildFacts, type DigestSet, type Resource } from './types.ts';

/** in-toto attestation spec v1, envelope.md: what a Statement is called, signed or not. */
export const IN_TOTO = 'application/vnd.in-toto+json';
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const SLSA_PROVENANCE = 'https://slsa.dev/provenance/v1';
/** BuildKit, docs/attestations/attestation-storage.md: how a layer says what its statement is about. */
const LAYER_KEY = 'in-toto.io/predicate-type';
/** The same where lists of referrers show it. */
const MANIFEST_KEY = 'predicateType';

/**
 * An in-toto Statement v1 with a SLSA Provenance v1 (https://slsa.dev/spec/v1.0/provenance) about one image. It has neither times nor an invocation ID: the same input gives
 * the same bytes.
 */
export function provenanceStatement(
  subject: { readonly name: string; readonly digest: Digest },
  facts: BuildFacts,
): object {
  const { byproducts = [], dependencies, parameters, type } = facts;
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name: subject.name, digest: digestSet(subject.digest) }],
    predicateType: SLSA_PROVENANCE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPES[type],
        externalParameters: parameters,
        resolvedDependencies: sorted(dependencies),
      },
      runDetails: {
        builder: { id: LOCAL_BUILDER, version: { tare: VERSION } },
        ...(byproducts.length === 0 ? {} : { byproducts: sorted(byproducts) }),
      },
    },
  };
}

/** The statement as an artifact beside its image. */
export function provenanceArtifact(
  subject: { readonly name: string; readonly digest: Digest },
  facts: BuildFacts,
): Artifact {
  return {
    artifactType: IN_TOTO,
    bytes: Buffer.from(canonicalJson(provenanceStatement(subject, facts)), 'utf8'),
    annotations: { [MANIFEST_KEY]: SLSA_PROVENANCE },
    layerAnnotations: { [LAYER_KEY]: SLSA_PROVENANCE },
  };
}

export function digestSet(digest: Digest): DigestSet {
  return { [algorithmOf(digest)]: hexOf(digest) };
}

/** By name, then URI; what is there twice is there once. */
function sorted(resources: readonly Resource[]): readonly Resource[] {
  const unique = new Map(resources.map((resource) => [canonicalJson(resource), resource]));
  const key = ({ name = '', uri = '' }: Resource): string => `${name}\0${uri}`;
  return [...unique.values()].sort(
    (a, b) => compareBytes(key(a), key(b)) || compareBytes(canonicalJson(a), canonicalJson(b)),
  );
}
