import type { Patience } from './ask.ts';

/** A smaller image starts no slower than this many times its original, and gets at least so long, in milliseconds. */
const FACTOR = 5;
const MIN_TIMEOUT_MS = 10_000;
const MIN_PATIENCE_MS = 1000;

/**
 * How long an image is asked whose original was ready after `readyMs` (see `ObservedRun`): long enough for a slow machine, and no minute for
 * each page that is broken for good.
 */
export function patienceFor(original: { readonly readyMs: number }, timeoutMs: number): Required<Patience> {
  return {
    timeoutMs: Math.min(timeoutMs, Math.max(MIN_TIMEOUT_MS, FACTOR * original.readyMs)),
    patienceMs: Math.max(MIN_PATIENCE_MS, original.readyMs),
  };
}
