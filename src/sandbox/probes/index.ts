import type { Probe } from '../types.ts';
import { commandProbe } from './command.ts';
import { httpProbe } from './http.ts';
import { logProbe } from './log.ts';
import { tcpProbe } from './tcp.ts';
import type { Attempt, ProbeAnswer, ProbeTarget } from './types.ts';

export type { Attempt, BodyAnswer, CommandAnswer, HttpAnswer, ProbeAnswer, ProbeTarget } from './types.ts';

export interface ProbeOutcome extends Attempt {
  readonly name: string;
  /** How long this attempt took. */
  readonly ms: number;
  /** Further answers to the same question, by the same image: where they are unlike each other, the image varies by itself. */
  readonly again?: readonly ProbeAnswer[];
}

/** What a probe is called in results: its own name, or what it does, e.g. `http GET 8080/status`. */
export function probeName(probe: Probe): string {
  if (probe.name !== undefined) return probe.name;
  if ('http' in probe) return httpProbe.name(probe);
  if ('tcp' in probe) return tcpProbe.name(probe);
  return 'command' in probe ? commandProbe.name(probe) : logProbe.name(probe);
}

/** Asks once. Never rejects because of the container: what is wrong stands in `detail`. */
export async function runProbe(probe: Probe, target: ProbeTarget): Promise<ProbeOutcome> {
  const begin = performance.now();
  const attempt = await attemptOf(probe, target);
  return { name: probeName(probe), ...attempt, ms: Math.round(performance.now() - begin) };
}

function attemptOf(probe: Probe, target: ProbeTarget): Promise<Attempt> {
  if ('http' in probe) return httpProbe.attempt(probe, target);
  if ('tcp' in probe) return tcpProbe.attempt(probe, target);
  return 'command' in probe ? commandProbe.attempt(probe, target) : logProbe.attempt(probe, target);
}

/** The container port that a probe needs to reach from the host, if any. */
export function portOfProbe(probe: Probe): number | undefined {
  if ('http' in probe) return probe.http.port;
  return 'tcp' in probe ? probe.tcp.port : undefined;
}
