import { throwIfCancelled } from '../base/context.ts';
import type { TareError } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import type { Image } from '../oci/types.ts';
import { portOfProbe, probeName, type ProbeOutcome } from '../sandbox/probes/index.ts';
import type { Exit, Observation, Probe, RunSpec, Sandbox, TraceSpec } from '../sandbox/types.ts';
import { askAgain } from './ask-again.ts';
import { askAll, askApart, askOnce } from './ask.ts';
import { crawlPorts } from './crawl-ports.ts';
import { runOnHost } from './host-command.ts';
import { listeningPorts, waitForPorts } from './ports.ts';
import type { Rootfs } from './run-image.ts';
import { openSession, type Session } from './session.ts';
import { remain, STARTS, startsOf, watchUnasked } from './unasked.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_RUN_TIMEOUT_MS = 600_000;
/** As a shell tells that a program cannot be started. */
const NOT_STARTED = 127;
/** From the last moment of a program to the news of it, in milliseconds. */
const ENDING_MS = 1000;

/** What is done with a running container, in this order. */
export interface Drive {
  /** Nothing to ask it: the program is watched until it ends, or `watchMs` are over. */
  readonly probes: readonly Probe[];
  /** Then every exposed port is crawled from `/`. */
  readonly crawl: boolean;
  /** Then commands run in the container; of an image whose program has ended, in containers of their own. */
  readonly exec: readonly (readonly string[])[];
  /** Then a command runs on this machine, with TARE_HOST, TARE_URL and TARE_PORT_<container port> in its environment. */
  readonly run?: readonly string[] | undefined;
  /** At least so long it is kept running, in milliseconds from its start. */
  readonly observeMs?: number | undefined;
  /**
   * How long a program is watched that nobody asks anything, in milliseconds from its start; at most the time-out, or `observeMs` if that is more.
   * Default: `observeMs`; without it, until the program neither asks for anything new nor works for some seconds.
   */
  readonly watchMs?: number | undefined;
  /** When nothing is asked, the program may end with any exit code: that is its answer. Otherwise it has to end with success, if it ends. */
  readonly anyExit?: boolean;
}

export interface ObserveOptions {
  readonly image: Image;
  readonly rootfs: (image: Image) => Promise<Rootfs>;
  readonly sandbox: Sandbox;
  readonly drive: Drive;
  /** Notice which paths are asked for. */
  readonly trace?: TraceSpec | undefined;
  /** System calls and capabilities that are left to it. */
  readonly restrict?: Pick<RunSpec, 'capabilities' | 'seccomp'> | undefined;
  /** For the probes together from the start of the container, for the ports to open, and for each command in it; in milliseconds. Default 30000. */
  readonly timeoutMs?: number | undefined;
  /** See `Patience`. */
  readonly patienceMs?: number | undefined;
  /** For the command on this machine, in milliseconds. Default 600000. */
  readonly runTimeoutMs?: number | undefined;
  /** At the end every harmless HTTP question (GET, HEAD) is asked once more: `ProbeOutcome.again`. */
  readonly askAgain?: boolean;
  readonly ctx: Context;
}

/** One of several programs that run together, and how it ended by itself. */
export interface EndedService {
  readonly service: string;
  readonly exit: Exit;
}

/** One image, run once. Times in milliseconds from the start of the container. */
export interface ObservedRun {
  /** Those given, and those that crawling found: to be asked of another image. HTTP probes that take several statuses want the one that came. */
  readonly probes: readonly Probe[];
  /** What became of each, in the same order; `starts` alone when there was nothing to ask. */
  readonly outcomes: readonly ProbeOutcome[];
  /** Of `Drive.exec`, in order. */
  readonly exec: readonly ProbeOutcome[];
  /** Of `Drive.run`. */
  readonly run?: ProbeOutcome;
  /** When it was traced and the program started. */
  readonly observation?: Observation;
  /** To the first HTTP, TCP or log probe that passed; without those until the program ran. */
  readonly startMs: number;
  /** To the last outcome of a probe; of a program that nobody asked anything to the end of the watch. */
  readonly readyMs: number;
  /** The end of what the container has printed. */
  readonly output: string;
  /** When the program ended by itself. */
  readonly exit?: Exit;
  /** Of a program that nobody asked anything, that had not ended, and may do more: how long it was watched. */
  readonly cutMs?: number;
  /** Of a system: its services that did not stay up. */
  readonly ended?: readonly EndedService[];
  /** Why the program, or its user, could not even be tried. */
  readonly refused?: TareError;
}

/**
 * Starts an image in a network of its own, drives it, and stops it. What goes wrong in the container is an answer, not an error.
 * @throws TareError when this machine cannot run it (E_SANDBOX, …); E_CANCELLED
 */
export async function observeImage(options: ObserveOptions): Promise<ObservedRun> {
  const { ctx, drive, image, rootfs, sandbox, trace } = options;
  const exposed = listeningPorts(image);
  const asked = drive.probes.flatMap((probe) => portOfProbe(probe) ?? []);
  // A suite on this machine finds all of them; nobody else needs more than what is asked.
  const wanted = drive.crawl || drive.run !== undefined ? [...exposed, ...asked] : asked;
  const session = await openSession({
    image,
    rootfs,
    sandbox,
    ports: [...new Set(wanted)],
    trace,
    restrict: options.restrict,
    ctx,
  });
  if ('notStarted' in session) return notStarted(drive, session.notStarted);
  let driven: Driven | undefined;
  let observation: Observation | undefined;
  let exit: Exit | undefined;
  try {
    driven = await driveIt(session, options, exposed);
    exit = session.exit();
  } finally {
    observation = await session.close();
  }
  return {
    ...driven,
    output: session.transcript.tail(),
    ...(observation === undefined ? {} : { observation }),
    ...(exit === undefined ? {} : { exit }),
  };
}

type Driven = Pick<ObservedRun, 'cutMs' | 'exec' | 'outcomes' | 'probes' | 'readyMs' | 'run' | 'startMs'>;

async function driveIt(session: Session, options: ObserveOptions, exposed: readonly number[]): Promise<Driven> {
  const { ctx, drive } = options;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const given = await askAll(session, drive.probes, { timeoutMs, patienceMs: options.patienceMs });
  let { readyMs, startMs } = given;
  let outcomes = given.outcomes;
  let probes = drive.probes.map((probe, index) => pinned(probe, outcomes[index]));
  if (drive.crawl && exposed.length > 0) {
    const crawled = await crawlPorts(session, exposed, timeoutMs);
    // What was asked already need not be asked again.
    const known = new Set(probes.map(probeName));
    const fresh = crawled.probes.flatMap((probe, index) => (known.has(probeName(probe)) ? [] : [index]));
    probes = [...probes, ...fresh.map((index) => crawled.probes[index] as Probe)];
    outcomes = [...outcomes, ...fresh.map((index) => crawled.outcomes[index] as ProbeOutcome)];
    if (drive.probes.length === 0) startMs = crawled.startMs;
    readyMs = session.elapsed();
  }
  const exec: ProbeOutcome[] = [];
  for (const argv of drive.exec) exec.push(await execute(session, argv, timeoutMs));
  const run = drive.run === undefined ? undefined : await runSuite(session, options, drive.run, timeoutMs);
  let cutMs: number | undefined;
  if (outcomes.length === 0 && run === undefined) {
    const may = await watchUnasked(session, drive, timeoutMs);
    readyMs = session.elapsed();
    if (may && session.exit() === undefined) cutMs = readyMs;
    if (exec.length === 0) outcomes = [startsOf(session, drive)];
  } else await remain(session, drive.observeMs ?? 0);
  throwIfCancelled(ctx.signal);
  if (options.askAgain === true) outcomes = await askAgain(session, probes, outcomes);
  return {
    probes,
    outcomes,
    exec,
    startMs,
    readyMs,
    ...(run === undefined ? {} : { run }),
    ...(cutMs === undefined ? {} : { cutMs }),
  };
}

/** Another image has to give the very status: it is asked until it does. */
function pinned(probe: Probe, outcome: ProbeOutcome | undefined): Probe {
  if (!('http' in probe) || typeof probe.http.status === 'number' || outcome?.answer?.kind !== 'http') return probe;
  return { ...probe, http: { ...probe.http, status: outcome.answer.status } };
}

async function execute(session: Session, argv: readonly string[], timeoutMs: number): Promise<ProbeOutcome> {
  const probe = { name: `exec ${argv.join(' ')}`, command: { argv } };
  await session.mark(probe.name);
  if (session.exit() === undefined) {
    const asked = await askOnce(session, probe, timeoutMs);
    if (asked.ok) return asked;
    // The program may have been ending just then, and have taken the command along.
    await session.pause(ENDING_MS);
    if (session.exit() === undefined) return asked;
  }
  return askApart(session, probe, timeoutMs);
}

async function runSuite(
  session: Session,
  options: ObserveOptions,
  argv: readonly string[],
  timeoutMs: number,
): Promise<ProbeOutcome> {
  const { ports } = session.running;
  if (ports.length > 0) {
    const open = await waitForPorts(
      session,
      ports.map(({ container }) => container),
      timeoutMs,
    );
    if (open.length === 0)
      return {
        name: `run ${argv.join(' ')}`,
        ok: false,
        ms: 0,
        detail: `not run: port ${ports.map(({ container }) => container).join(', ')} does not accept connections`,
      };
  }
  await session.mark(`run ${argv.join(' ')}`);
  return runOnHost({
    argv,
    ports,
    timeoutMs: options.runTimeoutMs ?? DEFAULT_RUN_TIMEOUT_MS,
    ctx: options.ctx,
  });
}

function notStarted(drive: Drive, refused: TareError): ObservedRun {
  const detail = refused.message;
  const failed = (name: string): ProbeOutcome => ({ name, ok: false, ms: 0, detail });
  const exec = drive.exec.map((argv) => failed(`exec ${argv.join(' ')}`));
  const names = drive.probes.map(probeName);
  return {
    probes: drive.probes,
    outcomes: (names.length === 0 ? [STARTS] : names).map(failed),
    exec,
    ...(drive.run === undefined ? {} : { run: failed(`run ${drive.run.join(' ')}`) }),
    startMs: 0,
    readyMs: 0,
    output: detail,
    exit: { code: NOT_STARTED },
    refused,
  };
}
