import { setTimeout as sleep } from 'node:timers/promises';
import type { ProbeOutcome } from '../sandbox/probes/index.ts';
import type { HttpProbe, Probe } from '../sandbox/types.ts';
import { askOnce } from './ask.ts';
import type { Session } from './session.ts';

/** So far two askings are apart at least, in milliseconds: what counts or tells the time gives another answer then. */
const APART_MS = 25;
const ATTEMPT_MS = 10_000;
/** For all of them, in milliseconds; what is left then is not asked again. */
const ALL_MS = 20_000;

/** Asks once more what changes nothing (RFC 9110, section 9.2.1), after everything else. Outcomes as given, with `again` where an answer came. */
export async function askAgain(
  session: Session,
  probes: readonly Probe[],
  outcomes: readonly ProbeOutcome[],
): Promise<readonly ProbeOutcome[]> {
  if (!probes.some((probe) => 'http' in probe && isSafe(probe.http))) return outcomes;
  await sleep(APART_MS);
  const out: ProbeOutcome[] = [];
  const begin = session.elapsed();
  for (const [index, outcome] of outcomes.entries()) {
    const probe = probes[index];
    const asks = probe !== undefined && 'http' in probe && isSafe(probe.http) && outcome.answer !== undefined;
    const left = ALL_MS - (session.elapsed() - begin);
    if (!asks || session.exit() !== undefined || left <= 0) {
      out.push(outcome);
      continue;
    }
    await session.mark(outcome.name);
    const { answer } = await askOnce(session, probe, Math.min(ATTEMPT_MS, left));
    out.push(answer === undefined ? outcome : { ...outcome, again: [...(outcome.again ?? []), answer] });
  }
  return out;
}

const isSafe = ({ method = 'GET', requestBody }: HttpProbe): boolean =>
  (method === 'GET' || method === 'HEAD') && requestBody === undefined;
