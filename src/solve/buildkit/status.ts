import { withoutSecretWords } from '../../base/command-secrets.ts';
import type { Context } from '../../base/events.ts';
import { shownText } from './errors.ts';

/** moby/buildkit v0.29, api/services/control/control.proto. */
export interface StatusResponse {
  readonly vertexes: readonly {
    readonly digest: string;
    readonly name: string;
    readonly cached: boolean;
    readonly started: Timestamp | null;
    readonly completed: Timestamp | null;
    readonly error: string;
  }[];
  readonly logs: readonly { readonly vertex: string; readonly stream: number; readonly msg: Uint8Array }[];
}

interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

/** A step that did not succeed, with the end of what it said. */
export interface FailedStep {
  /** The daemon's, of the operation. */
  readonly operation: string;
  readonly name: string;
  readonly error: string;
  readonly output: string;
}

export interface Progress {
  take(response: StatusResponse): void;
  /** Whether the daemon has begun. */
  readonly hasBegun: () => boolean;
  /** The one that the daemon names as the reason, else the first one that it told. */
  failed(reason: string): FailedStep | undefined;
}

/** Of each step, for the message when it fails. */
const MAX_TAIL_BYTES = 8 * 1024; // 8 KiB
const TAIL_LINES = 20;

/**
 * Turns the daemon's status into events: each step starts once and is done once, however often it is told.
 * @param digestOf the vertex that an operation was made of; others keep the digest of the daemon
 */
export function followProgress(ctx: Context, digestOf: (operation: string) => string | undefined): Progress {
  const started = new Set<string>();
  const done = new Set<string>();
  const tails = new Map<string, Buffer>();
  const failures: { readonly digest: string; readonly name: string; readonly error: string }[] = [];

  const vertexEvent = (vertex: StatusResponse['vertexes'][number]): void => {
    const digest = digestOf(vertex.digest) ?? vertex.digest;
    if (vertex.started !== null && !started.has(vertex.digest)) {
      started.add(vertex.digest);
      ctx.onEvent({ kind: 'vertex.started', digest, name: withoutSecretWords(shownText(vertex.name)) });
    }
    if (vertex.completed === null || done.has(vertex.digest)) return;
    done.add(vertex.digest);
    const error = shownText(vertex.error);
    // What was stopped because another step failed is no reason.
    if (error !== '' && !/context canceled/.test(error))
      failures.push({ digest: vertex.digest, name: shownText(vertex.name), error });
    ctx.onEvent({
      kind: 'vertex.done',
      digest,
      cached: vertex.cached,
      seconds: secondsBetween(vertex.started, vertex.completed),
      ...(error === '' ? {} : { error }),
    });
  };

  return {
    take: ({ logs, vertexes }) => {
      for (const vertex of vertexes) vertexEvent(vertex);
      for (const { msg, stream, vertex } of logs) {
        const tail = Buffer.concat([tails.get(vertex) ?? Buffer.alloc(0), msg]);
        tails.set(vertex, tail.subarray(Math.max(0, tail.length - MAX_TAIL_BYTES)));
        const digest = digestOf(vertex) ?? vertex;
        ctx.onEvent({ kind: 'vertex.log', digest, stream: stream === 2 ? 'stderr' : 'stdout', bytes: msg });
      }
    },
    hasBegun: () => started.size > 0,
    failed: (reason) => {
      const shown = shownText(reason);
      const failed = failures.find(({ error }) => shown.includes(error)) ?? failures[0];
      if (failed === undefined) return undefined;
      const { digest: operation, error, name } = failed;
      const lines = (tails.get(operation)?.toString('utf8') ?? '').trimEnd().split('\n');
      return { operation, name, error, output: shownText(lines.slice(-TAIL_LINES).join('\n')) };
    },
  };
}

function secondsBetween(from: Timestamp | null, to: Timestamp): number {
  if (from === null) return 0;
  return Math.max(0, to.seconds - from.seconds + (to.nanos - from.nanos) / 1e9);
}
