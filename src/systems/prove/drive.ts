import { throwIfCancelled } from '../../base/context.ts';
import type { TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import type { Project } from '../../formats/compose/types.ts';
import { portOfProbe, type ProbeOutcome } from '../../sandbox/probes/index.ts';
import type { PortMapping } from '../../sandbox/types.ts';
import { askAgain } from '../../verify/ask-again.ts';
import { askAll, type Patience } from '../../verify/ask.ts';
import { crawlPorts } from '../../verify/crawl-ports.ts';
import { runOnHost } from '../../verify/host-command.ts';
import type { EndedService, ObservedRun } from '../../verify/observe.ts';
import { patienceFor } from '../../verify/patience.ts';
import { remain, untilQuiet } from '../../verify/unasked.ts';
import type { RunningSystem } from '../run/system.ts';
import { publicPorts, systemProbeName, type SystemProbe } from './probes.ts';
import type { Sessions } from './sessions.ts';

const DEFAULT_RUN_TIMEOUT_MS = 600_000;
/** What a system is asked that has nothing to be asked. */
const COMES_UP = 'comes up';
/** Some services nobody asks: so long all of them have to stay up at least, once the system is up. In milliseconds. */
const STAYS_UP_MS = 1000;

/** What is done with a running system, in this order. */
export interface SystemDrive {
  readonly probes: readonly SystemProbe[];
  /** Then every published port is crawled from `/`. */
  readonly crawl: boolean;
  /** Then a command on this machine, with TARE_URL and TARE_PORT_… of the published ports. */
  readonly run?: readonly string[] | undefined;
}

export interface DriveOptions {
  readonly project: Project;
  readonly drive: SystemDrive;
  /** For all questions together, in milliseconds. */
  readonly timeoutMs: number;
  /** How the original did. */
  readonly than?: ObservedRun | undefined;
  /** At the end every harmless question is asked once more. */
  readonly askAgain?: boolean;
  readonly ctx: Context;
}

export interface Driven {
  readonly probes: readonly SystemProbe[];
  /** All questions and their outcomes, as of one image. */
  readonly run: ObservedRun;
}

/** Asks a system that is up. What comes of it is an answer, also where a service does not stay up. @throws TareError E_CANCELLED, E_COMPOSE */
export async function driveSystem(system: RunningSystem, sessions: Sessions, options: DriveOptions): Promise<Driven> {
  const { drive } = options;
  const upMs = sessions.elapsed();
  const { patienceMs, ...given } = patienceOf(options);
  const timeoutMs = upMs + given.timeoutMs;
  const probes: SystemProbe[] = [];
  const outcomes: ProbeOutcome[] = [];
  const note = (some: readonly SystemProbe[], answers: readonly ProbeOutcome[]): void => {
    for (const [index, outcome] of answers.entries()) {
      const probe = pinned(some[index] as SystemProbe, outcome);
      probes.push(probe);
      outcomes.push({ ...outcome, name: systemProbeName(probe) });
    }
  };
  for (const [service, some] of inRow(drive.probes)) {
    const asked = some.map(({ probe }) => probe);
    const session = await sessions.of(service, [...new Set(asked.flatMap((probe) => portOfProbe(probe) ?? []))]);
    const { outcomes: first } = await askAll(session, asked, { timeoutMs, patienceMs });
    note(some, options.askAgain === true ? await askAgain(session, asked, first) : first);
  }
  for (const [service, ports] of drive.crawl ? publicPorts(options.project) : []) {
    const session = await sessions.of(service, ports);
    const { outcomes: first, probes: found } = await crawlPorts(session, ports, timeoutMs);
    note(
      found.map((probe) => ({ service, probe })),
      options.askAgain === true ? await askAgain(session, found, first) : first,
    );
  }
  const run = drive.run === undefined ? undefined : await onHost(system, sessions, drive.run, options);
  const readyMs = sessions.elapsed();
  if (outcomes.length === 0 && run === undefined) {
    await untilQuiet(sessions.all, { leastMs: upMs + STAYS_UP_MS, mostMs: timeoutMs });
    outcomes.push({ name: COMES_UP, ok: true, ms: upMs });
  } else await remain(sessions.all, upMs + STAYS_UP_MS);
  throwIfCancelled(options.ctx.signal);
  return {
    probes,
    run: {
      probes: probes.map(({ probe }) => probe),
      outcomes,
      exec: [],
      ...(run === undefined ? {} : { run }),
      startMs: upMs,
      readyMs,
      ended: endedIn(system),
      output: '',
    },
  };
}

/** What a system answers that did not come up. */
export function neverUp({ probes, run }: SystemDrive, failed: TareError | undefined): Driven {
  const detail = failed?.message ?? '';
  const lost = (name: string): ProbeOutcome => ({ name, ok: false, ms: 0, detail });
  const names = probes.length === 0 && run === undefined ? [COMES_UP] : probes.map(systemProbeName);
  return {
    probes,
    run: {
      probes: probes.map(({ probe }) => probe),
      outcomes: names.map(lost),
      exec: [],
      ...(run === undefined ? {} : { run: lost(`run ${run.join(' ')}`) }),
      startMs: 0,
      readyMs: 0,
      output: detail,
    },
  };
}

const endedIn = ({ lives }: RunningSystem): readonly EndedService[] =>
  lives.flatMap((life) => {
    const exit = life.ended();
    return exit === undefined ? [] : [{ service: life.replica.service.name, exit }];
  });

function patienceOf({ than, timeoutMs }: DriveOptions): Patience {
  return than === undefined ? { timeoutMs } : patienceFor({ readyMs: than.readyMs - than.startMs }, timeoutMs);
}

/** Neighbours that go to the same service are asked together. */
function inRow(probes: readonly SystemProbe[]): readonly (readonly [string, readonly SystemProbe[]])[] {
  const rows: [string, SystemProbe[]][] = [];
  for (const probe of probes) {
    const last = rows.at(-1);
    if (last?.[0] === probe.service) last[1].push(probe);
    else rows.push([probe.service, [probe]]);
  }
  return rows;
}

/** Another system has to give the very status: it is asked until it does. */
function pinned({ probe, service }: SystemProbe, { answer }: ProbeOutcome): SystemProbe {
  if (!('http' in probe) || typeof probe.http.status === 'number' || answer?.kind !== 'http') return { probe, service };
  return { service, probe: { ...probe, http: { ...probe.http, status: answer.status } } };
}

async function onHost(
  system: RunningSystem,
  sessions: Sessions,
  argv: readonly string[],
  { ctx, project }: DriveOptions,
): Promise<ProbeOutcome> {
  const ports: PortMapping[] = [];
  for (const [service, own] of publicPorts(project))
    for (const port of own) {
      const { address, host } = await system.publisher.reach(service, port);
      ports.push({ container: port, address, host });
    }
  await sessions.mark(`run ${argv.join(' ')}`);
  return runOnHost({ argv, ports, timeoutMs: DEFAULT_RUN_TIMEOUT_MS, ctx });
}
