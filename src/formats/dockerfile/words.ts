import { MAX_WORDS } from './limits.ts';
import type { LogicalLine } from './lines.ts';
import { dockerfileError, isBlank, isSpace, trimmed } from './source.ts';
import type { Range, Word } from './types.ts';

/** Part of a logical line, `[from, to)`, without white space at both ends. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export function wordOf(line: LogicalLine, span: Span): Word {
  return line.word(span.from, span.to);
}

/** Words between blanks; quotes mean nothing (FROM, COPY, EXPOSE …). */
export function blankWords(line: LogicalLine, span: Span): Word[] {
  const words: Word[] = [];
  for (let at = span.from; at < span.to;) {
    if (isBlank(line.text[at])) {
      at += 1;
      continue;
    }
    const from = at;
    while (at < span.to && !isBlank(line.text[at])) at += 1;
    push(line, words, line.word(from, at));
  }
  return words;
}

function push(line: LogicalLine, words: Word[], word: Word): void {
  if (words.length === MAX_WORDS) throw tooMany(line, word.range);
  words.push(word);
}

function tooMany(line: LogicalLine, range: Range): Error {
  return dockerfileError(line.source, range, `the instruction has more than ${MAX_WORDS} words`);
}

/**
 * Words between white space, where quotes and escapes keep white space inside a word; they stay in it (ENV, LABEL, ARG; BuildKit
 * line_parsers.go, parseWords). A quote without end reaches to the end; an escape as the last char is dropped.
 */
export function quotedSpans(line: LogicalLine, span: Span, escape: string): Span[] {
  const { text } = line;
  const spans: Span[] = [];
  let at = span.from;
  while (at < span.to) {
    if (isSpace(text[at] as string)) {
      at += 1;
      continue;
    }
    const from = at;
    let end = at;
    let quote = '';
    while (at < span.to && (quote !== '' || !isSpace(text[at] as string))) {
      const char = text[at] as string;
      const escapes = char === escape && quote !== "'";
      if (escapes && at + 1 === span.to) {
        at += 1;
        break;
      }
      if (quote === '' && (char === '"' || char === "'")) quote = char;
      else if (char === quote) quote = '';
      at += escapes ? 2 : 1;
      end = at;
    }
    if (end === from) continue;
    if (spans.length === MAX_WORDS) throw tooMany(line, line.range(from, end));
    spans.push({ from, to: end });
  }
  return spans;
}

/** What `jsonWords` found: the strings; `broken`: it begins like an array, and is none; undefined: something else. */
export type JsonArray = { readonly words: readonly Word[] } | 'broken' | undefined;

/**
 * The exec form: a JSON array of strings (BuildKit line_parsers.go, parseJSON).
 * @throws TareError E_DOCKERFILE when it is an array of other things
 */
export function jsonWords(line: LogicalLine, span: Span): JsonArray {
  if (line.text[span.from] !== '[') return undefined;
  let values: unknown;
  try {
    values = JSON.parse(line.text.slice(span.from, span.to));
  } catch (error) {
    if (error instanceof SyntaxError) return 'broken';
    throw error;
  }
  if (!Array.isArray(values)) return 'broken';
  const words: Word[] = [];
  let at = span.from + 1;
  for (const value of values) {
    if (typeof value !== 'string')
      throw dockerfileError(line.source, line.range(span.from, span.to), 'a JSON array here may hold strings only', {
        hint: `put ${JSON.stringify(value)?.slice(0, 40) ?? 'it'} in double quotes`,
      });
    const from = line.text.indexOf('"', at);
    at = stringEnd(line.text, from);
    push(line, words, line.word(from, at, value.replace(/\p{Surrogate}/gu, '\ufffd')));
  }
  return { words };
}

/** Behind the closing quote of the valid JSON string that begins at `from`. */
function stringEnd(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** The span without white space at both ends. */
export function spanOf(line: LogicalLine, from: number, to: number): Span {
  const [start, end] = trimmed(line.text, from, to);
  return { from: start, to: end };
}
