import type { LintResult } from '../../lint/lint-files.ts';
import type { Style } from '../style.ts';

const CONTEXT_LINES = 3;
/** Pairs of lines that are compared; above it, all between the first and the last change is one. */
const MAX_PAIRS = 4_000_000;

/** What `--fix` would change, as a unified diff that `patch -p1` takes. */
export function lintDiff({ files }: LintResult): (style: Style) => string {
  return (style) =>
    files
      .flatMap(({ before, file, text }) =>
        before === undefined ? [] : [unifiedDiff(file === '-' ? 'stdin' : file, before, text)],
      )
      .join('')
      .split('\n')
      .map((line) => coloured(line, style))
      .join('\n');
}

function coloured(line: string, style: Style): string {
  if (line.startsWith('+')) return style.green(line);
  if (line.startsWith('-')) return style.red(line);
  return line.startsWith('@@') ? style.cyan(line) : line;
}

interface Line {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

export function unifiedDiff(file: string, before: string, after: string): string {
  const lines = diffLines(linesOf(before), linesOf(after));
  const name = file.replace(/^\.?\/+/, '');
  const hunks = hunksOf(lines);
  return hunks.length === 0 ? '' : `--- a/${name}\n+++ b/${name}\n${hunks.join('')}`;
}

/** The lines that differ, with the number that each has in its own text. */
export function changedLines(
  before: string,
  after: string,
): readonly (Line & { readonly sign: '-' | '+'; readonly number: number })[] {
  const numbers = { '-': 0, '+': 0 };
  return diffLines(linesOf(before), linesOf(after)).flatMap(({ sign, text }) => {
    if (sign !== '+') numbers['-'] += 1;
    if (sign !== '-') numbers['+'] += 1;
    return sign === ' ' ? [] : [{ sign, text, number: numbers[sign] }];
  });
}

/** Each with its line end. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** The longest common subsequence, by dynamic programming between what is equal at both ends. */
function diffLines(before: readonly string[], after: readonly string[]): Line[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail += 1;
  const a = before.slice(head, before.length - tail);
  const b = after.slice(head, after.length - tail);
  const same = (text: string): Line => ({ sign: ' ', text });
  return [...before.slice(0, head).map(same), ...middle(a, b), ...before.slice(before.length - tail).map(same)];
}

function middle(a: readonly string[], b: readonly string[]): Line[] {
  const gone = (text: string): Line => ({ sign: '-', text });
  const come = (text: string): Line => ({ sign: '+', text });
  if (a.length * b.length > MAX_PAIRS) return [...a.map(gone), ...b.map(come)];
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        a[i] === b[j]
          ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
  const out: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (left !== undefined && left === right) {
      out.push({ sign: ' ', text: left });
      i += 1;
      j += 1;
    } else if (
      left !== undefined &&
      (right === undefined || (lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0))
    ) {
      out.push(gone(left));
      i += 1;
    } else if (right !== undefined) {
      out.push(come(right));
      j += 1;
    }
  }
  return out;
}

function hunksOf(lines: readonly Line[]): string[] {
  const changed = lines.flatMap(({ sign }, index) => (sign === ' ' ? [] : [index]));
  const hunks: string[] = [];
  let from = 0;
  while (from < changed.length) {
    let to = from;
    while (to + 1 < changed.length && (changed[to + 1] ?? 0) - (changed[to] ?? 0) <= 2 * CONTEXT_LINES) to += 1;
    const start = Math.max(0, (changed[from] ?? 0) - CONTEXT_LINES);
    const end = Math.min(lines.length, (changed[to] ?? 0) + CONTEXT_LINES + 1);
    hunks.push(hunk(lines, start, end));
    from = to + 1;
  }
  return hunks;
}

function hunk(lines: readonly Line[], start: number, end: number): string {
  const count = (part: readonly Line[], sign: '-' | '+'): number =>
    part.filter((line) => line.sign === ' ' || line.sign === sign).length;
  const part = lines.slice(start, end);
  const range = (sign: '-' | '+'): string => {
    const length = count(part, sign);
    const first = count(lines.slice(0, start), sign) + (length === 0 ? 0 : 1);
    return `${sign}${first}${length === 1 ? '' : `,${length}`}`;
  };
  const body = part.map(({ sign, text }) =>
    text.endsWith('\n') ? sign + text : `${sign}${text}\n\\ No newline at end of file\n`,
  );
  return `@@ ${range('-')} ${range('+')} @@\n${body.join('')}`;
}
