import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  scryptSync,
  type KeyObject,
} from 'node:crypto';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { TareError } from '../../base/error.ts';

/** What cosign writes since version 2, and before. */
const SIGSTORE = 'ENCRYPTED SIGSTORE PRIVATE KEY';
const COSIGN = 'ENCRYPTED COSIGN PRIVATE KEY';
const PEM = /-----BEGIN ([A-Z0-9 ]+)-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END \1-----/;
/** PKCS #8, and what openssl wrote before. */
const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;
/** As cosign 2 writes them: 64 MiB of memory. */
const SCRYPT = { N: 65_536, r: 8, p: 1 } as const;
const MAX_SCRYPT_N = 1 << 20;
const MAX_SCRYPT_R = 16;
const MAX_SCRYPT_P = 4;
const KEY_BYTES = 32;
const SALT_BYTES = 32;
const NONCE_BYTES = 24;

/**
 * A private key in PEM: cosign's own form (scrypt and NaCl's secretbox around PKCS #8, as go-securesystemslib's encrypted package writes it), or what openssl writes, encrypted or not.
 * @throws TareError E_KEY when it is none, when its pass phrase is missing or wrong
 */
export function readPrivateKey(pem: string, passphrase: string | undefined, name: string): KeyObject {
  const [, kind, body] = PEM.exec(pem) ?? [];
  if (kind === SIGSTORE || kind === COSIGN) {
    if (passphrase === undefined) throw noPassphrase(name);
    return privateKeyOf(opened(Buffer.from(body ?? '', 'base64'), passphrase, name), name);
  }
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    if (passphrase === undefined && ENCRYPTED.test(pem)) throw noPassphrase(name);
    throw new TareError(
      'E_KEY',
      `${name} is no private key that can be read${passphrase === undefined ? '' : ', or its pass phrase is wrong'}`,
      {
        hint: 'write one with `tare sign --generate-key NAME`, or with openssl (PEM)',
      },
    );
  }
}

/** @throws TareError E_KEY */
export function readPublicKey(pem: string, name: string): KeyObject {
  if (/PRIVATE KEY-----/.test(pem))
    throw new TareError('E_KEY', `${name} is a private key`, { hint: 'signatures are checked with the public one' });
  try {
    return createPublicKey({ key: pem, format: 'pem' });
  } catch {
    throw new TareError('E_KEY', `${name} is no public key that can be read`, {
      hint: 'it must be PEM, as cosign.pub is',
    });
  }
}

/** A new pair for ECDSA on P-256, as `cosign generate-key-pair` makes it; random. */
export function generateKeyPair(passphrase: string): { readonly privateKey: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const [salt, nonce] = [randomBytes(SALT_BYTES), randomBytes(NONCE_BYTES)];
  const box = xsalsa20poly1305(keyOf(passphrase, salt, SCRYPT), nonce).encrypt(der);
  const document = {
    kdf: { name: 'scrypt', params: SCRYPT, salt: salt.toString('base64') },
    cipher: { name: 'nacl/secretbox', nonce: nonce.toString('base64') },
    ciphertext: Buffer.from(box).toString('base64'),
  };
  const lines =
    Buffer.from(JSON.stringify(document))
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return {
    privateKey: `-----BEGIN ${SIGSTORE}-----\n${lines.join('\n')}\n-----END ${SIGSTORE}-----\n`,
    publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  };
}

interface ScryptParameters {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

function opened(json: Buffer, passphrase: string, name: string): Uint8Array {
  const { ciphertext, nonce, params, salt } = parseBox(json, name);
  try {
    return xsalsa20poly1305(keyOf(passphrase, salt, params), nonce).decrypt(ciphertext);
  } catch {
    throw new TareError('E_KEY', `the pass phrase of ${name} is wrong`, { hint: 'it is read from COSIGN_PASSWORD' });
  }
}

function parseBox(
  json: Buffer,
  name: string,
): { params: ScryptParameters; salt: Buffer; nonce: Buffer; ciphertext: Buffer } {
  const damaged = new TareError('E_KEY', `${name} is a damaged private key`);
  let value: unknown;
  try {
    value = JSON.parse(json.toString('utf8'));
  } catch {
    throw damaged;
  }
  const kdf = member(value, 'kdf');
  const cipher = member(value, 'cipher');
  if (member(kdf, 'name') !== 'scrypt' || member(cipher, 'name') !== 'nacl/secretbox') throw damaged;
  const [N, r, p] = ['N', 'r', 'p'].map((key) => member(member(kdf, 'params'), key));
  const params = { N: Number(N), r: Number(r), p: Number(p) };
  const sound =
    within(params.N, MAX_SCRYPT_N) &&
    within(params.r, MAX_SCRYPT_R) &&
    within(params.p, MAX_SCRYPT_P) &&
    Math.log2(params.N) % 1 === 0;
  const salt = bytesAt(kdf, 'salt');
  const nonce = bytesAt(cipher, 'nonce');
  const ciphertext = bytesAt(value, 'ciphertext');
  if (!sound || nonce.length !== NONCE_BYTES) throw damaged;
  return { params, salt, nonce, ciphertext };
}

const within = (value: number, most: number): boolean => Number.isInteger(value) && value >= 1 && value <= most;

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}

function bytesAt(value: unknown, key: string): Buffer {
  const text = member(value, key);
  return Buffer.from(typeof text === 'string' ? text : '', 'base64');
}

function keyOf(passphrase: string, salt: Uint8Array, { N, p, r }: ScryptParameters): Uint8Array {
  // Twice what the algorithm itself needs, which is 128 × N × r.
  return scryptSync(passphrase, salt, KEY_BYTES, { N, r, p, maxmem: 256 * N * r + 1024 * 1024 });
}

function privateKeyOf(der: Uint8Array, name: string): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  } catch {
    throw new TareError('E_KEY', `${name} holds no private key in PKCS #8`);
  }
}

function noPassphrase(name: string): TareError {
  return new TareError('E_KEY', `${name} is encrypted, and no pass phrase was given`, { hint: 'set COSIGN_PASSWORD' });
}
