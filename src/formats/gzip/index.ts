import { createGunzip } from 'node:zlib';
import { TareError } from '../../base/error.ts';
import { createExpansionGuard, DEFAULT_EXPANSION_CAPS, type ExpansionCaps } from '../../base/expansion.ts';
import type { Bytes } from '../../base/streams.ts';
import { OUTPUT_CHUNK_BYTES, pump } from './engine.ts';

export { isGzip } from './magic.ts';

/**
 * Decompresses gzip (RFC 1952): one member or several, CRC and length of each checked. Zeros after the last member are padding, as tape
 * readers leave it; anything else is an error, also what stands behind such padding. Asks for input only as output is taken.
 * The input may be a bomb: output beyond the caps ends it.
 *
 * @throws TareError E_COMPRESSION when malformed, truncated or followed by something else, E_LIMIT; errors of the source pass
 */
export async function* decompress(source: Bytes, caps: Partial<ExpansionCaps> = {}): AsyncGenerator<Uint8Array> {
  const guard = createExpansionGuard({ ...DEFAULT_EXPANSION_CAPS, ...caps });
  let taken = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      taken += chunk.length;
      guard.took(chunk.length);
      yield chunk;
    }
  };
  const pumped = pump(counted(), createGunzip({ chunkSize: OUTPUT_CHUNK_BYTES }), 'gzip');
  try {
    for await (const chunk of pumped.output) {
      guard.gave(chunk.length);
      yield chunk;
    }
    // zlib ends without a word when it was given nothing.
    if (taken === 0) throw new TareError('E_COMPRESSION', 'the gzip data are empty');
    for await (const chunk of pumped.rest()) {
      if (!isZero(chunk)) throw new TareError('E_COMPRESSION', 'the gzip data are followed by something else');
    }
  } finally {
    await pumped.close();
  }
}

function isZero(chunk: Uint8Array): boolean {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).every((byte) => byte === 0);
}
