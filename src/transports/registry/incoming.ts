import type { IncomingMessage } from 'node:http';
import type { Inlet } from './inlet.ts';

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

/** The body of an answer, in pieces of up to a megabyte. */
export function incoming(response: IncomingMessage): Inlet {
  const held = createHeld();
  const state = { ended: false, received: 0, changed: () => {} };
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    state.changed();
  };
  response.on('data', (chunk: Buffer) => {
    // More may be there already: what comes in one turn of the event loop goes on in one piece.
    if (held.bytes() === 0) setImmediate(() => state.changed());
    held.add(chunk);
    state.received += chunk.length;
    if (held.bytes() >= MAX_HELD_BYTES) response.pause();
  });
  response.once('end', () => {
    state.ended = true;
    state.changed();
  });
  response.on('error', fail);
  response.once('close', () => {
    if (!state.ended) fail(new Error('the connection was closed'));
  });
  // Broken before anybody looked: there will be no event.
  if (response.closed) fail(response.errored ?? new Error('the connection was closed'));
  return {
    take: () => {
      const piece = held.take();
      if (piece !== undefined && response.isPaused()) response.resume();
      return piece;
    },
    received: () => state.received,
    isEnded: () => state.ended,
    failure: () => failure,
    onChange: (listener) => {
      state.changed = listener;
    },
    destroy: () => response.destroy(),
    close: () => {
      if (!state.ended) response.destroy();
    },
  };
}
