import type { BodyAnswer } from '../sandbox/probes/index.ts';
import type { CompareMode } from './compare.ts';
import { jsonDifference } from './compare-json.ts';
import { doubtful, sure, type Difference } from './difference.ts';

/** Of bodies that vary, sizes within this factor are alike, and sizes that differ by less than so many bytes. */
const SIZE_FACTOR = 2;
const SIZE_SLACK_BYTES = 256;
const MAX_SHOWN = 120;

export interface BodyComparison {
  /** What it is, for the message. */
  readonly what: 'body' | 'output';
  /** What the original gave, at least one. */
  readonly references: readonly BodyAnswer[];
  readonly here: BodyAnswer;
  readonly mode: CompareMode;
}

export function bodyDifference({ here, mode, references, what }: BodyComparison): Difference | undefined {
  const [first] = references;
  if (first === undefined || references.some(({ digest }) => digest === here.digest)) return undefined;
  if (mode === 'exact') return sure(`${what}: ${sizes(first, here)} and other content`);
  const documents = allOf(references.map(jsonOf));
  if (documents !== undefined) {
    const document = jsonOf(here);
    if (document === undefined) return sure(`${what}: the original answers JSON, this ${shown(here)}`);
    return jsonDifference(
      documents.map(({ value }) => value),
      document.value,
    );
  }
  if (mode === 'json') return undefined;
  if (references.every(({ size }) => size > 0) !== here.size > 0) return sure(`${what}: ${sizes(first, here)}`);
  const texts = allOf(references.map(({ text }) => text));
  if (texts !== undefined && here.text !== undefined) {
    const line = unlikeLine(texts, here.text);
    if (line !== undefined) return doubtful(`${what}: ${line}`);
  } else if (references.every(({ digest }) => digest === first.digest))
    return doubtful(`${what}: ${sizes(first, here)} and other content`);
  return references.some(({ size }) => alike(size, here.size)) ? undefined : doubtful(`${what}: ${sizes(first, here)}`);
}

/** The first line that all texts of the original hold, and this one does not; of one text only, also a line that this one adds. */
function unlikeLine(texts: readonly string[], here: string): string | undefined {
  const [first = '', ...others] = texts;
  const missing = new Map<string, number>();
  const pools = [...others, here].map(countLines);
  const mine = pools.pop() ?? new Map<string, number>();
  for (const line of first.split('\n')) {
    if (!pools.every((pool) => take(pool, line))) continue;
    if (!take(mine, line)) missing.set(line, 1);
  }
  const [lost] = missing.keys();
  if (lost !== undefined) return `the original has the line ${quoted(lost)}, this does not`;
  if (texts.some((text) => text !== first)) return undefined;
  const added = [...mine].find(([, count]) => count > 0);
  if (added !== undefined) return `the original does not have the line ${quoted(added[0])}`;
  return 'the original has the same lines in another order';
}

function countLines(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of text.split('\n')) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

function take(pool: Map<string, number>, line: string): boolean {
  const count = pool.get(line) ?? 0;
  if (count > 0) pool.set(line, count - 1);
  return count > 0;
}

function jsonOf({ text }: BodyAnswer): { readonly value: unknown } | undefined {
  if (text === undefined) return undefined;
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function allOf<T>(values: readonly (T | undefined)[]): readonly T[] | undefined {
  const found = values.filter((value) => value !== undefined);
  return found.length === values.length ? found : undefined;
}

function alike(a: number, b: number): boolean {
  return Math.abs(a - b) <= SIZE_SLACK_BYTES || Math.max(a, b) <= SIZE_FACTOR * Math.min(a, b);
}

const sizes = (there: BodyAnswer, here: BodyAnswer): string =>
  `the original has ${there.size} bytes, this ${here.size}`;

const quoted = (text: string): string =>
  JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);

const shown = ({ size, text }: BodyAnswer): string => (text === undefined ? `${size} bytes` : quoted(text));
