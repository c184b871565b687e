import { createPublicKey, type KeyObject } from 'node:crypto';
import { sha256, type Digest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import { bytesOf, collectBytes } from '../../base/streams.ts';
import { OCI_MANIFEST } from '../../oci/media-types.ts';
import type { Manifest } from '../../oci/types.ts';
import { parseManifest } from '../../oci/validate.ts';
import type { RegistryClient } from '../../transports/registry/types.ts';
import { attestationOf, DSSE_TYPE, MAX_ENVELOPE_BYTES, openedWith, sealed } from './envelope.ts';
import { located, manifestAt, pinned, type SignTools } from './located.ts';
import { attestationTag, SIGNATURE_ANNOTATION, withLayer } from './signature-manifest.ts';

const IN_TOTO = 'application/vnd.in-toto+json';
/** What cosign looks for. */
const PREDICATE_TYPE = 'predicateType';
const MAX_ATTESTATIONS = 100;

export interface SignedAttestations {
  /** `docker://HOST/REPOSITORY@DIGEST` */
  readonly reference: string;
  readonly digest: Digest;
  /** The tag beside it that holds them. */
  readonly tag: string;
  /** Predicate types of what this key has signed now, or before. */
  readonly attestations: readonly string[];
}

/**
 * Signs every statement that refers to an image in its registry (`--provenance` puts one there), as `cosign attest` does with a key: DSSE envelopes in a manifest of their
 * own. What the key has signed already is not signed again; envelopes of others stay.
 * @throws TareError E_SIGNATURE when there is no statement, or one is about something else; E_REFERENCE, E_IMAGE_NOT_FOUND, E_REGISTRY …
 */
export async function signAttestations(
  options: SignTools & { readonly reference: string; readonly key: KeyObject },
): Promise<SignedAttestations> {
  const { ctx, key, reference } = options;
  const { client, digest, place } = await located(reference, options);
  const { repository } = place;
  const { signal } = ctx;
  const statements = await statementsAbout(client, repository, digest, signal);
  if (statements.length === 0)
    throw new TareError(
      'E_SIGNATURE',
      `no statement refers to ${pinned(place, digest)}, so there is none to be signed`,
      {
        hint: 'build with --provenance, and push with --referrers',
      },
    );
  const tag = attestationTag(digest);
  const before = await manifestAt(client, repository, tag, signal);
  const known = await openedEnvelopes({ client, repository, manifest: before, key: createPublicKey(key), signal });
  const signed = new Set(known.map((statement) => sha256(statement)));
  let manifest = before;
  for (const statement of statements) {
    if (signed.has(sha256(statement))) continue;
    const envelope = sealed(statement, key);
    const descriptor = {
      mediaType: DSSE_TYPE,
      digest: sha256(envelope),
      size: envelope.length,
      annotations: { [SIGNATURE_ANNOTATION]: '', [PREDICATE_TYPE]: attestationOf(statement).predicateType },
    };
    const parts = withLayer(manifest, descriptor);
    await client.uploadBlob(repository, { descriptor, open: () => bytesOf(envelope) }, signal);
    const { bytes, descriptor: config } = parts.config;
    await client.uploadBlob(repository, { descriptor: config, open: () => bytesOf(bytes) }, signal);
    await client.putManifest(repository, tag, { bytes: parts.manifest, mediaType: OCI_MANIFEST }, signal);
    manifest = parseManifest(parts.manifest, { mediaType: OCI_MANIFEST });
  }
  return { reference: pinned(place, digest), digest, tag, attestations: statements.map(typeOf) };
}

const typeOf = (statement: Uint8Array): string => attestationOf(statement).predicateType;

async function statementsAbout(
  client: RegistryClient,
  repository: string,
  digest: Digest,
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  const listed = (await client.referrers(repository, digest, IN_TOTO, signal)).slice(0, MAX_ATTESTATIONS);
  const statements: Uint8Array[] = [];
  for (const item of listed) {
    const { bytes, mediaType } = await client.getManifest(repository, item.digest, signal);
    const { layers, subject } = parseManifest(bytes, { mediaType });
    for (const layer of subject?.digest === digest ? layers : []) {
      if (layer.mediaType !== IN_TOTO) continue;
      const statement = await readLayer(client, repository, layer, signal);
      // A signature under it would say something about another image.
      const { subjects } = attestationOf(statement);
      if (!subjects.includes(digest))
        throw new TareError('E_SIGNATURE', `the statement ${layer.digest} refers to ${digest}, but is not about it`);
      const other = subjects.find((subject) => subject !== digest);
      if (other !== undefined)
        throw new TareError('E_SIGNATURE', `the statement ${layer.digest} is about ${other} as well as ${digest}`, {
          hint: 'a signature under it would vouch for both: let each image have a statement of its own',
        });
      statements.push(statement);
    }
  }
  return statements;
}

export interface VerifiedAttestations {
  readonly reference: string;
  readonly digest: Digest;
  /** What the key has signed about this image; at least one. */
  readonly attestations: readonly { readonly predicateType: string; readonly statement: unknown }[];
}

/**
 * The statements about an image that a key has signed, as `cosign verify-attestation` finds them. Nothing of one is believed before its signature is checked.
 * @throws TareError E_SIGNATURE when there is none; E_REFERENCE, E_IMAGE_NOT_FOUND, E_REGISTRY …
 */
export async function verifyAttestations(
  options: SignTools & { readonly reference: string; readonly key: KeyObject },
): Promise<VerifiedAttestations> {
  const { ctx, key, reference } = options;
  const { client, digest, place } = await located(reference, options);
  const { repository } = place;
  const manifest = await manifestAt(client, repository, attestationTag(digest), ctx.signal);
  const statements = await openedEnvelopes({ client, repository, manifest, key, signal: ctx.signal });
  const own = statements.filter((statement) => attestationOf(statement).subjects.includes(digest));
  if (own.length === 0) {
    const there = envelopesOf(manifest).length;
    const why =
      there === 0 ? 'it has no attestation' : `none of its attestations (${there}) is of this key and about it`;
    throw new TareError('E_SIGNATURE', `${pinned(place, digest)}: ${why}`);
  }
  return {
    reference: pinned(place, digest),
    digest,
    attestations: own.map((statement) => ({
      predicateType: typeOf(statement),
      statement: JSON.parse(Buffer.from(statement).toString('utf8')) as unknown,
    })),
  };
}

const envelopesOf = (manifest: Manifest | undefined): Manifest['layers'] =>
  (manifest?.layers ?? []).filter(({ mediaType }) => mediaType === DSSE_TYPE).slice(0, MAX_ATTESTATIONS);

/** What a key has signed in the envelopes of a manifest; those of others, and what is no envelope, are passed over. */
async function openedEnvelopes(place: {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly manifest: Manifest | undefined;
  readonly key: KeyObject;
  readonly signal: AbortSignal;
}): Promise<readonly Uint8Array[]> {
  const { client, key, manifest, repository, signal } = place;
  const opened: Uint8Array[] = [];
  for (const descriptor of envelopesOf(manifest)) {
    if (descriptor.size > MAX_ENVELOPE_BYTES) continue;
    const statement = openedWith(await readLayer(client, repository, descriptor, signal), key);
    if (statement !== undefined) opened.push(statement);
  }
  return opened;
}

async function readLayer(
  client: RegistryClient,
  repository: string,
  descriptor: Manifest['layers'][number],
  signal: AbortSignal,
): Promise<Uint8Array> {
  return collectBytes(client.blob(repository, descriptor, { signal }), MAX_ENVELOPE_BYTES, 'an attestation');
}
