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

/**
 * The bytes of an answer as they come. Ends the connection unless it comes to their end.
 * @throws what the connection breaks with; a plain Error when it falls silent, or gives a byte a minute: such a server would hold us for ever
 */
export async function* incoming(response: IncomingMessage, pacing: Pacing): AsyncGenerator<Uint8Array> {
  const chunks: Buffer[] = [];
  const state = { held: 0, ended: false, waiting: false, sinceLook: 0, wake: () => {} };
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
    chunks.push(chunk);
    state.held += chunk.length;
    state.sinceLook += chunk.length;
    if (state.held >= MAX_HELD_BYTES) response.pause();
    state.wake();
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
      const chunk = chunks.shift();
      if (chunk !== undefined) {
        state.held -= chunk.length;
        if (state.held === 0 && response.isPaused()) response.resume();
        yield chunk;
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
