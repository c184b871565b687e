import type { ClientRequest } from 'node:http';
import { TareError } from '../../base/error.ts';
import type { Bytes } from '../../base/streams.ts';

/** What a request carries. */
export type RequestBody = Uint8Array | { readonly size: number; readonly open: () => Bytes };

/** A body on its way, watched. */
export interface Outgoing {
  /** What the source failed with. */
  failure(): { readonly error: unknown } | undefined;
  /** The server takes nothing any more. */
  isStalled(): boolean;
  /** All of it has been handed over. */
  isWhole(): boolean;
  /** To be called when the answer has come, or will not: resolves when the source is at rest. */
  end(): Promise<void>;
}

export function lengthOf(body: RequestBody | undefined): { readonly 'content-length'?: string } {
  if (body === undefined) return {};
  return { 'content-length': String(body instanceof Uint8Array ? body.length : body.size) };
}

/**
 * Sends the body of a request, and ends the request. What goes wrong on the way destroys it.
 * @param silenceMs how long the server may take nothing, while there is something to take
 */
export function deliver(request: ClientRequest, body: RequestBody | undefined, silenceMs: number): Outgoing {
  if (body === undefined || body instanceof Uint8Array) {
    let stalled = false;
    if (body !== undefined)
      request.setTimeout(silenceMs, () => {
        if (request.writableFinished) return;
        stalled = true;
        request.destroy();
      });
    request.end(body);
    return { failure: () => undefined, isStalled: () => stalled, isWhole: () => true, end: () => Promise.resolve() };
  }
  const state = {
    failure: undefined as { readonly error: unknown } | undefined,
    stalled: false,
    waiting: false,
    over: false,
    left: body.size,
    wake: () => {},
  };
  // Node counts as movement what the system takes of a chunk. A source that takes its time is no fault of the server.
  request.setTimeout(silenceMs, () => {
    if (!state.waiting) return;
    state.stalled = true;
    request.destroy();
  });
  const stop = (): void => {
    state.over = true;
    state.wake();
  };
  request.once('close', stop);

  /** Resolves when the chunk may be used again. Why it could not be sent is for the request to say. */
  const handOver = async (chunk: Uint8Array): Promise<void> => {
    state.left -= chunk.length;
    state.waiting = true;
    await new Promise<void>((resolve) => {
      state.wake = resolve;
      request.write(chunk, () => resolve());
    });
    state.waiting = false;
  };
  const send = async (): Promise<void> => {
    let last: Uint8Array | undefined;
    for await (const chunk of body.open()) {
      if (state.over) return;
      if (chunk.length === 0) continue;
      if (last !== undefined || chunk.length > state.left) throw wrongLength(body.size, 'more');
      // A source may check itself at its end: the server gets the last bytes when it has, and never the whole of what is wrong.
      if (chunk.length === state.left) last = Buffer.from(chunk);
      else await handOver(chunk);
    }
    if (state.over) return;
    if (last !== undefined) await handOver(last);
    if (state.left > 0) throw wrongLength(body.size, 'fewer');
    request.end();
  };
  const done = send().catch((error: unknown) => {
    state.failure = { error };
    request.destroy();
  });
  return {
    failure: () => state.failure,
    isStalled: () => state.stalled,
    isWhole: () => state.left === 0,
    end: async () => {
      stop();
      await done;
    },
  };
}

function wrongLength(size: number, how: 'more' | 'fewer'): TareError {
  return new TareError('E_SIZE', `what is to be sent has ${how} than the ${size} bytes that were announced`);
}
