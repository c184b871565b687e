import { MAX_WARNINGS } from './limits.ts';
import type { Source } from './source.ts';
import { isSpace } from './source.ts';
import type { Comment, Range, Warning, Word } from './types.ts';

/** The lines of one instruction joined, and the way back into the file. */
export interface LogicalLine {
  readonly text: string;
  readonly source: Source;
  range(from: number, to: number): Range;
  /** @param value what the language sees, when it is not the joined text itself */
  word(from: number, to: number, value?: string): Word;
}

/** Reads the file line by line; heredocs take lines from the same cursor. */
export interface LineReader {
  readonly source: Source;
  readonly comments: Comment[];
  readonly warnings: Warning[];
  escape: '\\' | '`';
  /** Index of the next line. */
  next: number;
}

export function warn(reader: LineReader, warning: Warning): void {
  if (reader.warnings.length < MAX_WARNINGS) reader.warnings.push(warning);
}

/** The comment on `[start, end)`, whose first char after blanks is '#'. */
export function commentAt(source: Source, start: number, end: number): Comment {
  const hash = source.text.indexOf('#', start);
  return { text: source.text.slice(hash + 1, end).trim(), range: source.range(hash, end) };
}

/**
 * Joins the lines of an instruction that begins at `start` in the current line. Comment lines and empty lines inside do not end it
 * (BuildKit parser.go, Parse); an empty one is a warning.
 */
export function readLogicalLine(reader: LineReader, start: number): LogicalLine {
  const { source } = reader;
  const parts: { at: number; from: number; to: number }[] = [];
  let length = 0;
  let emptyLine: Range | undefined;
  const take = (from: number, lineEnd: number): boolean => {
    const cut = continuation(source.text, from, lineEnd, reader.escape);
    const to = cut ?? lineEnd;
    if (to > from) parts.push({ at: length, from, to });
    length += to - from;
    return cut !== undefined;
  };
  const first = source.lines[reader.next++];
  let open = take(start, first?.end ?? start);
  while (open && reader.next < source.lines.length) {
    const line = source.lines[reader.next++];
    if (line === undefined) break;
    const from = skipSpace(source.text, line.start, line.end);
    if (from === line.end) emptyLine ??= source.range(line.start, line.end);
    else if (source.text[from] === '#') reader.comments.push(commentAt(source, line.start, line.end));
    else open = take(line.start, line.end);
  }
  if (emptyLine !== undefined)
    warn(reader, {
      rule: 'NoEmptyContinuation',
      message: 'an empty line inside a continued instruction',
      range: emptyLine,
    });
  return logicalLine(source, parts, start);
}

export function skipSpace(text: string, from: number, to: number): number {
  let at = from;
  while (at < to && isSpace(text[at] as string)) at += 1;
  return at;
}

/** Where the line is to be cut, when it goes on in the next one: at its last char (blanks apart), an escape that is not itself escaped. */
function continuation(text: string, from: number, to: number, escape: string): number | undefined {
  let end = to;
  while (end > from && (text[end - 1] === ' ' || text[end - 1] === '\t')) end -= 1;
  if (end === from || text[end - 1] !== escape) return undefined;
  return end - 2 >= from && text[end - 2] === escape ? undefined : end - 1;
}

function logicalLine(
  source: Source,
  parts: readonly { at: number; from: number; to: number }[],
  start: number,
): LogicalLine {
  const text = parts.map((part) => source.text.slice(part.from, part.to)).join('');
  const partOf = (at: number): number => {
    let low = 0;
    let high = parts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((parts[middle]?.at ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const offset = (at: number): number => {
    const part = parts[partOf(at)];
    return part === undefined ? start : part.from + (at - part.at);
  };
  const bounds = (from: number, to: number): readonly [number, number] =>
    to > from ? [offset(from), offset(to - 1) + 1] : [offset(from), offset(from)];
  return {
    text,
    source,
    range: (from, to) => source.range(...bounds(from, to)),
    word: (from, to, value = text.slice(from, to)) => {
      const [begin, end] = bounds(from, to);
      return { raw: source.text.slice(begin, end), value, range: source.range(begin, end) };
    },
  };
}
