import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfCancelled } from '../base/context.ts';
import type { Context } from '../base/events.ts';
import { isTareError } from '../base/error.ts';
import type { Image } from '../oci/types.ts';
import { portOfProbe, probeName, runProbe, type ProbeOutcome } from '../sandbox/probes/index.ts';
import type { Exit, Probe, Running, RunSpec, Sandbox } from '../sandbox/types.ts';
import type { Rootfs } from './run-image.ts';
import { runSpecOf } from './run-spec.ts';
import { transcribe, type Transcript } from './transcript.ts';

/** One attempt of a probe, in milliseconds. */
const MAX_ATTEMPT_MS = 10_000;
const MIN_ATTEMPT_MS = 250;
/** How long a server may give the wrong answer until that is believed to be its answer, in milliseconds. */
const WRONG_ANSWER_MS = 5000;
/** Without anything to ask: how long a program has to stay up, in milliseconds. */
const STAYS_UP_MS = 1000;
const FIRST_PAUSE_MS = 10;
const LAST_PAUSE_MS = 250;
/** As a shell tells that a program cannot be started. */
const NOT_STARTED = 127;

/** One image, run once: what became of each probe. Times in milliseconds from the start of the container. */
export interface Trial {
  readonly outcomes: readonly ProbeOutcome[];
  readonly startMs: number;
  readonly output: string;
  /** When the program ended by itself. */
  readonly exit?: Exit;
}

export interface TrialOptions {
  readonly image: Image;
  readonly rootfs: (image: Image) => Promise<Rootfs>;
  /** Empty: it has to stay up for a second, or to end with success. */
  readonly probes: readonly Probe[];
  readonly sandbox: Sandbox;
  readonly timeoutMs: number;
  readonly ctx: Context;
}

/** Starts the image, asks every probe until it passes or cannot any more, and stops it. @throws TareError when this machine cannot run it; E_CANCELLED */
export async function tryImage(options: TrialOptions): Promise<Trial> {
  const { ctx, image, sandbox } = options;
  const rootfs = await options.rootfs(image);
  try {
    throwIfCancelled(ctx.signal);
    const { probes } = options;
    const ports = [...new Set(probes.flatMap((probe) => ('http' in probe ? (portOfProbe(probe) ?? []) : [])))];
    const spec = runSpecOf(image, rootfs.dir, {
      network: { kind: 'private', publish: ports.map((container) => ({ host: 0, container })) },
    });
    const begin = performance.now();
    let running: Running;
    try {
      running = await sandbox.start(spec, ctx.signal);
    } catch (error) {
      // The image is to blame, not the machine: that is an answer.
      if (!isTareError(error, 'E_ENTRYPOINT') && !isTareError(error, 'E_USER')) throw error;
      return notStarted(probes, error.message);
    }
    const transcript = transcribe(running.output, (stream, text) =>
      ctx.onEvent({ kind: 'container.output', stream, text }),
    );
    try {
      return await askAll({ ...options, probes, running, spec, begin, transcript });
    } finally {
      await running.stop(0);
      await transcript.done;
    }
  } finally {
    await rootfs.release();
  }
}

const STARTS = 'starts';

function notStarted(probes: readonly Probe[], detail: string): Trial {
  const names = probes.length === 0 ? [STARTS] : probes.map(probeName);
  return {
    outcomes: names.map((name) => ({ name, ok: false, ms: 0, detail })),
    startMs: 0,
    output: detail,
    exit: { code: NOT_STARTED },
  };
}

interface Asking extends TrialOptions {
  readonly running: Running;
  readonly spec: RunSpec;
  readonly begin: number;
  readonly transcript: Transcript;
}

async function askAll(asking: Asking): Promise<Trial> {
  const { begin, ctx, probes, running, transcript } = asking;
  let exit: Exit | undefined;
  const ended = running.wait().then(async (how) => {
    await transcript.done;
    exit = how;
  });
  const elapsed = (): number => Math.round(performance.now() - begin);
  let startMs = elapsed();
  let started = false;
  const outcomes = new Map<Probe, ProbeOutcome>();
  const failures = new Map<Probe, ProbeOutcome>();
  const firstAnswer = new Map<Probe, number>();
  if (probes.length === 0)
    return { outcomes: [await staysUp(ended, () => exit)], startMs, output: transcript.tail(), ...known(exit) };
  for (let pause = FIRST_PAUSE_MS; outcomes.size < probes.length; pause = Math.min(pause * 2, LAST_PAUSE_MS)) {
    // Taken before the round: what it finds out is final when the program had ended by then.
    const over = exit;
    const late = elapsed() >= asking.timeoutMs;
    for (const probe of probes) {
      if (outcomes.has(probe)) continue;
      throwIfCancelled(ctx.signal);
      const asked = over === undefined ? await ask(asking, probe) : await afterwards(asking, probe, over);
      const outcome = asked.late === true ? (failures.get(probe) ?? asked) : asked;
      failures.set(probe, outcome);
      // A server that is still starting says so by a status from 500 on: it gets all the time there is.
      if ((outcome.answer?.status ?? 500) < 500 && !firstAnswer.has(probe)) firstAnswer.set(probe, elapsed());
      const wrong = elapsed() - (firstAnswer.get(probe) ?? elapsed()) >= WRONG_ANSWER_MS;
      if (outcome.ok && !started && !('command' in probe)) [startMs, started] = [elapsed(), true];
      if (outcome.ok || over !== undefined || late || wrong || outcome.final === true) outcomes.set(probe, outcome);
    }
    if (outcomes.size < probes.length) await Promise.race([ended, sleep(pause)]);
  }
  return {
    outcomes: probes.map((probe) => outcomes.get(probe) as ProbeOutcome),
    startMs,
    output: transcript.tail(),
    ...known(exit),
  };
}

const known = (exit: Exit | undefined): { exit?: Exit } => (exit === undefined ? {} : { exit });

function ask(asking: Asking, probe: Probe): Promise<ProbeOutcome> {
  const { begin, ctx, running, timeoutMs, transcript } = asking;
  const left = timeoutMs - (performance.now() - begin);
  return runProbe(probe, {
    running,
    output: transcript.text,
    timeoutMs: Math.ceil(Math.max(MIN_ATTEMPT_MS, Math.min(MAX_ATTEMPT_MS, left))),
    signal: ctx.signal,
  });
}

/** The program has ended. Its output still tells; with success, a command gets a container of its own; all else is too late. */
async function afterwards(asking: Asking, probe: Probe, exit: Exit): Promise<ProbeOutcome> {
  const name = probeName(probe);
  const tail = asking.transcript.tail().trim();
  if (exit.code === 0 && 'log' in probe) return ask(asking, probe);
  if (exit.code === 0 && 'command' in probe) return runApart(asking, probe);
  return {
    name,
    ok: false,
    ms: 0,
    detail: `the container ended with ${exitText(exit)}${tail === '' ? '' : `: ${lastLines(tail)}`}`,
  };
}

async function runApart(asking: Asking, probe: Extract<Probe, { command: unknown }>): Promise<ProbeOutcome> {
  const { ctx, sandbox, spec } = asking;
  const target = (running: Running): Running => ({
    ...running,
    async exec() {
      const streams = { stdout: '', stderr: '' };
      await transcribe(running.output, (stream, text) => (streams[stream] += text)).done;
      return { exit: await running.wait(), ...streams };
    },
  });
  let running: Running;
  try {
    running = await sandbox.start({ ...spec, args: probe.command.argv, network: { kind: 'none' } }, ctx.signal);
  } catch (error) {
    if (!isTareError(error, 'E_ENTRYPOINT')) throw error;
    return { name: probeName(probe), ok: false, ms: 0, detail: error.message };
  }
  try {
    return await ask({ ...asking, running: target(running) }, probe);
  } finally {
    await running.stop(0);
  }
}

async function staysUp(ended: Promise<void>, exitNow: () => Exit | undefined): Promise<ProbeOutcome> {
  const begin = performance.now();
  const timer = new AbortController();
  await Promise.race([ended, sleep(STAYS_UP_MS, undefined, { signal: timer.signal }).catch(() => undefined)]);
  timer.abort();
  const exit = exitNow();
  const ms = Math.round(performance.now() - begin);
  if (exit === undefined || exit.code === 0) return { name: STARTS, ok: true, ms };
  return { name: STARTS, ok: false, ms, detail: `the container ended with ${exitText(exit)}` };
}

function exitText(exit: Exit): string {
  return exit.signal === undefined ? `exit code ${exit.code}` : `exit code ${exit.code} (${exit.signal})`;
}

const lastLines = (text: string): string => text.split('\n').slice(-5).join('\n').slice(-1000);
