import type { ByteString } from '../../base/path.ts';

export interface Token {
  readonly kind: 'word' | ';' | '{' | '}' | 'broken';
  readonly text: ByteString;
  readonly line: number;
  /** Where the text goes on behind it. */
  readonly end: number;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
const BLANK = /\s/;

/** The next token from `at` on; undefined at the end. As ngx_conf_read_token (src/core/ngx_conf_file.c) takes a text apart. */
export function nextToken(text: ByteString, from: number, fromLine: number): Token | undefined {
  let [at, line] = [from, fromLine];
  for (; at < text.length; at++) {
    const char = text[at] as string;
    if (char === '\n') line += 1;
    else if (char === '#') at = lineEnd(text, at) - 1;
    else if (!BLANK.test(char)) break;
  }
  const char = text[at];
  if (char === undefined) return undefined;
  if (char === ';' || char === '{' || char === '}') return { kind: char, text: char, line, end: at + 1 };
  return char === '"' || char === "'" ? quoted(text, at, line) : bare(text, at, line);
}

function lineEnd(text: ByteString, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

function quoted(text: ByteString, start: number, line: number): Token {
  const quote = text[start];
  let word = '';
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at] as string;
    if (char === quote) return { kind: 'word', text: word, line, end: at + 1 };
    if (char !== '\\') word += char;
    else {
      word += escaped(text[at + 1] ?? '');
      at += 1;
    }
  }
  return { kind: 'broken', text: 'a quote is not closed', line, end: text.length };
}

/** `${name}` is a variable: its braces are no block. */
function bare(text: ByteString, start: number, line: number): Token {
  let word = '';
  let at = start;
  for (; at < text.length; at++) {
    const char = text[at] as string;
    if (char === '$' && text[at + 1] === '{') {
      const end = text.indexOf('}', at);
      if (end === -1) return { kind: 'broken', text: 'a variable is not closed', line, end: text.length };
      word += text.slice(at, end + 1);
      at = end;
    } else if (char === '\\') {
      word += escaped(text[at + 1] ?? '');
      at += 1;
    } else if (BLANK.test(char) || char === ';' || char === '{') break;
    else word += char;
  }
  return { kind: 'word', text: word, line, end: at };
}

/** Of other characters the backslash stays: it is for the regular expression that the word may be. */
function escaped(char: string): string {
  if (char === '"' || char === "'" || char === '\\') return char;
  return ESCAPES[char] ?? `\\${char}`;
}
