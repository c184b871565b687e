import { execFileSync } from 'node:child_process';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateKeyPair, readPrivateKey, readPublicKey } from '../../../src/ship/sign/key-file.ts';
import { decodeClaim, encodeClaim, isSignedBy, signClaim } from '../../../src/ship/sign/payload.ts';
import type { Digest } from '../../../src/base/digest.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';

const TEXT = Buffer.from('what is signed');
const DIGEST = `sha256:${'0a'.repeat(32)}` as Digest;

function openssl(args: readonly string[]): string {
  const file = join(tempDir(), 'key.pem');
  execFileSync('openssl', [...args, '-out', file], { stdio: 'ignore' });
  return readFileSync(file, 'utf8');
}
const publicOf = (key: KeyObject): KeyObject => createPublicKey(key);

describe('keys', () => {
  it('are made as cosign makes them, and open with their pass phrase alone', () => {
    const pair = generateKeyPair('secret');
    expect(pair.privateKey).toMatch(
      /^-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n[^]*\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n$/,
    );
    expect(pair.privateKey + pair.publicKey).not.toContain('secret');
    const key = readPrivateKey(pair.privateKey, 'secret', 'a.key');
    expect(isSignedBy(TEXT, signClaim(TEXT, key), readPublicKey(pair.publicKey, 'a.pub'))).toBe(true);
    for (const [passphrase, said] of [
      ['other', /pass phrase of a\.key is wrong/],
      [undefined, /a\.key is encrypted/],
    ] as const)
      expect(() => readPrivateKey(pair.privateKey, passphrase, 'a.key')).toThrow(said);
    expect(generateKeyPair('secret').publicKey).not.toBe(pair.publicKey);
  });

  it.skipIf(!needs('openssl')).each([
    ['elliptic curve', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'], undefined],
    ['RSA', ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'], undefined],
    ['Ed25519', ['genpkey', '-algorithm', 'ED25519'], undefined],
    ['encrypted', ['genpkey', '-algorithm', 'ED25519', '-aes256', '-pass', 'pass:word'], 'word'],
  ] as const)('%s keys of openssl sign', (_what, args, passphrase) => {
    const pem = openssl(args);
    const key = readPrivateKey(pem, passphrase, 'k');
    const signature = signClaim(TEXT, key);
    expect(isSignedBy(TEXT, signature, publicOf(key))).toBe(true);
    expect(isSignedBy(Buffer.from('other'), signature, publicOf(key))).toBe(false);
    if (passphrase !== undefined) {
      expect(() => readPrivateKey(pem, undefined, 'k')).toThrow(/k is encrypted/);
      expect(() => readPrivateKey(pem, 'no', 'k')).toThrow(/pass phrase is wrong/);
    }
  });

  it.each([
    ['', undefined],
    ['nonsense', undefined],
    [
      '-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nbm9uc2Vuc2U=\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n',
      'x',
    ],
    [boxed({ kdf: { name: 'scrypt', params: { N: 1 << 30, r: 8, p: 1 } } }), 'x'],
    [boxed({ kdf: { name: 'scrypt', params: { N: 1000, r: 8, p: 1 } } }), 'x'],
    [boxed({ kdf: { name: 'argon2', params: {} } }), 'x'],
    [boxed({ cipher: { name: 'nacl/secretbox', nonce: '' } }), 'x'],
  ])('refuses what is none: %#', (pem, passphrase) => {
    expect(() => readPrivateKey(pem, passphrase, 'k')).toThrow(expect.objectContaining({ code: 'E_KEY' }) as Error);
    expect(() => readPublicKey(pem, 'k')).toThrow(expect.objectContaining({ code: 'E_KEY' }) as Error);
  });
});

/** A sound box, but for what is given. */
function boxed(parts: Readonly<Record<string, unknown>>): string {
  const body = {
    kdf: { name: 'scrypt', params: { N: 2, r: 8, p: 1 }, salt: 'AAAA' },
    cipher: { name: 'nacl/secretbox', nonce: Buffer.alloc(24).toString('base64') },
    ciphertext: 'AAAA',
    ...parts,
  };
  const text = Buffer.from(JSON.stringify(body)).toString('base64');
  return `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n${text}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n`;
}

describe('what is signed', () => {
  it('has the form of simple signing', () => {
    const bytes = encodeClaim({ digest: DIGEST, reference: 'host:5000/app', annotations: {} });
    expect(Buffer.from(bytes).toString()).toBe(
      `{"critical":{"identity":{"docker-reference":"host:5000/app"},"image":{"docker-manifest-digest":"${DIGEST}"},"type":"cosign container image signature"},"optional":null}`,
    );
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.string(), fc.dictionary(fc.string(), fc.string()), (reference, annotations) => {
        const claim = { digest: DIGEST, reference, annotations };
        expect(decodeClaim(encodeClaim(claim))).toEqual(claim);
      }),
    );
  });

  it.each([
    '',
    '[]',
    'null',
    '{"critical":{}}',
    '{"critical":{"type":"cosign container image signature","image":{"docker-manifest-digest":"sha256:12"}}}',
    `{"critical":{"type":"other","image":{"docker-manifest-digest":"${DIGEST}"}}}`,
    `"${'x'.repeat(70_000)}"`,
  ])('refuses what is not: %#', (text) => {
    expect(() => decodeClaim(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'E_SIGNATURE' }) as Error);
  });

  it('is not believed when the signature is of another kind of key', () => {
    const { publicKey } = generateKeyPair('');
    expect(isSignedBy(TEXT, 'AAAA', readPublicKey(publicKey, 'p'))).toBe(false);
    expect(isSignedBy(TEXT, '', readPublicKey(publicKey, 'p'))).toBe(false);
  });
});
