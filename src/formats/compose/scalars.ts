import { parseDuration } from '../dockerfile/durations.ts';
import { composeError, kindText, type Node } from './node.ts';

/** @throws TareError E_COMPOSE when it is no text, number or truth value */
export function textOf(node: Node): string {
  if (node.kind === 'scalar' && node.value !== null) return node.text;
  throw composeError(node.spot, `expected a text, got ${kindText(node)}`);
}

/** A text that is not empty. */
export function wordOf(node: Node): string {
  const text = textOf(node);
  if (text === '') throw composeError(node.spot, 'expected a text, got an empty one');
  return text;
}

const TRUTH: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  y: true,
  on: true,
  false: false,
  no: false,
  n: false,
  off: false,
};

/** Words of YAML 1.1 too: a variable that is filled in is always a text. */
export function truthOf(node: Node): boolean {
  const word = textOf(node).toLowerCase();
  const truth = Object.hasOwn(TRUTH, word) ? TRUTH[word] : undefined;
  if (truth === undefined) throw composeError(node.spot, `expected true or false, got ${JSON.stringify(textOf(node))}`);
  return truth;
}

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

export function wholeOf(node: Node, { min, max }: Bounds): number {
  const text = textOf(node);
  const value = /^[+-]?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw composeError(node.spot, `expected a whole number from ${min} to ${max}, got ${JSON.stringify(text)}`);
}

export function numberOf(node: Node): number {
  const text = textOf(node);
  const value = /^\d{1,15}(?:\.\d{1,15})?$|^\.\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0) return value;
  throw composeError(node.spot, `expected a number, got ${JSON.stringify(text)}`);
}

const NANOS_PER_MS = 1e6;
const NANOS_PER: Readonly<Record<string, number>> = { d: 86_400e9, w: 604_800e9 };

/** `1m30s`, `1d12h`, `500ms` (11-extension.md) → ms, at least 0; a bare number is seconds. */
export function durationOf(node: Node): number {
  const text = textOf(node);
  const bare = /^\d{1,9}$/.test(text) ? Number(text) * 1e9 : undefined;
  const nanos = bare ?? nanosOf(text);
  if (nanos === undefined || nanos < 0)
    throw composeError(node.spot, `${JSON.stringify(text)} is no duration`, {
      hint: 'write it as 1m30s, 10s or 500ms',
    });
  return Math.round(nanos / NANOS_PER_MS);
}

function nanosOf(text: string): number | undefined {
  const [whole = '', count, unit = ''] = /^(\d{1,6})([dw])/.exec(text) ?? [];
  if (count === undefined) return parseDuration(text);
  const rest = text.slice(whole.length);
  const more = rest === '' ? 0 : nanosOf(rest);
  return more === undefined ? undefined : Number(count) * (NANOS_PER[unit] ?? 0) + more;
}

const POWERS: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/** `64m`, `1.5gb`, `2GiB`: units are powers of 1024 → bytes. */
export function bytesOf(node: Node): number {
  const text = textOf(node).trim();
  const [, count = '', unit = ''] = /^(\d{1,15}(?:\.\d{1,9})?)\s*([kmgtp]?)i?b?$/i.exec(text) ?? [];
  const value = Math.trunc(Number(count) * 1024 ** (POWERS[unit.toLowerCase()] ?? 0));
  if (count !== '' && Number.isSafeInteger(value)) return value;
  throw composeError(node.spot, `${JSON.stringify(text)} is no size`, {
    hint: 'write it as 64m, 1gb or a count of bytes',
  });
}

const MAX_MODE = 0o7777;

/** `0440` in octal, quoted or not; a number of YAML as it is. */
export function modeOf(node: Node): number {
  const text = textOf(node);
  const octal = /^(?:0o?)?[0-7]{1,5}$/.test(text) ? Number.parseInt(text.replace('o', ''), 8) : Number.NaN;
  const mode = node.kind === 'scalar' && typeof node.value === 'number' ? node.value : octal;
  if (Number.isInteger(mode) && mode >= 0 && mode <= MAX_MODE) return mode;
  throw composeError(node.spot, `${JSON.stringify(text)} is no mode`, { hint: 'write it as 0440' });
}

/** A list, or one value in place of it; nothing is an empty one. */
export function listOf(node: Node | undefined): readonly Node[] {
  if (node === undefined || (node.kind === 'scalar' && node.value === null)) return [];
  if (node.kind === 'list') return node.items;
  if (node.kind === 'scalar') return [node];
  throw composeError(node.spot, `expected a list, got ${kindText(node)}`);
}

export const textsOf = (node: Node | undefined): readonly string[] => listOf(node).map(textOf);

/** Texts by name, in byte order of the names; null stays out of it: the caller says what it means. */
export function pairsOf(node: Node | undefined): ReadonlyMap<string, string | null> {
  const found = new Map<string, string | null>();
  if (node === undefined || (node.kind === 'scalar' && node.value === null)) return found;
  if (node.kind !== 'map')
    throw composeError(node.spot, `expected a map or a list of NAME=VALUE, got ${kindText(node)}`);
  for (const [name, { key, value }] of node.entries) {
    if (name === '' || /[=\0]/.test(name)) throw composeError(key, `${JSON.stringify(name)} is no name`);
    if (value.kind !== 'scalar') throw composeError(value.spot, `expected a text, got ${kindText(value)}`);
    found.set(name, value.value === null ? null : value.text);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The same where nothing is an empty text. */
export function labelsOf(node: Node | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries([...pairsOf(node)].map(([name, value]) => [name, value ?? '']));
}
