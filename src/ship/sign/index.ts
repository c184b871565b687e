import type { KeyObject } from 'node:crypto';
import { sha256, type Digest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import { bytesOf, collectBytes } from '../../base/streams.ts';
import { OCI_MANIFEST } from '../../oci/media-types.ts';
import { located, manifestAt, pinned, type SignTools } from './located.ts';
import { decodeClaim, encodeClaim, isSignedBy, MAX_PAYLOAD_BYTES, signClaim, type SignedClaim } from './payload.ts';
import { signaturesOf, signatureTag, withSignature } from './signature-manifest.ts';

export { generateKeyPair, readPrivateKey, readPublicKey } from './key-file.ts';

export interface SignResult {
  /** `docker://HOST/REPOSITORY@DIGEST` */
  readonly reference: string;
  /** Of what was signed: a manifest, or the index of several platforms. */
  readonly digest: Digest;
  /** The tag beside it that holds its signatures. */
  readonly tag: string;
  /** How many there are now. */
  readonly signatures: number;
}

/**
 * Signs an image in its registry as cosign does with a key (its SIGNATURE_SPEC.md): the signature is a manifest of its own, under a tag made of the digest. Those of
 * others stay.
 * @throws TareError E_REFERENCE, E_IMAGE_NOT_FOUND, E_REGISTRY …
 */
export async function signImage(
  options: SignTools & {
    /** With or without `docker://`. */
    readonly reference: string;
    readonly key: KeyObject;
    readonly annotations?: Readonly<Record<string, string>>;
  },
): Promise<SignResult> {
  const { annotations = {}, ctx, key, reference } = options;
  const { client, digest, place } = await located(reference, options);
  const { repository } = place;
  const payload = encodeClaim({ digest, reference: `${place.registry}/${repository}`, annotations });
  const tag = signatureTag(digest);
  const before = await manifestAt(client, repository, tag, ctx.signal);
  const parts = withSignature(before, { payload, signature: signClaim(payload, key) });
  const { config } = parts;
  await client.uploadBlob(
    repository,
    { descriptor: { mediaType: '', digest: sha256(payload), size: payload.length }, open: () => bytesOf(payload) },
    ctx.signal,
  );
  await client.uploadBlob(repository, { descriptor: config.descriptor, open: () => bytesOf(config.bytes) }, ctx.signal);
  await client.putManifest(repository, tag, { bytes: parts.manifest, mediaType: OCI_MANIFEST }, ctx.signal);
  return { reference: pinned(place, digest), digest, tag, signatures: parts.signatures };
}

export interface VerifiedSignature {
  readonly reference: string;
  readonly digest: Digest;
  /** What the key has signed of this image; at least one. */
  readonly claims: readonly SignedClaim[];
  /** Signatures that are there and were made by other keys, or are of another image. */
  readonly others: number;
}

/**
 * Whether a key has signed an image, as cosign verifies it. Nothing of a signature is believed before it is checked.
 * @param options.annotations that the claim must have
 * @throws TareError E_SIGNATURE when it has not; E_REFERENCE, E_IMAGE_NOT_FOUND, E_REGISTRY …
 */
export async function verifySignature(
  options: SignTools & {
    readonly reference: string;
    readonly key: KeyObject;
    readonly annotations?: Readonly<Record<string, string>>;
  },
): Promise<VerifiedSignature> {
  const { annotations = {}, ctx, key, reference } = options;
  const { client, digest, place } = await located(reference, options);
  const shown = pinned(place, digest);
  const manifest = await manifestAt(client, place.repository, signatureTag(digest), ctx.signal);
  const found = manifest === undefined ? [] : signaturesOf(manifest).slice(0, MAX_SIGNATURES);
  const claims: SignedClaim[] = [];
  for (const { descriptor, signature } of found) {
    if (descriptor.size > MAX_PAYLOAD_BYTES) continue;
    const source = client.blob(place.repository, descriptor, { signal: ctx.signal });
    const payload = await collectBytes(source, MAX_PAYLOAD_BYTES, 'a signature');
    if (!isSignedBy(payload, signature, key)) continue;
    const claim = decodeClaim(payload);
    if (claim.digest === digest) claims.push(claim);
  }
  if (claims.length === 0) {
    const why = found.length === 0 ? 'it has no signature' : `none of its signatures (${found.length}) is of this key`;
    throw new TareError('E_SIGNATURE', `${shown} is not signed: ${why}`);
  }
  const wanted = Object.entries(annotations);
  const fitting = claims.filter((claim) => wanted.every(([name, value]) => claim.annotations[name] === value));
  if (fitting.length === 0)
    throw new TareError(
      'E_SIGNATURE',
      `${shown} is signed, but not with ${wanted.map(([name, value]) => `${name}=${value}`).join(', ')}`,
      { hint: 'look at what was signed: verify it without --annotation' },
    );
  return { reference: shown, digest, claims: fitting, others: found.length - fitting.length };
}

const MAX_SIGNATURES = 1000;
