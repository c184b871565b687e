import { isTareError } from '../base/error.ts';
import { throwIfCancelled } from '../base/context.ts';
import { portOfProbe, probeName, runProbe, type ProbeOutcome } from '../sandbox/probes/index.ts';
import type { Exit, Probe } from '../sandbox/types.ts';
import type { Session } from './session.ts';

/** One attempt of a probe, in milliseconds. */
const MAX_ATTEMPT_MS = 10_000;
const MIN_ATTEMPT_MS = 250;
/** How long a server may give the wrong answer until that is believed to be its answer, in milliseconds. */
const WRONG_ANSWER_MS = 5000;
const FIRST_PAUSE_MS = 10;
const LAST_PAUSE_MS = 250;
/** From here on a status may mean that the server is still starting. */
const FIRST_BROKEN_STATUS = 500;

export interface Patience {
  /** For everything that is asked before the program counts as started, in milliseconds from the start of the container. */
  readonly timeoutMs: number;
  /** How long any wrong HTTP answer may be given until it is final. Default: 5 s, and all the time there is for a status from 500 on. */
  readonly patienceMs?: number | undefined;
}

export interface Asked {
  /** In the order of the probes. */
  readonly outcomes: readonly ProbeOutcome[];
  /** From the start of the container to the first HTTP, TCP or log probe that passed, in milliseconds. */
  readonly startMs: number;
  /** The same to the last outcome. */
  readonly readyMs: number;
}

/** Asks every probe until it passes or cannot any more. @throws TareError E_CANCELLED */
export async function askAll(session: Session, probes: readonly Probe[], patience: Patience): Promise<Asked> {
  let startMs = session.elapsed();
  let started = false;
  const outcomes = new Map<Probe, ProbeOutcome>();
  const failures = new Map<Probe, ProbeOutcome>();
  const judge = judgeOf(session, patience.patienceMs);
  const marker = markerOf(session);
  for (let pause = FIRST_PAUSE_MS; outcomes.size < probes.length; pause = Math.min(pause * 2, LAST_PAUSE_MS)) {
    // Taken before the round: what it finds out is final when the program had ended by then.
    const over = session.exit();
    const late = session.elapsed() >= patience.timeoutMs;
    const refusing = new Set<number>();
    for (const probe of probes) {
      if (outcomes.has(probe)) continue;
      throwIfCancelled(session.ctx.signal);
      const port = portOfProbe(probe);
      const listens = over !== undefined || (port !== undefined && refusing.has(port)) || (await marker(probe, port));
      // Asked all the same it might answer by then, and what it does for the answer would count as its start.
      if (!listens && port !== undefined) refusing.add(port);
      const waits = port !== undefined && refusing.has(port);
      const left = attemptMs(patience.timeoutMs - session.elapsed());
      // A server that opens its port in the middle of a round would be asked the last questions before the first ones.
      const asked =
        over !== undefined
          ? await afterwards(session, probe, over)
          : waits
            ? refused(probe, port)
            : await askOnce(session, probe, left);
      const before = failures.get(probe);
      // An answer tells more than its absence, and a long wait more than the short last one.
      const outcome = asked.late === true && (before?.answer !== undefined || before?.late === true) ? before : asked;
      failures.set(probe, outcome);
      const settled = judge(probe, outcome);
      if (outcome.ok && !started && !('command' in probe))
        [startMs, started] = [session.elapsed() - session.idleMs(), true];
      if (settled || over !== undefined || late || outcome.final === true) outcomes.set(probe, outcome);
    }
    if (outcomes.size < probes.length) await session.pause(pause);
  }
  return {
    outcomes: probes.map((probe) => outcomes.get(probe) as ProbeOutcome),
    startMs,
    readyMs: session.elapsed(),
  };
}

const attemptMs = (left: number): number => Math.ceil(Math.max(MIN_ATTEMPT_MS, Math.min(MAX_ATTEMPT_MS, left)));

/**
 * Whether an outcome is the program's last word. A server that is still starting says so by a status from 500 on: it gets all the time there is
 * when that is wrong; and when any status would do, such a one is believed after a while, or once the server has answered anything else.
 */
function judgeOf(session: Session, patienceMs: number | undefined): (probe: Probe, outcome: ProbeOutcome) => boolean {
  const since = new Map<Probe, number>();
  let works = false;
  return (probe, outcome) => {
    const status = outcome.answer?.kind === 'http' ? outcome.answer.status : undefined;
    if (status === undefined) return outcome.ok;
    const broken = status >= FIRST_BROKEN_STATUS;
    if (!broken) works = true;
    const open = 'http' in probe && typeof probe.http.status !== 'number';
    const tentative = broken && open && !works;
    if (outcome.ok && !tentative) return true;
    if (!since.has(probe) && (!broken || tentative || patienceMs !== undefined)) since.set(probe, session.elapsed());
    const first = since.get(probe);
    return first !== undefined && session.elapsed() - first >= (patienceMs ?? WRONG_ANSWER_MS);
  };
}

/** What a program does before it listens belongs to its start, not to the probe that waits for it: false then. */
function markerOf(session: Session): (probe: Probe, port: number | undefined) => Promise<boolean> {
  const up = new Set<number>();
  return async (probe, port) => {
    if (port !== undefined && !up.has(port)) {
      if (!(await session.running.connects(port))) return false;
      up.add(port);
    }
    // Reading its log asks nothing of a program.
    if (!('log' in probe)) await session.mark(probeName(probe));
    return true;
  };
}

function refused(probe: Probe, port: number): ProbeOutcome {
  return { name: probeName(probe), ok: false, ms: 0, detail: `port ${port} does not accept connections` };
}

/** One attempt, of at most so many milliseconds. */
export function askOnce(session: Session, probe: Probe, timeoutMs: number): Promise<ProbeOutcome> {
  const { ctx, room, running, transcript } = session;
  return runProbe(probe, { running, room, output: transcript.text, timeoutMs, signal: ctx.signal });
}

/** The program has ended. Its output still tells; with success, a command gets a container of its own; all else is too late. */
async function afterwards(session: Session, probe: Probe, exit: Exit): Promise<ProbeOutcome> {
  if (exit.code === 0 && 'log' in probe) return askOnce(session, probe, MAX_ATTEMPT_MS);
  if (exit.code === 0 && 'command' in probe) return askApart(session, probe, MAX_ATTEMPT_MS);
  const tail = session.transcript.tail().trim();
  return {
    name: probeName(probe),
    ok: false,
    ms: 0,
    detail: `the container ended with ${exitText(exit)}${tail === '' ? '' : `: ${lastLines(tail)}`}`,
  };
}

/** A command in a container of its own, for want of one that runs. */
export async function askApart(
  session: Session,
  probe: Extract<Probe, { readonly command: unknown }>,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  try {
    return await session.apart({ argv: probe.command.argv, phase: probeName(probe) }, (running) =>
      askOnce({ ...session, running }, probe, timeoutMs),
    );
  } catch (error) {
    if (!isTareError(error, 'E_ENTRYPOINT')) throw error;
    return { name: probeName(probe), ok: false, ms: 0, detail: error.message };
  }
}

export function exitText(exit: Exit): string {
  return exit.signal === undefined ? `exit code ${exit.code}` : `exit code ${exit.code} (${exit.signal})`;
}

const lastLines = (text: string): string => text.split('\n').slice(-5).join('\n').slice(-1000);
