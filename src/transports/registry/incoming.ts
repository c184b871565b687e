import type { IncomingMessage } from 'node:http';
import type { Pacing } from './types.ts';

/** Held for a receiver that is slower than the connection. */
const MAX_HELD_BYTES = 1024 * 1024; // 1 MiB
/** What is short is read to its end, so that the connection can be used again. */
const MAX_DROPPED_BYTES = 64 * 1024; // 64 KiB
const MAX_DROPPING_MS = 10_000;

/** Gives an answer up. */
export function drop(response: IncomingMessage): void {
  if (response.readableEnded || response.destroyed) return;
  let size = 0;
  const timer = setTimeout(() => response.destroy(), MAX_DROPPING_MS);
  timer.unref();
  response.once('close', () => clearTimeout(timer));
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_DROPPED_BYTES) response.destroy();
  });
  response.resume();
}

/** What has come and was not taken yet. */
function createHeld(): {
  readonly bytes: () => number;
  readonly add: (chunk: Buffer) => void;
  /** All of it, or the most that fits; valid until the next call. */
  readonly take: () => Buffer | undefined;
} {
  let chunks: Buffer[] = [];
  let bytes = 0;
  let piece: Buffer | undefined;
  return {
    bytes: () => bytes,
    add: (chunk) => {
      chunks.push(chunk);
      bytes += chunk.length;
    },
    take: () => {
      const [only] = chunks;
      if (only === undefined || chunks.length === 1) {
        [chunks, bytes] = [[], 0];
        return only;
      }
      piece ??= Buffer.allocUnsafeSlow(2 * MAX_HELD_BYTES);
      let filled = 0;
      let count = 0;
      for (const chunk of chunks) {
        if (filled + chunk.length > piece.length) break;
        piece.set(chunk, filled);
        filled += chunk.length;
        count += 1;
      }
      chunks = chunks.slice(count);
      bytes -= filled;
      return piece.subarray(0, filled);
    },
  };
}

/**
 * The bytes of an answer as they come, in pieces of up to a megabyte. Ends the connection unless it comes to their end.
 * @throws what the connection breaks with; a plain Error when it falls silent, or gives a byte a minute: such a server would hold us for ever
 */
export async function* incoming(response: IncomingMessage, pacing: Pacing): AsyncGenerator<Uint8Array> {
  const held = createHeld();
  const state = { ended: false, waiting: false, sinceLook: 0, wake: () => {} };
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    state.wake();
  };
  const giveUp = (why: string): void => {
    fail(new Error(why));
    response.destroy();
  };
  // A receiver that takes its time is no fault of the server: only periods that were spent waiting count.
  const pace = setInterval(() => {
    if (state.waiting && state.sinceLook < pacing.minBytes) giveUp('it sends too slowly');
    state.sinceLook = 0;
  }, pacing.windowMs);
  const silence = setTimeout(() => {
    if (state.waiting) giveUp('it sends nothing any more');
    else silence.refresh();
  }, pacing.silenceMs);

  response.on('data', (chunk: Buffer) => {
    // More may be there already: what comes in one turn of the event loop goes on in one piece.
    if (held.bytes() === 0) setImmediate(() => state.wake());
    held.add(chunk);
    state.sinceLook += chunk.length;
    if (held.bytes() >= MAX_HELD_BYTES) response.pause();
  });
  response.once('end', () => {
    state.ended = true;
    state.wake();
  });
  response.on('error', fail);
  response.once('close', () => {
    if (!state.ended) fail(new Error('the connection was closed'));
  });
  try {
    // Broken before anybody looked: there will be no event.
    if (response.closed) throw response.errored ?? new Error('the connection was closed');
    for (;;) {
      const piece = held.take();
      if (piece !== undefined) {
        if (response.isPaused()) response.resume();
        yield piece;
        continue;
      }
      if (failure !== undefined) throw failure;
      if (state.ended) return;
      silence.refresh();
      state.waiting = true;
      await new Promise<void>((resolve) => {
        state.wake = resolve;
      });
      state.waiting = false;
    }
  } finally {
    clearInterval(pace);
    clearTimeout(silence);
    if (!state.ended) response.destroy();
  }
}
