import type { Bytes } from '../../base/streams.ts';

/** What a request carries. */
export type RequestBody = Uint8Array | { readonly size: number; readonly open: () => Bytes };

/** A body on its way, watched. */
export interface Outgoing {
  readonly value: Uint8Array | AsyncIterable<Uint8Array> | null;
  readonly headers: Readonly<Record<string, string>>;
  /** For the request: aborts when the caller's does, and when the server takes nothing for too long. */
  readonly signal: AbortSignal;
  /** What the source failed with. */
  failure(): { readonly error: unknown } | undefined;
  isStalled(): boolean;
  /** When the answer has come, or will not. */
  end(): void;
}

/** How often the flow is looked at, within the time that it may stand still. */
const LOOKS = 4;

/** @param silenceMs how long the server may take nothing, while there is something to take */
export function outgoing(body: RequestBody | undefined, signal: AbortSignal, silenceMs: number): Outgoing {
  const plain = { signal, failure: () => undefined, isStalled: () => false, end: () => undefined };
  if (body === undefined) return { ...plain, value: null, headers: {} };
  if (body instanceof Uint8Array) return { ...plain, value: body, headers: { 'content-length': String(body.length) } };

  const stop = new AbortController();
  const state = {
    failure: undefined as { readonly error: unknown } | undefined,
    stalled: false,
    looks: 0,
    offered: false,
  };
  const pass = (): void => stop.abort(signal.reason);
  if (signal.aborted) pass();
  signal.addEventListener('abort', pass, { once: true });
  const timer = setInterval(() => {
    state.looks = state.offered ? state.looks + 1 : 0;
    if (state.looks <= LOOKS) return;
    state.stalled = true;
    stop.abort();
  }, silenceMs / LOOKS);

  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of body.open()) {
        state.looks = 0;
        state.offered = true;
        // The socket keeps chunks for later, while their maker uses the same buffer again.
        yield Buffer.from(chunk);
        // A source that takes its time is no fault of the server.
        state.offered = false;
      }
    } catch (error) {
      state.failure = { error };
      throw error;
    }
  };
  return {
    value: chunks(),
    headers: { 'content-length': String(body.size) },
    signal: stop.signal,
    failure: () => state.failure,
    isStalled: () => state.stalled,
    end: () => {
      clearInterval(timer);
      signal.removeEventListener('abort', pass);
    },
  };
}
