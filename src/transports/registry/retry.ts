import { throwIfCancelled } from '../../base/context.ts';
import type { TareError } from '../../base/error.ts';
import type { Pacing } from './types.ts';
import type { Answer } from './wire.ts';

/** A failure that another attempt may mend. `error` is what the user is told when none does. */
export class Fault extends Error {
  readonly error: TareError;
  /** What the server asked for, in ms. */
  readonly retryAfterMs: number | undefined;

  constructor(error: TareError, retryAfterMs?: number) {
    super(error.message, { cause: error });
    this.error = error;
    this.retryAfterMs = retryAfterMs;
  }
}

const MAX_ATTEMPTS = 6;
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 20_000;
/** A server that wants more time than this is asked again by the user, not by us. */
const MAX_RETRY_AFTER_MS = 60_000;

/** Statuses that say nothing about the request: RFC 9110 section 15, and 429 of RFC 6585. */
export function isPassing(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

/** Until attempt number `attempt` (from 1) is followed by the next: exponential, with full jitter, not below what the server asked for. */
export function delayMs(attempt: number, pacing: Pick<Pacing, 'random'>, retryAfterMs = 0): number {
  const ceiling = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  const jittered = ceiling * (0.5 + pacing.random() / 2);
  return Math.round(retryAfterMs > 0 ? retryAfterMs + jittered * 0.1 : jittered);
}

/** How long an answer asks to wait, in ms. Dates are the server's, whose clock may be another: its own `Date` says when it is there. */
export function retryAfterIn(answer: Pick<Answer, 'header'>, pacing: Pick<Pacing, 'now'>): number | undefined {
  const there = Date.parse(answer.header('date') ?? '');
  return retryAfterOf(answer.header('retry-after'), Number.isNaN(there) ? pacing.now() : there);
}

/** RFC 9110 section 10.2.3: seconds or a date; in ms from `now`. Undefined when it says neither. */
export function retryAfterOf(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Counts what went wrong without anything going right in between. */
export interface Patience {
  /** Waits before the next attempt. @throws the fault's own error when there shall be none */
  spend(fault: Fault): Promise<void>;
  /** Something has come through: the count starts again. */
  renew(): void;
}

/** For work that goes on where it broke, so that each piece deserves its own attempts; the sum of all is bounded as well. */
export function createPatience(pacing: Pacing, signal: AbortSignal, maxInAll = MAX_ATTEMPTS): Patience {
  let failed = 0;
  let inAll = 0;
  return {
    spend: async (fault) => {
      failed += 1;
      inAll += 1;
      if (failed >= MAX_ATTEMPTS || inAll >= maxInAll || (fault.retryAfterMs ?? 0) > MAX_RETRY_AFTER_MS)
        throw fault.error;
      await pacing.sleep(delayMs(failed, pacing, fault.retryAfterMs), signal);
    },
    renew: () => {
      failed = 0;
    },
  };
}

/** @throws TareError of the last Fault after six attempts; any other error at once; E_CANCELLED */
export async function retrying<T>(pacing: Pacing, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  const patience = createPatience(pacing, signal);
  for (;;) {
    throwIfCancelled(signal);
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      await patience.spend(error);
    }
  }
}
