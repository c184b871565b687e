import { TareError } from '../../base/error.ts';
import { quotePath } from '../../base/path.ts';
import type { Bytes } from '../../base/streams.ts';
import { encodeHeader, TRAILER } from './encode.ts';
import { paddingOf } from './fields.ts';
import type { TarHeader } from './types.ts';

/** What to write: a header and, for a file that is not empty, `header.size` bytes of content. */
export interface TarInput {
  readonly header: TarHeader;
  readonly body?: Bytes | Uint8Array;
}

/**
 * Writes an archive, the members in the order given, by the rule of `encodeHeader`: the same entries give the same bytes. An entry, and
 * each chunk of a body, is asked for only when the bytes before it have been taken.
 *
 * @throws TareError E_TAR when a header cannot be written exactly, or a body is not `header.size` bytes long; other errors of the sources pass
 */
export async function* writeTar(entries: Iterable<TarInput> | AsyncIterable<TarInput>): AsyncGenerator<Uint8Array> {
  for await (const { header, body } of entries) {
    yield encodeHeader(header);
    let left = header.size;
    for await (const chunk of chunksOf(body)) {
      left -= chunk.length;
      if (left < 0) throw wrongLength(header, 'longer');
      if (chunk.length > 0) yield chunk;
    }
    if (left > 0) throw wrongLength(header, 'shorter');
    const padding = paddingOf(header.size);
    if (padding > 0) yield new Uint8Array(padding);
  }
  yield TRAILER.slice();
}

function chunksOf(body: Bytes | Uint8Array | undefined): Bytes | readonly Uint8Array[] {
  if (body === undefined) return [];
  return body instanceof Uint8Array ? [body] : body;
}

function wrongLength(header: TarHeader, how: 'longer' | 'shorter'): TareError {
  const path = quotePath(header.path);
  return new TareError('E_TAR', `the content of ${path} is ${how} than the ${header.size} bytes of its header`);
}
