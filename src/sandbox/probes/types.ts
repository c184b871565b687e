import type { Running } from '../types.ts';

/** The container that a probe asks. */
export interface ProbeTarget {
  readonly running: Running;
  /** Everything that the container has printed so far, both streams, decoded. */
  readonly output: () => string;
  /** The longest that one attempt may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What an HTTP server said, for comparison with another one's answer. */
export interface ProbeAnswer {
  readonly status: number;
  /** Without parameters, lower case; empty when there is none. */
  readonly contentType: string;
  /** The parsed body, when it is JSON. */
  readonly json?: unknown;
}

export interface Attempt {
  readonly ok: boolean;
  /** Why not. */
  readonly detail?: string;
  readonly answer?: ProbeAnswer;
  /** Asking again is in vain. */
  readonly final?: true;
  /** Broken off for lack of time: an earlier attempt may tell more. */
  readonly late?: true;
}

/** One kind of probe. An attempt never rejects: what goes wrong is its detail. */
export interface ProbeKind<P> {
  name(probe: P): string;
  attempt(probe: P, target: ProbeTarget): Promise<Attempt>;
}
