import { createPublicKey, verify, type KeyObject } from 'node:crypto';

const MAX_TOKEN_CHARS = 16 * 1024;
/** Clocks of two machines. */
const LEEWAY_S = 60;

export interface Claims {
  readonly sub?: unknown;
  readonly access?: unknown;
}

export interface ExpectedToken {
  /** Any of them may have signed. */
  readonly keys: readonly KeyObject[];
  readonly issuer: string;
  readonly audience: string;
}

/** Public keys or certificates, PEM, one after another. @throws Error when one cannot be read, or none is there */
export function readPublicKeys(pem: string): KeyObject[] {
  const blocks = pem.match(/-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g) ?? [];
  if (blocks.some((block) => /PRIVATE/.test(block.slice(0, 40)))) throw new Error('it holds a private key');
  if (blocks.length === 0) throw new Error('it holds no PEM block');
  return blocks.map((block) => createPublicKey(block));
}

/**
 * A JSON Web Token (RFC 7519) with a signature of RFC 7515. Which algorithm is right follows from the key alone: what the token says must
 * agree, so that `none` and a secret made of a public key get nowhere.
 * @returns its claims, or a word that says what is wrong
 */
export function verifyToken(token: string, expected: ExpectedToken, nowSeconds: number): Claims | string {
  const parts = token.length > MAX_TOKEN_CHARS ? [] : token.split('.');
  const [head, payload, signature] = parts;
  if (parts.length !== 3 || head === undefined || payload === undefined || signature === undefined) return 'malformed';
  const header = parsePart(head);
  const claims = parsePart(payload);
  if (header === undefined || claims === undefined) return 'malformed';
  if (header['crit'] !== undefined) return 'of an unknown kind';
  const signed = Buffer.from(`${head}.${payload}`, 'ascii');
  const bytes = Buffer.from(signature, 'base64url');
  if (!expected.keys.some((key) => isSignedBy(key, header['alg'], signed, bytes))) return 'not signed by a known key';
  if (claims['iss'] !== expected.issuer) return 'of another issuer';
  if (![claims['aud']].flat().includes(expected.audience)) return 'for another service';
  const { exp, nbf } = claims;
  if (typeof exp !== 'number' || exp + LEEWAY_S < nowSeconds) return 'expired';
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf - LEEWAY_S > nowSeconds)) return 'not valid yet';
  return claims;
}

function parsePart(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    // Not JSON: no token.
    return undefined;
  }
}

const EC_ALGORITHMS: Readonly<Record<string, readonly [alg: string, hash: string]>> = {
  prime256v1: ['ES256', 'sha256'],
  secp384r1: ['ES384', 'sha384'],
  secp521r1: ['ES512', 'sha512'],
};

function isSignedBy(key: KeyObject, alg: unknown, signed: Buffer, signature: Buffer): boolean {
  if (key.asymmetricKeyType === 'ed25519') return alg === 'EdDSA' && verify(null, signed, key, signature);
  if (key.asymmetricKeyType === 'rsa')
    return (
      typeof alg === 'string' && /^RS(256|384|512)$/.test(alg) && verify(`sha${alg.slice(2)}`, signed, key, signature)
    );
  const curve = EC_ALGORITHMS[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (curve === undefined || alg !== curve[0]) return false;
  return verify(curve[1], signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
}
