import { TareError } from '../../base/error.ts';
import { MAX_DOCKERFILE_BYTES, MAX_LINE_BYTES, MAX_LINES, MAX_SHOWN_CHARS } from './limits.ts';
import type { DockerfileSource, Position, Range } from './types.ts';

/** A line of the file: `[start, end)` without its line end (LF, CR LF), `next` where the following one begins. Offsets. */
export interface PhysicalLine {
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

/** The text with the table of its lines. */
export interface Source extends DockerfileSource {
  readonly lines: readonly PhysicalLine[];
  range(start: number, end: number): Range;
}

/** @throws TareError E_LIMIT */
export function createSource(file: string, text: string): Source {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_DOCKERFILE_BYTES)
    throw new TareError('E_LIMIT', `${file} has ${bytes} bytes, more than ${MAX_DOCKERFILE_BYTES}`);
  const lines = splitLines(file, text);
  return { file, text, lines, range: (start, end) => ({ start: position(lines, start), end: position(lines, end) }) };
}

function splitLines(file: string, text: string): PhysicalLine[] {
  const lines: PhysicalLine[] = [];
  for (let start = 0; start < text.length;) {
    const feed = text.indexOf('\n', start);
    const next = feed === -1 ? text.length : feed + 1;
    let end = feed === -1 ? next : feed;
    if ((end - start) * 3 > MAX_LINE_BYTES && Buffer.byteLength(text.slice(start, end)) > MAX_LINE_BYTES)
      throw new TareError('E_LIMIT', `${file}:${lines.length + 1}: the line has more than ${MAX_LINE_BYTES} bytes`);
    while (end > start && text[end - 1] === '\r') end -= 1;
    lines.push({ start, end, next });
    if (lines.length > MAX_LINES) throw new TareError('E_LIMIT', `${file} has more than ${MAX_LINES} lines`);
    start = next;
  }
  return lines;
}

function position(lines: readonly PhysicalLine[], offset: number): Position {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lines[middle]?.start ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (lines[low]?.start ?? 0) + 1, offset };
}

/** `FILE:LINE: the line : what is wrong`, for the place where `range` begins. */
export function dockerfileError(
  source: DockerfileSource,
  range: Range,
  problem: string,
  options: { readonly hint?: string; readonly cause?: unknown } = {},
): TareError {
  const at = range.start.offset - (range.start.column - 1);
  const feed = source.text.indexOf('\n', at);
  const line = shown(source.text.slice(at, feed === -1 ? undefined : feed).trim());
  return new TareError('E_DOCKERFILE', `${source.file}:${range.start.line}: ${line} : ${problem}`, options);
}

/** Text from the file, fit for one line of a message. */
export function shown(text: string): string {
  const short = text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text;
  // oxlint-disable-next-line no-control-regex -- it is control characters that are taken out
  return short.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, ' ');
}

/** White space as Go's `unicode.IsSpace` has it. */
export function isSpace(char: string): boolean {
  return /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/.test(char);
}

/** `[from, to)` without white space at both ends. */
export function trimmed(text: string, from: number, to: number): readonly [number, number] {
  let start = from;
  let end = to;
  while (start < end && isSpace(text[start] as string)) start += 1;
  while (end > start && isSpace(text[end - 1] as string)) end -= 1;
  return [start, end];
}

/** Blanks between words of one line: Go's `[\t\v\f\r ]`. */
export function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\t' || char === '\r' || char === '\v' || char === '\f';
}
