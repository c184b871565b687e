import type { Progress } from '../sandbox/types.ts';

/** Without a new path for so long a program has started, although its port has been open for a while: its workers may still load what they serve. In milliseconds. */
const STARTED_MS = 300;
/** The same after each question: what goes on beside the answer belongs to that question. */
const ANSWERED_MS = 50;
/** What has to follow may just be beginning: so long is waited at least, in milliseconds. */
const START_GRACE_MS = 50;
const ANSWER_GRACE_MS = 15;
/** How long that is waited for, in milliseconds: some programs always ask for something new. */
const START_LIMIT_MS = 5000;
const ANSWER_LIMIT_MS = 500;
/** So often in vain, and nobody waits any more. */
const MAX_BUSY = 3;

export interface CalmOptions {
  /** Undefined: nobody watches it, and nobody has to wait. */
  readonly progress: () => Promise<Progress | undefined>;
  readonly pause: (ms: number) => Promise<void>;
  readonly over: () => boolean;
}

export interface Calm {
  /** Resolves when what was asked for so far has been, so that a new phase can begin. */
  reached(): Promise<void>;
  /** Milliseconds for which nothing was done but waiting. */
  readonly idleMs: () => number;
}

/**
 * Holds phases apart. What a program does in the background would otherwise be a matter of the moment: in the one run of the start, in the other of the
 * first question. Silence is all that can be seen from outside: a program which pauses longer than that, as on a busy machine, and goes on while it
 * is asked, may be recorded in different phases from run to run. The paths are the same.
 */
export function calm({ over, pause, progress }: CalmOptions): Calm {
  let idle = 0;
  let busy = 0;
  let started = false;
  return {
    idleMs: () => Math.round(idle),
    async reached() {
      if (busy >= MAX_BUSY) return;
      const [wanted, limit, grace] = started
        ? [ANSWERED_MS, ANSWER_LIMIT_MS, ANSWER_GRACE_MS]
        : [STARTED_MS, START_LIMIT_MS, START_GRACE_MS];
      started = true;
      const begin = performance.now();
      for (;;) {
        const quietMs = over() ? undefined : (await progress())?.quietMs;
        const waited = performance.now() - begin;
        if (quietMs === undefined) return;
        if ((quietMs >= wanted && waited >= grace) || waited >= limit) {
          idle += Math.min(quietMs, waited);
          if (quietMs < wanted) busy += 1;
          return;
        }
        await pause(Math.min(Math.max(wanted - quietMs, grace - waited), limit - waited));
      }
    },
  };
}
