import { sign, verify, type KeyObject } from 'node:crypto';
import { isDigest, type Digest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import { canonicalJson } from '../../base/json.ts';
import { hashFor } from './payload.ts';

export const DSSE_TYPE = 'application/vnd.dsse.envelope.v1+json';
/** in-toto attestation spec v1, envelope.md. */
const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
/** An SBOM of a large image may be the predicate; base64 makes it a third longer. */
export const MAX_ENVELOPE_BYTES = 64 * 1024 * 1024; // 64 MiB
const MAX_SIGNATURES = 100;

/** What an attestation is about, and of which kind it is. */
export interface Attestation {
  readonly predicateType: string;
  readonly subjects: readonly Digest[];
}

/** A signed statement: DSSE v1 (secure-systems-lab/dsse, envelope.md), as cosign keeps it. */
export function sealed(statement: Uint8Array, key: KeyObject): Uint8Array {
  const signature = sign(hashFor(key), encoded(statement), key).toString('base64');
  const envelope = {
    payloadType: PAYLOAD_TYPE,
    payload: Buffer.from(statement).toString('base64'),
    signatures: [{ keyid: '', sig: signature }],
  };
  return Buffer.from(canonicalJson(envelope), 'utf8');
}

/** The statement that a key has signed; undefined when it has signed none in this envelope, or when this is no envelope. */
export function openedWith(envelope: Uint8Array, key: KeyObject): Uint8Array | undefined {
  const value = parsed(envelope);
  const [payload, signatures] = [member(value, 'payload'), member(value, 'signatures')];
  if (member(value, 'payloadType') !== PAYLOAD_TYPE || typeof payload !== 'string' || !Array.isArray(signatures))
    return undefined;
  const statement = Buffer.from(payload, 'base64');
  const isOfKey = signatures.slice(0, MAX_SIGNATURES).some((item: unknown) => {
    const signature = member(item, 'sig');
    return typeof signature === 'string' && isOf(encoded(statement), signature, key);
  });
  return isOfKey ? statement : undefined;
}

function isOf(text: Uint8Array, signature: string, key: KeyObject): boolean {
  try {
    return verify(hashFor(key), text, key, Buffer.from(signature, 'base64'));
  } catch {
    return false; // a signature that no key of this type can make
  }
}

/** dsse, protocol.md: "PAE". Lengths are of bytes. */
function encoded(statement: Uint8Array): Uint8Array {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${statement.length} `, 'utf8'),
    statement,
  ]);
}

/** in-toto Statement, v1 or v0.1. @throws TareError E_SIGNATURE when it is none */
export function attestationOf(statement: Uint8Array): Attestation {
  const value = parsed(statement);
  const [type, predicateType, subjects] = [
    member(value, '_type'),
    member(value, 'predicateType'),
    member(value, 'subject'),
  ];
  if (
    typeof type !== 'string' ||
    !type.startsWith('https://in-toto.io/Statement/') ||
    typeof predicateType !== 'string'
  )
    throw new TareError('E_SIGNATURE', 'an attestation cannot be read: it is no in-toto statement');
  const digests = (Array.isArray(subjects) ? subjects : []).flatMap((subject: unknown) => {
    const digest = member(subject, 'digest');
    return ['sha256', 'sha512'].map((name) => `${name}:${String(member(digest, name))}`).filter(isDigest);
  });
  return { predicateType, subjects: digests };
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}
