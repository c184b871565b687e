import type { BodyAnswer } from '../sandbox/probes/index.ts';
import type { CompareMode } from './compare.ts';
import { jsonDifference } from './compare-json.ts';
import { withoutMeasurements } from './compare-metrics.ts';
import { lostParts, partsOfBody } from './compare-parts.ts';
import { lostWords } from './compare-words.ts';
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
  const filled = references.filter(({ size }) => size > 0);
  if (filled.length === references.length ? here.size === 0 : filled.length === 0)
    return sure(`${what}: ${sizes(first, here)}`);
  // Sometimes empty, sometimes not: what it holds when it holds something is known from two such answers on.
  if (filled.length < references.length && filled.length === 1) return undefined;
  return contentDifference({ here, mode, references: filled, what });
}

/** None is empty, and this one is like none of them. */
function contentDifference({ here, references, what }: BodyComparison): Difference | undefined {
  const documents = here.text === undefined && here.binary === undefined ? undefined : allOf(references.map(jsonOf));
  if (documents !== undefined) {
    const document = jsonOf(here);
    if (document === undefined) return sure(`${what}: the original answers JSON, this ${shown(here)}`);
    return jsonDifference(
      documents.map(({ value }) => value),
      document.value,
    );
  }
  const [first = here] = references;
  const varies = references.some(({ digest }) => digest !== first.digest);
  const texts = allOf(references.map(({ text }) => (text === undefined ? undefined : withoutMeasurements(text))));
  if (texts !== undefined && here.text !== undefined) {
    const mine = withoutMeasurements(here.text);
    if (texts.includes(mine)) return undefined;
    const unlike = varies ? unlikeTexts(texts, mine) : unlikeText(texts[0] ?? '', mine);
    if (unlike !== undefined) return doubtful(`${what}: ${unlike}`);
  } else {
    if (!varies) return doubtful(`${what}: ${sizes(first, here)} and other content`);
    const unlike = unlikeParts(references, here);
    if (unlike !== undefined) return doubtful(`${what}: ${unlike}`);
  }
  return references.some(({ size }) => alike(size, here.size)) ? undefined : doubtful(`${what}: ${sizes(first, here)}`);
}

/** In what a text is unlike the one that the original always gives. */
function unlikeText(text: string, here: string): string {
  const mine = countLines(here);
  const lost = text.split('\n').find((line) => !take(mine, line));
  if (lost !== undefined) return lostLine(lost);
  const added = [...mine].find(([, count]) => count > 0);
  if (added !== undefined) return `the original does not have the line ${quoted(added[0])}`;
  return 'the original has the same lines in another order';
}

/** What all texts of the original hold, and this one does not: lines, words. */
function unlikeTexts([first = '', ...others]: readonly string[], here: string): string | undefined {
  const [pools, mine] = [others.map(countLines), countLines(here)];
  const line = first.split('\n').find((text) => pools.every((pool) => take(pool, text)) && !take(mine, text));
  if (line !== undefined) return lostLine(line);
  const words = lostWords([first, ...others], here);
  return words === undefined ? undefined : `the original has ${quoted(words)} each time, this does not`;
}

function unlikeParts(references: readonly BodyAnswer[], here: BodyAnswer): string | undefined {
  const [theirs, mine] = [allOf(references.map(partsOfBody)), partsOfBody(here)];
  if (theirs === undefined || mine === undefined) return undefined;
  const { lost, of, sampled } = lostParts(theirs, mine);
  if (lost === 0) return undefined;
  return `${lost} of ${of} pieces ${sampled ? '(a sample) ' : ''}that the original has each time are not in this`;
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

const lostLine = (line: string): string => `the original has the line ${quoted(line)}, this does not`;

const sizes = (there: BodyAnswer, here: BodyAnswer): string =>
  `the original has ${there.size} bytes, this ${here.size}`;

const quoted = (text: string): string =>
  JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);

const shown = ({ size, text }: BodyAnswer): string => (text === undefined ? `${size} bytes` : quoted(text));
