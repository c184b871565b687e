import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfCancelled } from '../base/context.ts';
import { aborted, withDeadline } from '../base/deadline.ts';
import { isTareError, TareError } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import type { Image } from '../oci/types.ts';
import { bodyRoom, type BodyRoom } from '../sandbox/probes/body-answer.ts';
import type { Exit, Observation, Running, RunSpec, Sandbox, TraceSpec } from '../sandbox/types.ts';
import { calm } from './calm.ts';
import { mergeObservations } from './merge-observations.ts';
import type { Rootfs } from './run-image.ts';
import { runSpecOf } from './run-spec.ts';
import { transcribe, type Transcript } from './transcript.ts';

/**
 * What a watched program gets to end by itself, so that what it needs for that is seen too; in milliseconds. Short, because Node catches SIGTERM
 * only to pass it on to the kernel, which drops it for the first process of a container.
 */
const WATCHED_GRACE_MS = 500;
/** The watcher ends with the container: this long after, it is given up. */
const OBSERVATION_MS = 30_000;
/** Of watched programs: what happens after everything has been asked. */
const STOP_PHASE = 'stop';

export interface SessionOptions {
  readonly image: Image;
  readonly rootfs: (image: Image) => Promise<Rootfs>;
  readonly sandbox: Sandbox;
  /** The container's own ports that have to be reachable. */
  readonly ports: readonly number[];
  readonly trace?: TraceSpec | undefined;
  /** System calls and capabilities that are left to it. */
  readonly restrict?: Pick<RunSpec, 'capabilities' | 'seccomp'> | undefined;
  readonly ctx: Context;
}

/** One container from its start to its end, with what everybody who asks it has to know. */
export interface Session {
  readonly running: Running;
  readonly transcript: Transcript;
  /** For the bodies of everything that it answers. */
  readonly room: BodyRoom;
  readonly ctx: Context;
  /** Milliseconds since just before the start. */
  elapsed(): number;
  /** When the program has ended by itself and its output has been read. */
  exit(): Exit | undefined;
  readonly ended: Promise<void>;
  /** Begins a phase, as soon as what belongs to the one before has been done (see `calm`). */
  mark(phase: string): Promise<void>;
  /** How much of the time that has elapsed nothing was done but waiting for that. */
  readonly idleMs: () => number;
  /** Sleeps, shorter when the program ends. @throws TareError E_CANCELLED */
  pause(ms: number): Promise<void>;
  /** Runs another program of the image in a container of its own, without network; all of it is one phase. @throws TareError E_ENTRYPOINT, … as `Sandbox.start` */
  apart<T>(
    program: { readonly argv: readonly string[]; readonly phase: string },
    use: (running: Running) => Promise<T>,
  ): Promise<T>;
  /** Stops the container, gives its root back, and tells what was seen, if it was watched. Call once, whatever has happened. */
  close(): Promise<Observation | undefined>;
}

/**
 * Starts the image. That its program or user is not there is an answer: `notStarted`.
 * @throws TareError when this machine cannot run it; E_CANCELLED
 */
export async function openSession(options: SessionOptions): Promise<Session | { readonly notStarted: TareError }> {
  const { ctx, image, sandbox, trace } = options;
  const rootfs = await options.rootfs(image);
  try {
    throwIfCancelled(ctx.signal);
    const spec: RunSpec = {
      ...runSpecOf(image, rootfs.dir, {
        network: { kind: 'private', publish: options.ports.map((container) => ({ host: 0, container })) },
      }),
      ...(trace === undefined ? {} : { trace }),
      ...options.restrict,
    };
    const begin = performance.now();
    const running = await sandbox.start(spec, ctx.signal);
    return sessionOf({ begin, running, spec, rootfs, sandbox, ctx });
  } catch (error) {
    await rootfs.release();
    if (isTareError(error, 'E_ENTRYPOINT') || isTareError(error, 'E_USER')) return { notStarted: error };
    throw error;
  }
}

interface Parts {
  readonly begin: number;
  readonly running: Running;
  readonly spec: RunSpec;
  readonly rootfs: Rootfs;
  readonly sandbox: Sandbox;
  readonly ctx: Context;
}

function sessionOf({ begin, ctx, rootfs, running, sandbox, spec }: Parts): Session {
  const watched = spec.trace !== undefined;
  const transcript = transcribe(running.output, (stream, text) =>
    ctx.onEvent({ kind: 'container.output', stream, text }),
  );
  const observations: Observation[] = [];
  let exit: Exit | undefined;
  const ended = running.wait().then(async (how) => {
    await transcript.done;
    exit = how;
  });
  const pause = async (ms: number): Promise<void> => {
    await withDeadline(ctx.signal, ms, (limit) => Promise.race([ended, aborted(limit)]));
    throwIfCancelled(ctx.signal);
  };
  let current: string | undefined;
  const { idleMs, reached } = calm({ progress: () => running.progress(), pause, over: () => exit !== undefined });
  const mark = async (phase: string): Promise<void> => {
    if (!watched || exit !== undefined || phase === current) return;
    await reached();
    current = phase;
    await running.mark(phase);
  };
  const stop = async (container: Running, said: Transcript): Promise<Observation | undefined> => {
    await container.stop(watched && !ctx.signal.aborted ? WATCHED_GRACE_MS : 0);
    await said.done;
    return watched ? observationOf(container) : undefined;
  };
  return {
    running,
    transcript,
    room: bodyRoom(),
    ctx,
    ended,
    mark,
    elapsed: () => Math.round(performance.now() - begin),
    exit: () => exit,
    pause,
    idleMs,
    async apart({ argv, phase }, use) {
      const other = await sandbox.start({ ...spec, args: argv, network: { kind: 'none' } }, ctx.signal);
      const said = transcribe(other.output, () => undefined);
      try {
        return await use({
          ...other,
          async exec() {
            const how = await other.wait();
            await said.done;
            return { exit: how, stdout: said.text('stdout'), stderr: said.text('stderr') };
          },
        });
      } finally {
        const observation = await stop(other, said);
        // Nothing in it is anybody's start but this program's, however late a mark would come.
        if (observation !== undefined)
          observations.push({ ...observation, paths: observation.paths.map((path) => ({ ...path, phase })) });
      }
    },
    async close() {
      let first: Observation | undefined;
      try {
        if (!ctx.signal.aborted) await mark(STOP_PHASE);
      } finally {
        try {
          first = await stop(running, transcript);
        } finally {
          await rootfs.release();
        }
      }
      return first === undefined ? undefined : mergeObservations([first, ...observations]);
    },
  };
}

async function observationOf(container: Running): Promise<Observation> {
  const timer = new AbortController();
  const late = sleep(OBSERVATION_MS, undefined, { signal: timer.signal }).catch(() => undefined);
  const observation = await Promise.race([container.observation(), late]);
  timer.abort();
  if (observation !== undefined) return observation;
  throw new TareError(
    'E_SANDBOX',
    `the watcher of the container did not end within ${OBSERVATION_MS / 1000} s of the container's end`,
  );
}
