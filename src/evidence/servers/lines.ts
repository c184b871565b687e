import type { ByteString } from '../../base/path.ts';
import type { Statement } from './types.ts';

const MAX_STATEMENTS = 200_000;
const GOES_ON = /\\\r?$/;

/** Lines of words: a statement per line, words in quotes, `#` begins a comment, a backslash at the end goes on. Apache, HAProxy and Caddy are written so. */
export function wordLines(text: ByteString): Statement[] {
  const statements: Statement[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length && statements.length < MAX_STATEMENTS; at++) {
    const line = at + 1;
    const pieces = [lines[at] as string];
    while (GOES_ON.test(pieces.at(-1) ?? '') && at + 1 < lines.length) pieces.push(lines[++at] as string);
    const [name, ...args] = wordsOf(pieces.map((piece) => piece.replace(GOES_ON, '')).join(' '));
    if (name !== undefined) statements.push({ name, args, line });
  }
  return statements;
}

function wordsOf(line: ByteString): ByteString[] {
  const words: ByteString[] = [];
  // A quote that is not closed goes on to the end: else every character behind it would be tried again.
  for (const match of line.matchAll(
    /"((?:\\.|[^"\\])*)(?:"|$)|'([^']*)(?:'|$)|`([^`]*)(?:`|$)|(#.*)|([^\s"'#][^\s]*)/g,
  )) {
    const [, double, single, tick, comment, bare] = match;
    if (comment !== undefined) break;
    words.push(double?.replaceAll(/\\(.)/g, '$1') ?? single ?? tick ?? bare ?? '');
  }
  return words;
}
