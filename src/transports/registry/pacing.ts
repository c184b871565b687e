import { throwIfCancelled } from '../../base/context.ts';
import type { Pacing } from './types.ts';

const SILENCE_MS = 60_000;
const WINDOW_MS = 30_000;
/** 1 KiB a second: the slowest line that anybody pulls images over. */
const MIN_BYTES = 30 * 1024;

export const REAL_PACING: Pacing = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: pause,
  silenceMs: SILENCE_MS,
  windowMs: WINDOW_MS,
  minBytes: MIN_BYTES,
};

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  throwIfCancelled(signal);
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
  throwIfCancelled(signal);
}
