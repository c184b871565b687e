/**
 * A pattern in pieces. Its letters are code points.
 * - `any`: one, not '/'. `class`: one of the ranges, or of all else; '/' too, as in Go.
 * - `star`: any number, none of them '/'. `rest`: any number.
 * - `open` and the `run` after it, together: nothing, or any number that end in '/'.
 */
export type Token =
  | { readonly kind: 'char'; readonly code: number }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] }
  | { readonly kind: 'any' | 'star' | 'rest' | 'open' | 'run' };

/** What is wrong with a pattern, in words. */
export interface BadPattern {
  readonly problem: string;
}

const SPECIAL = /[*?[\]\\]/;

/**
 * Reads a cleaned pattern: the syntax of Go's `filepath.Match`, and `**` as moby/patternmatcher v0.6.1 (`Pattern.compile`) knows it: any number of
 * folders, `**` and a slash being one thing; at the end, everything. In front of plain text it also ends inside a name: `**.md` is `*.md` everywhere.
 *
 * moby makes a regular expression of it, which gives a few more characters a meaning that is not documented: `\d` (a digit there, a `d` here), `^` outside
 * of brackets, `*` and `?` inside of them. Here they stand for themselves, as Go's documentation says.
 */
export function tokensOf(pattern: string): readonly Token[] | BadPattern {
  const codes = codesOf(pattern);
  const tokens: Token[] = [];
  const plainTail = pattern.startsWith('**') && !pattern.startsWith('**/') && !SPECIAL.test(pattern.slice(2));
  for (let at = 0; at < codes.length;) {
    const code = codes[at] as number;
    if (code === STAR && codes[at + 1] === STAR) {
      at += codes[at + 2] === SLASH ? 3 : 2;
      if (at >= codes.length || (plainTail && at === 2)) tokens.push({ kind: 'rest' });
      else tokens.push({ kind: 'open' }, { kind: 'run' });
    } else if (code === STAR || code === QUESTION) {
      tokens.push({ kind: code === STAR ? 'star' : 'any' });
      at++;
    } else if (code === BRACKET) {
      const read = classAt(codes, at + 1);
      if ('problem' in read) return read;
      tokens.push(read.token);
      at = read.end;
    } else {
      const escaped = code === BACKSLASH;
      const letter = codes[escaped ? at + 1 : at];
      if (letter === undefined) return { problem: 'nothing follows the backslash at its end' };
      tokens.push({ kind: 'char', code: letter });
      at += escaped ? 2 : 1;
    }
  }
  return tokens;
}

export const SLASH = 0x2f;
const [STAR, QUESTION, BRACKET, CLOSING, CARET, HYPHEN, BACKSLASH] = [0x2a, 0x3f, 0x5b, 0x5d, 0x5e, 0x2d, 0x5c];

export function codesOf(text: string): number[] {
  return Array.from(text, (letter) => letter.codePointAt(0) as number);
}

/** `at`: behind the opening bracket. */
function classAt(codes: readonly number[], at: number): { readonly token: Token; readonly end: number } | BadPattern {
  const negated = codes[at] === CARET;
  const ranges: (readonly [number, number])[] = [];
  for (let next = negated ? at + 1 : at; ;) {
    if (codes[next] === CLOSING && ranges.length > 0)
      return { token: { kind: 'class', negated, ranges }, end: next + 1 };
    const low = letterAt(codes, next);
    if ('problem' in low) return low;
    const high = codes[low.end] === HYPHEN ? letterAt(codes, low.end + 1) : low;
    if ('problem' in high) return high;
    if (high.code < low.code) return { problem: 'a range in brackets ends before it begins' };
    ranges.push([low.code, high.code]);
    next = high.end;
  }
}

function letterAt(codes: readonly number[], at: number): { readonly code: number; readonly end: number } | BadPattern {
  const first = codes[at];
  if (first === HYPHEN) return { problem: 'a `-` in brackets that is no range needs a backslash before it' };
  if (first === CLOSING)
    return { problem: 'a `]` that comes first in brackets, or after a `-`, needs a backslash before it' };
  const code = first === BACKSLASH ? codes[at + 1] : first;
  if (code === undefined) return { problem: 'the bracket `[` is not closed' };
  return { code, end: first === BACKSLASH ? at + 2 : at + 1 };
}
