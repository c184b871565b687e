import type { Digest } from '../../base/digest.ts';
import type { Running } from '../types.ts';
import type { BodyRoom } from './body-answer.ts';
import type { BodyParts } from './body-parts.ts';

/** The container that a probe asks. */
export interface ProbeTarget {
  readonly running: Running;
  /** Everything that the container has printed so far, both streams, decoded. */
  readonly output: () => string;
  /** The longest that one attempt may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** For the bodies of all answers together. Default: each has room of its own. */
  readonly room?: BodyRoom | undefined;
}

/** A body, or what a program has written to one of its streams. */
export interface BodyAnswer {
  /** In bytes. */
  readonly size: number;
  readonly digest: Digest;
  /** All of it, when it is UTF-8 text of at most 1 MiB, and there is room. */
  readonly text?: string;
  /** Of what it consists, when the text is not kept, and there is room. */
  readonly parts?: BodyParts;
  /** It is no text. Absent also where that is not known: of long ones. */
  readonly binary?: true;
}

/** What an HTTP server said, for comparison with another one's answer. */
export interface HttpAnswer {
  readonly kind: 'http';
  readonly status: number;
  /** Those that tell how a client goes on, by lower-case name (see MATTERING_HEADERS); of `set-cookie` the names of the cookies. */
  readonly headers: Readonly<Record<string, string>>;
  /** Absent when it has no end of its own, as an event stream. */
  readonly body?: BodyAnswer;
}

/** What a command in the container did. */
export interface CommandAnswer {
  readonly kind: 'command';
  readonly exit: number;
  readonly stdout: BodyAnswer;
  readonly stderr: BodyAnswer;
}

export type ProbeAnswer = HttpAnswer | CommandAnswer;

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
