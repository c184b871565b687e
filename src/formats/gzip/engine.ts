import type { Transform } from 'node:stream';
import { TareError } from '../../base/error.ts';
import type { Bytes } from '../../base/streams.ts';

/** A stream of node:zlib: counts the input bytes that it has used. */
export type ZlibEngine = Transform & { readonly bytesWritten: number };

/** Bytes of output that an engine makes at a time: larger pieces cost fewer trips through the thread pool. */
export const OUTPUT_CHUNK_BYTES = 256 * 1024; // 256 KiB

export interface Pumped {
  /** What comes out. Ends where the engine's data end, which may be before the source does. */
  readonly output: Bytes;
  /** Once `output` has ended: what the engine did not want of the source, the rest of the chunk it stopped in first. */
  rest(): AsyncGenerator<Uint8Array>;
  /** Must be called in the end. Closes the engine and the source. */
  close(): Promise<void>;
}

/**
 * Runs the source through an engine, one chunk at a time: the next is asked for when the engine has used up the one before.
 * An error of the source comes out of `output` as it is, a fault in the data as E_COMPRESSION.
 */
export function pump(source: AsyncIterator<Uint8Array>, engine: ZlibEngine, name: string): Pumped {
  let leftover: Uint8Array | undefined;
  let finished = false;
  let closed = false;
  let stop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));

  const feed = async (): Promise<void> => {
    let fed = 0;
    for (;;) {
      const next = await source.next();
      if (closed) return;
      if (next.done === true) {
        finished = true;
        engine.end();
        return;
      }
      if (next.value.length === 0) continue;
      fed += next.value.length;
      await Promise.race([stopped, new Promise<void>((resolve) => engine.write(next.value, () => resolve()))]);
      if (closed || engine.destroyed) return;
      const unused = fed - engine.bytesWritten;
      if (unused > 0) {
        leftover = next.value.subarray(next.value.length - unused);
        return;
      }
    }
  };

  async function* output(): AsyncGenerator<Uint8Array> {
    const feeding = feed().catch((error: unknown) => {
      engine.destroy(error instanceof Error ? error : new Error(String(error)));
    });
    try {
      for await (const chunk of engine) yield chunk as Uint8Array;
    } catch (error) {
      throw compressionError(error, name);
    }
    await feeding;
  }

  return {
    output: output(),
    async *rest() {
      if (leftover !== undefined) yield leftover;
      if (finished) return;
      for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value;
    },
    close: async () => {
      closed = true;
      stop();
      engine.destroy();
      if (!finished) await source.return?.();
    },
  };
}

function compressionError(error: unknown, name: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error;
  if (!/^(Z_|ZSTD_|ERR_BUFFER_TOO_LARGE|ERR_ZLIB|ERR_TRAILING_JUNK)/.test(error.code)) return error;
  return new TareError('E_COMPRESSION', `the ${name} data are malformed or truncated: ${error.message}`, {
    cause: error,
  });
}
