import { createHash, type Hash } from 'node:crypto';
import { algorithmOf, type Digest } from './digest.ts';
import { TareError } from './error.ts';

/** A stream of bytes. Chunks may have any length; a chunk belongs to the receiver only until it asks for the next. */
export type Bytes = AsyncIterable<Uint8Array>;

export async function* bytesOf(...chunks: readonly (Uint8Array | string)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
}

/** Reads all into memory. @throws TareError E_LIMIT beyond `limit` bytes. */
export async function collectBytes(source: Bytes, limit: number, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > limit) throw new TareError('E_LIMIT', `${what} is larger than ${limit} bytes`);
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks, size);
}

export function hashFor(digest: Digest): Hash {
  return createHash(algorithmOf(digest));
}

/**
 * Passes the stream on and checks it at its end.
 * @throws TareError E_SIZE as soon as it is longer than `size`, or at the end when shorter; E_DIGEST at the end when the content differs.
 */
export async function* verified(
  source: Bytes,
  expected: { readonly digest: Digest; readonly size?: number },
): AsyncGenerator<Uint8Array> {
  const hash = hashFor(expected.digest);
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (expected.size !== undefined && size > expected.size) {
      throw new TareError(
        'E_SIZE',
        `blob ${expected.digest} is longer than the ${expected.size} bytes that its descriptor promises`,
      );
    }
    hash.update(chunk);
    yield chunk;
  }
  if (expected.size !== undefined && size !== expected.size) {
    throw new TareError(
      'E_SIZE',
      `blob ${expected.digest} has ${size} bytes, its descriptor promises ${expected.size}`,
    );
  }
  const actual = `${algorithmOf(expected.digest)}:${hash.digest('hex')}`;
  if (actual !== expected.digest)
    throw new TareError('E_DIGEST', `blob ${expected.digest} has the content of ${actual}`);
}
