import { isTareError } from '../../src/base/error.ts';
import { collectBytes, type Bytes } from '../../src/base/streams.ts';

/** The bytes in chunks of one size, the last one shorter. */
// oxlint-disable-next-line typescript/require-await
export async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** What comes out, as latin1; or the code of the error. Any other error is thrown. */
export async function outcome(stream: Bytes): Promise<string> {
  try {
    return (await collectBytes(stream, 1e9, 'the test data')).toString('latin1');
  } catch (error) {
    if (isTareError(error)) return error.code;
    throw error;
  }
}

/** Bytes that are always the same and hardly compress (a linear congruential generator). */
export function noise(length: number, seed = 1): Buffer {
  const out = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = state >>> 24;
  }
  return out;
}
