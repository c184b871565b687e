import { TareError } from '../../base/error.ts';
import { createExpansionGuard, DEFAULT_EXPANSION_CAPS, type ExpansionCaps } from '../../base/expansion.ts';
import type { Bytes } from '../../base/streams.ts';
import { createFrameDecoder, createScriptDecoder } from './decoders.ts';
import { malformed, readFrames } from './frames.ts';
import { createByteReader } from './reader.ts';

export { isZstd } from './frames.ts';

export interface ZstdOptions extends Partial<ExpansionCaps> {
  /** `script`: the decoder in JavaScript even where Node has its own. */
  readonly decoder?: 'script';
}

/**
 * Decompresses zstd (RFC 8878): one frame or several, skippable frames passed over, no dictionaries. Asks for input only as
 * output is taken. Before Node 22.15 the checksum of a frame is not looked at: check the digest of what comes out.
 *
 * @throws TareError E_COMPRESSION when malformed, truncated or followed by something else, E_LIMIT beyond a cap; errors of the source pass
 */
export async function* decompress(source: Bytes, options: ZstdOptions = {}): AsyncGenerator<Uint8Array> {
  const caps = { ...DEFAULT_EXPANSION_CAPS, ...options };
  const guard = createExpansionGuard(caps);
  const decode = options.decoder === 'script' ? createScriptDecoder() : createFrameDecoder(caps.maxWindowBytes);
  const iterator = source[Symbol.asyncIterator]();
  let ended = false;
  let taken = 0;
  const reader = createByteReader({
    next: async () => {
      const next = await iterator.next();
      if (next.done === true) {
        ended = true;
        return next;
      }
      taken += next.value.length;
      guard.took(next.value.length);
      return next;
    },
  });
  try {
    for await (const frame of readFrames(reader, caps.maxWindowBytes)) {
      let given = 0;
      for await (const chunk of decode(frame)) {
        given += chunk.length;
        guard.gave(chunk.length);
        yield chunk;
      }
      // A decoder may be content before the frame is.
      if (!(await frame.pieces.next()).done) throw malformed('a frame goes on after its last block');
      if (frame.contentBytes !== undefined && given !== frame.contentBytes) {
        throw malformed(`a frame holds ${given} bytes, its header promises ${frame.contentBytes}`);
      }
    }
    if (taken === 0) throw new TareError('E_COMPRESSION', 'the zstd data are empty');
  } finally {
    if (!ended) await iterator.return?.();
  }
}
