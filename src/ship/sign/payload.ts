import { sign, verify, type KeyObject } from 'node:crypto';
import { isDigest, type Digest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import { compareBytes } from '../../base/path.ts';

const TYPE = 'cosign container image signature';
/** Real ones have some hundred bytes. */
export const MAX_PAYLOAD_BYTES = 64 * 1024; // 64 KiB

/** What a signature says: that this manifest is the one of that name. */
export interface SignedClaim {
  readonly digest: Digest;
  /** `HOST/REPOSITORY`, for people; whoever copies the image elsewhere makes it untrue. */
  readonly reference: string;
  /** What the signer added: names and values. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** The text that is signed ("simple signing": containers/image, docs/containers-signature.5.md; cosign's SIGNATURE_SPEC.md). The same claim gives the same bytes. */
export function encodeClaim({ annotations, digest, reference }: SignedClaim): Uint8Array {
  const names = Object.keys(annotations).sort(compareBytes);
  return Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': reference },
        image: { 'docker-manifest-digest': digest },
        type: TYPE,
      },
      optional: names.length === 0 ? null : Object.fromEntries(names.map((name) => [name, annotations[name]])),
    }),
  );
}

/** @throws TareError E_SIGNATURE when it is no such text */
export function decodeClaim(bytes: Uint8Array): SignedClaim {
  if (bytes.length > MAX_PAYLOAD_BYTES) throw unsound(`it has ${bytes.length} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw unsound('it is not JSON');
  }
  const critical = member(value, 'critical');
  const digest = member(member(critical, 'image'), 'docker-manifest-digest');
  const reference = member(member(critical, 'identity'), 'docker-reference');
  if (member(critical, 'type') !== TYPE && member(critical, 'type') !== 'atomic container signature')
    throw unsound('it is of another type');
  if (typeof digest !== 'string' || !isDigest(digest)) throw unsound('it names no digest');
  const optional = member(value, 'optional');
  const annotations = typeof optional === 'object' && optional !== null ? Object.entries(optional) : [];
  return {
    digest,
    reference: typeof reference === 'string' ? reference : '',
    annotations: Object.fromEntries(
      annotations.filter((item): item is [string, string] => typeof item[1] === 'string'),
    ),
  };
}

/** Base64, as it stands in the annotation. ECDSA and RSA (PKCS #1) over SHA-256; Ed25519 over the text itself. */
export function signClaim(payload: Uint8Array, key: KeyObject): string {
  return sign(hashFor(key), payload, key).toString('base64');
}

export function isSignedBy(payload: Uint8Array, signature: string, key: KeyObject): boolean {
  try {
    return verify(hashFor(key), payload, key, Buffer.from(signature, 'base64'));
  } catch {
    return false; // a signature that no key of this type can make
  }
}

/** ECDSA and RSA sign a hash; Ed25519 the text itself. */
export function hashFor(key: KeyObject): string | null {
  return key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}

const unsound = (why: string): TareError => new TareError('E_SIGNATURE', `a signature cannot be read: ${why}`);
