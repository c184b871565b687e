import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { throwIfCancelled } from '../../base/context.ts';
import { aborted, withDeadline } from '../../base/deadline.ts';
import { isTareError, TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import type { Project } from '../../formats/compose/types.ts';
import type { Image } from '../../oci/types.ts';
import type { Observation, Sandbox, TraceSpec } from '../../sandbox/types.ts';
import type { Store } from '../../store/types.ts';
import { exitText } from '../../verify/ask.ts';
import type { EndedService, ObservedRun } from '../../verify/observe.ts';
import { patienceFor } from '../../verify/patience.ts';
import { removeFolder } from '../run/mounts.ts';
import { startSystem, type RunningSystem } from '../run/system.ts';
import { driveSystem, neverUp, type Driven, type SystemDrive } from './drive.ts';
import { earOf, sessionsOf, type Ear } from './sessions.ts';
import { measureUse, type Usage } from './usage.ts';

/** What watched containers get to end by themselves, in milliseconds: what they need for that is seen too. */
const WATCHED_GRACE_MS = 500;
const STOP_PHASE = 'stop';
const DEFAULT_TIMEOUT_MS = 60_000;

export interface ObserveSystemOptions {
  readonly project: Project;
  readonly images: ReadonlyMap<string, Image>;
  readonly drive: SystemDrive;
  readonly trace?: TraceSpec | undefined;
  /** For the services to come up, and for the probes together; in milliseconds each. Default 60000. */
  readonly timeoutMs?: number | undefined;
  /** How the original did: what takes much longer is broken, and nobody waits for it until the time is over. */
  readonly than?: ObservedRun | undefined;
  /** At the end every harmless question is asked once more. */
  readonly askAgain?: boolean;
  readonly sandbox: Sandbox;
  readonly store: Store;
  readonly ctx: Context;
}

/** What was seen of one service. */
export interface ServiceRun {
  /** Of each of its replicas; empty when nobody watched. */
  readonly observations: readonly Observation[];
  /** The end of what it has printed. */
  readonly output: string;
  readonly complaints: readonly string[];
  /** Of one of its containers while it was asked: bytes at the most, processors on average. */
  readonly used: { readonly memory: number; readonly cpus: number };
}

export interface SystemRun extends Driven {
  readonly services: ReadonlyMap<string, ServiceRun>;
  /** Why it did not even come up. */
  readonly failed?: TareError;
}

/**
 * Starts a system with fresh volumes, also in place of external ones, and without taking any port of this machine that its file names, asks it, stops
 * it, and leaves nothing. What goes wrong in its containers is an answer, not an error.
 * @throws TareError when this machine cannot run it (E_SANDBOX, …); E_CANCELLED
 */
export async function observeSystem(options: ObserveSystemOptions): Promise<SystemRun> {
  const { ctx, images, project, sandbox, store, timeoutMs = DEFAULT_TIMEOUT_MS, trace } = options;
  const scratch = await mkdtemp(join(tmpdir(), 'tare-system-'));
  const ears = new Map<string, Ear>(
    project.services.map(({ name }) => [
      name,
      earOf((text, stream) => ctx.onEvent({ kind: 'container.output', stream, text })),
    ]),
  );
  const begin = performance.now();
  try {
    const system = await startSystem({
      project: withOwnVolumes(project),
      images,
      sandbox,
      store,
      folders: { volumes: join(scratch, 'volumes'), scratch: join(scratch, 'own') },
      publish: false,
      ...(trace === undefined ? {} : { trace }),
      onOutput: ({ service }, chunk) => ears.get(service.name)?.output.put(chunk),
      onStatus: () => undefined,
      ctx,
    });
    const sessions = sessionsOf(system, { ears, watched: trace !== undefined, begin, ctx });
    const usage = measureUse(system);
    let driven: Driven | undefined;
    let failed: TareError | undefined;
    try {
      failed = await comesUp(system, options);
      driven = failed === undefined ? await driveSystem(system, sessions, { ...options, timeoutMs }) : undefined;
      if (trace !== undefined) await sessions.mark(STOP_PHASE);
    } finally {
      usage.stop();
      // Stopped with time, a database would leave its files in order: nobody will ever read them.
      await system.stop(trace === undefined || ctx.signal.aborted ? 0 : WATCHED_GRACE_MS);
      for (const { output } of ears.values()) output.close();
    }
    if (trace !== undefined && options.than === undefined) warnOfEnds(driven?.run.ended ?? [], ctx);
    return {
      ...(driven ?? neverUp(options.drive, failed)),
      services: await servicesOf(system, { ears, usage, watched: trace !== undefined }),
      ...(failed === undefined ? {} : { failed }),
    };
  } finally {
    await removeFolder(scratch, sandbox);
  }
}

/** What such a service would ask for later nobody has seen. */
function warnOfEnds(ended: readonly EndedService[], ctx: Context): void {
  const failed = new Map(ended.flatMap(({ exit, service }) => (exit.code === 0 ? [] : [[service, exit] as const])));
  for (const [service, exit] of failed) {
    const message = `${service} ended with ${exitText(exit)} while it was watched: what it needs besides is not known`;
    ctx.onEvent({ kind: 'warning', warning: { code: 'service-ended', message } });
  }
}

/** What somebody else keeps in a volume is neither to be needed nor to be changed here. */
const withOwnVolumes = (project: Project): Project => ({
  ...project,
  volumes: project.volumes.map((volume) => ({ ...volume, external: false })),
});

async function comesUp(
  system: RunningSystem,
  { ctx, than, timeoutMs }: ObserveSystemOptions,
): Promise<TareError | undefined> {
  const givenMs = timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const limitMs = than === undefined ? givenMs : patienceFor({ readyMs: than.startMs }, givenMs).timeoutMs;
  try {
    return await withDeadline(ctx.signal, limitMs, async (limit) => {
      const done = await Promise.race([
        system
          .begun()
          .then(() => system.ready())
          .then(() => true),
        aborted(limit),
      ]);
      throwIfCancelled(ctx.signal);
      if (done === true) return undefined;
      const late = system.status().filter(({ health, state }) => state !== 'running' || health === 'starting');
      return new TareError(
        'E_SYSTEM',
        `the system is not up after ${limitMs / 1000} s: ${late.map(({ health, name, state }) => `${name} is ${state === 'running' ? (health ?? state) : state}`).join(', ')}`,
        { hint: 'give it more time with --timeout' },
      );
    });
  } catch (error) {
    if (isTareError(error, 'E_SYSTEM')) return error;
    if (isTareError(error, 'E_ENTRYPOINT') || isTareError(error, 'E_USER')) return ofService(system, error);
    throw error;
  }
}

/** What cannot be started says why, and not which service it is of. */
function ofService(system: RunningSystem, error: TareError): TareError {
  const life = system.lives.find((each) => each.status().said === error.message);
  if (life === undefined) return error;
  const { at, name } = life.replica.service;
  return new TareError(error.code, `${at}: ${name}: ${error.message}`, { cause: error, hint: error.hint });
}

async function servicesOf(
  system: RunningSystem,
  {
    ears,
    usage,
    watched,
  }: { readonly ears: ReadonlyMap<string, Ear>; readonly usage: Usage; readonly watched: boolean },
): Promise<ReadonlyMap<string, ServiceRun>> {
  const services = new Map<string, ServiceRun>();
  for (const [name, ear] of ears) {
    await ear.transcript.done;
    const observations: Observation[] = [];
    // Each of several containers is asked for something else.
    for (const life of watched ? system.lives.filter(({ replica }) => replica.service.name === name) : []) {
      const observation = await life.observation();
      if (observation !== undefined) observations.push(observation);
    }
    services.set(name, {
      output: ear.transcript.tail(),
      complaints: ear.complaints(),
      used: usage.of(name),
      observations,
    });
  }
  return services;
}
