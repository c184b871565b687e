import { createHash } from 'node:crypto';
import { TareError } from './error.ts';

/** OCI digest: algorithm and lower-case hex (image-spec descriptor.md, "Digests"). */
export type Digest = `sha256:${string}` | `sha512:${string}`;

const HEX_LENGTH: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 };

/** @throws TareError E_DIGEST when it is not a registered algorithm with the right count of lower-case hex digits. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new TareError(
    'E_DIGEST',
    `${JSON.stringify(text)} is not a digest: expected sha256: or sha512: and lower-case hex`,
  );
}

export function isDigest(text: string): text is Digest {
  const colon = text.indexOf(':');
  const length = HEX_LENGTH[text.slice(0, Math.max(0, colon))];
  const hex = text.slice(colon + 1);
  return length !== undefined && hex.length === length && /^[0-9a-f]+$/.test(hex);
}

export function algorithmOf(digest: Digest): 'sha256' | 'sha512' {
  return digest.startsWith('sha256:') ? 'sha256' : 'sha512';
}

export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

export function sha256(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
