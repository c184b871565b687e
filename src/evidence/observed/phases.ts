import { bytesOfText, compareBytes } from '../../base/path.ts';
import { probeName } from '../../sandbox/probes/index.ts';
import type { Probe } from '../../sandbox/types.ts';
import { withoutCredentials } from './public-name.ts';

/** What a container does before it is probed. */
export const START_PHASE = 'start';
/** Longest name of a phase, in UTF-16 units. */
export const MAX_PHASE_LENGTH = 512;

export interface PhaseNames {
  /** The name that a profile has for a phase of the observation. */
  readonly nameOf: (phase: string) => string;
  /** The order in which phases come: the start, the probes as they were given, others in byte order. Of names. */
  readonly compare: (a: string, b: string) => number;
}

/**
 * Names of phases that anybody may read. Query strings, the rest of a command line after the program's name, and texts that are searched
 * for in a log are taken out. Commands that start the same program are numbered in the order of the probes.
 */
export function phaseNames(probes: readonly Probe[] = []): PhaseNames {
  const names = new Map<string, string>([[START_PHASE, START_PHASE]]);
  const commands = new Map<string, number>();
  for (const probe of probes) {
    const given = probeName(probe);
    if (!names.has(given)) names.set(given, nameOfProbe(probe, given, commands));
  }
  const order = new Map([...new Set(names.values())].map((name, at) => [name, at]));
  const rank = (name: string): number => order.get(name) ?? order.size;
  return {
    nameOf: (phase) => names.get(phase) ?? nameOfText(phase),
    compare: (a, b) => rank(a) - rank(b) || compareText(a, b),
  };
}

function nameOfProbe(probe: Probe, given: string, commands: Map<string, number>): string {
  // A probe may carry the name that it would have anyway.
  const { name: own, ...nameless } = probe;
  if (own !== undefined && own !== probeName(nameless)) return ownName(given);
  if (!('command' in probe)) return nameOfText(given);
  const name = `command ${programName(probe.command.argv[0] ?? '')}`;
  const count = (commands.get(name) ?? 0) + 1;
  commands.set(name, count);
  return count === 1 ? name : `${name} #${count}`;
}

/**
 * The name of a phase of which no more is known than its text: the text of a probe without a name, or a command line. What is
 * neither may be one all the same.
 */
function nameOfText(phase: string): string {
  if (/^tcp \d+$/.test(phase)) return phase;
  if (phase.startsWith('http ')) return ownName(phase);
  if (/^log\b/.test(phase)) return 'log';
  const [, kind = 'exec', words = ''] = /^(?:(command|exec|run) +)?(.*)$/s.exec(phase) ?? [];
  const program = words.split(/\s+/).find((word) => !/^[A-Za-z_]\w*=/.test(word));
  return `${kind} ${programName(program ?? '')}`;
}

function programName(word: string): string {
  const name = word.slice(word.lastIndexOf('/') + 1).replace(/["']/g, '');
  return name === '' ? '…' : plain(name);
}

/** A name that the user chose: what looks like a query string or a credential is no part of it. */
function ownName(text: string): string {
  if (text.startsWith('http ')) return plain(withoutCredentials(text.replace(/[?#].*$/s, '?…')));
  return plain(withoutCredentials(text.replace(/\?[^\s?]*=\S*/g, '?…').replace(/\/\/[^/\s@]*@/g, '//')));
}

function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex
  const line = text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').trim();
  if (line === '') return '…';
  return line.length <= MAX_PHASE_LENGTH ? line : `${line.slice(0, MAX_PHASE_LENGTH - 1)}…`;
}

/** Byte order of texts; of two that have the same bytes (lone surrogates) the order of their units. */
export function compareText(a: string, b: string): number {
  return compareBytes(bytesOfText(a), bytesOfText(b)) || compareBytes(a, b);
}
