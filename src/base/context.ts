import { availableParallelism } from 'node:os';
import { TareError } from './error.ts';
import type { Context } from './events.ts';

/** A Context with the defaults filled in: no listener, never aborted, one worker per core. */
export function createContext(options: Partial<Context> = {}): Context {
  return {
    onEvent: options.onEvent ?? (() => undefined),
    signal: options.signal ?? new AbortController().signal,
    concurrency: options.concurrency ?? availableParallelism(),
    ...(options.registry === undefined ? {} : { registry: options.registry }),
  };
}

/** @throws TareError E_CANCELLED once the signal is aborted. Call it between units of work. */
export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new TareError('E_CANCELLED', 'interrupted');
}
