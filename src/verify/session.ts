import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfCancelled } from '../base/context.ts';
import { aborted, withDeadline } from '../base/deadline.ts';
import { isTareError, TareError } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import type { Image } from '../oci/types.ts';
import type { Exit, Observation, Running, RunSpec, Sandbox, TraceSpec } from '../sandbox/types.ts';
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
  readonly ctx: Context;
  /** Milliseconds since just before the start. */
  elapsed(): number;
  /** When the program has ended by itself and its output has been read. */
  exit(): Exit | undefined;
  readonly ended: Promise<void>;
  mark(phase: string): Promise<void>;
  /** Sleeps, shorter when the program ends. @throws TareError E_CANCELLED */
  pause(ms: number): Promise<void>;
  /** Runs another program of the image in a container of its own, without network. @throws TareError E_ENTRYPOINT, … as `Sandbox.start` */
  apart<T>(argv: readonly string[], use: (running: Running) => Promise<T>): Promise<T>;
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
  const mark = async (phase: string): Promise<void> => {
    if (watched && exit === undefined) await running.mark(phase);
  };
  const stop = async (container: Running, said: Transcript): Promise<void> => {
    await container.stop(watched && !ctx.signal.aborted ? WATCHED_GRACE_MS : 0);
    await said.done;
    if (watched) observations.push(await observationOf(container));
  };
  return {
    running,
    transcript,
    ctx,
    ended,
    mark,
    elapsed: () => Math.round(performance.now() - begin),
    exit: () => exit,
    async pause(ms) {
      await withDeadline(ctx.signal, ms, (limit) => Promise.race([ended, aborted(limit)]));
      throwIfCancelled(ctx.signal);
    },
    async apart(argv, use) {
      const other = await sandbox.start({ ...spec, args: argv, network: { kind: 'none' } }, ctx.signal);
      const said = transcribe(other.output, () => undefined);
      try {
        if (watched) await other.mark(argv.join(' '));
        return await use({
          ...other,
          async exec() {
            const how = await other.wait();
            await said.done;
            return { exit: how, stdout: said.text('stdout'), stderr: said.text('stderr') };
          },
        });
      } finally {
        await stop(other, said);
      }
    },
    async close() {
      try {
        await mark(STOP_PHASE);
        await stop(running, transcript);
      } finally {
        await rootfs.release();
      }
      return watched ? mergeObservations(observations) : undefined;
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
