import { commandAnswer } from '../sandbox/probes/answer.ts';
import type { ProbeOutcome } from '../sandbox/probes/index.ts';
import type { Exit } from '../sandbox/types.ts';
import { exitText } from './ask.ts';
import type { Drive } from './observe.ts';
import type { Session } from './session.ts';

/** What a program is asked that nobody asks anything. */
export const STARTS = 'starts';
/** As a shell tells that a program cannot be started: it may not be executed, or is not there. */
const NOT_EXECUTED = 126;
const NOT_FOUND = 127;

/** A program that neither asks for anything new nor uses the processor for so long waits for something that does not come, in milliseconds. */
const QUIET_MS = 3000;
const LOOK_MS = 250;
/** What counts as using it: this share of one processor. Runtimes that collect garbage and tick clocks stay far below. */
const WORKING_SHARE = 0.2;

/**
 * Watches a program that nobody asks anything for as long as its Drive says, or until it ends.
 * @returns whether one that has not ended may do more than was seen
 * @throws TareError E_CANCELLED
 */
export async function watchUnasked(session: Session, drive: Drive, timeoutMs: number): Promise<boolean> {
  const { observeMs, watchMs } = drive;
  if (watchMs !== undefined) {
    await remain(session, Math.max(observeMs ?? 0, Math.min(watchMs, timeoutMs)));
    return false;
  }
  if (observeMs !== undefined) return untilQuiet(session, { leastMs: observeMs, mostMs: observeMs });
  await untilQuiet(session, { leastMs: 0, mostMs: timeoutMs });
  return true;
}

/** What has to be known of a program to watch it. */
export interface Unasked extends Pick<Session, 'elapsed' | 'exit' | 'pause'> {
  readonly running: Pick<Session['running'], 'processorMs' | 'progress'>;
}

interface Bounds {
  /** From the start of the container, in milliseconds. */
  readonly leastMs: number;
  readonly mostMs: number;
}

/**
 * Watches a program that nobody asks anything, until it has ended or is quiet. New paths count when it is traced, work of the processor always.
 * @returns whether it was still doing something
 * @throws TareError E_CANCELLED
 */
export async function untilQuiet(session: Unasked, { leastMs, mostMs }: Bounds): Promise<boolean> {
  const { running } = session;
  let newest = 0;
  let before = { at: session.elapsed(), used: running.processorMs() };
  for (;;) {
    const progress = await running.progress();
    const now = { at: session.elapsed(), used: running.processorMs() };
    if (session.exit() !== undefined) return false;
    if (now.used - before.used > WORKING_SHARE * (now.at - before.at)) newest = now.at;
    if (progress !== undefined) newest = Math.max(newest, now.at - progress.quietMs);
    before = now;
    const quiet = now.at - newest >= QUIET_MS;
    if (now.at >= mostMs || (quiet && now.at >= leastMs)) return !quiet;
    await session.pause(Math.min(LOOK_MS, mostMs - now.at));
  }
}

/** Goes on until so long after the start of the container, or until the program ends. */
export async function remain(session: Unasked, ms: number): Promise<void> {
  const left = ms - session.elapsed();
  if (left > 0 && session.exit() === undefined) await session.pause(left);
}

/** There was nothing to ask: what the program itself did is the answer. */
export function startsOf(session: Session, { anyExit = false }: Drive): ProbeOutcome {
  const exit = session.exit();
  const ms = session.elapsed();
  if (exit === undefined) return { name: STARTS, ok: true, ms };
  const { transcript } = session;
  const answer = commandAnswer(exit.code, transcript.text('stdout'), transcript.text('stderr'));
  if (exit.code === 0 || (anyExit && isOwn(exit))) return { name: STARTS, ok: true, ms, answer };
  return { name: STARTS, ok: false, ms, answer, detail: `the container ended with ${exitText(exit)}` };
}

/** Whether a program has chosen its exit code: it was not killed, and no shell says by it that there was nothing to start. */
const isOwn = ({ code, signal }: Exit): boolean => signal === undefined && code !== NOT_EXECUTED && code !== NOT_FOUND;
