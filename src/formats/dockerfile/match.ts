import { TareError } from '../../base/error.ts';

interface Chunk {
  /** A '*' stands before it. */
  readonly star: boolean;
  readonly text: string;
}

/**
 * Go's `filepath.Match` on Unix: '*' and '?' stop at '/', `[a-z]`, `[^a-z]`, '\' takes the next char as it is; all of `name` must match.
 * Both are text (decode file names first): '?' is one code point. The whole pattern is checked, also behind the place where it fails to match.
 * @throws TareError E_DOCKERFILE when the pattern is malformed and `name` lets Go come upon it
 */
export function matchPath(pattern: string, name: string): boolean {
  let rest = pattern;
  let left = name;
  while (rest !== '') {
    const { chunk, after } = scanChunk(rest);
    rest = after;
    if (chunk.star && chunk.text === '') return !left.includes('/');
    const next = placeOf(chunk, left, rest === '', pattern);
    if (next === undefined) return false;
    left = left.slice(next);
  }
  return left === '';
}

/** Whether Go would call the pattern well formed. */
export function validPattern(pattern: string): boolean {
  let rest = pattern;
  while (rest !== '') {
    const { chunk, after } = scanChunk(rest);
    if (matchChunk(chunk.text, '', 0) === 'malformed') return false;
    rest = after;
  }
  return true;
}

/** Up to the next '*' outside brackets. */
function scanChunk(pattern: string): { chunk: Chunk; after: string } {
  let start = 0;
  while (pattern[start] === '*') start += 1;
  let inRange = false;
  let at = start;
  for (; at < pattern.length; at++) {
    const char = pattern[at];
    if (char === '\\') at += at + 1 < pattern.length ? 1 : 0;
    else if (char === '[') inRange = true;
    else if (char === ']') inRange = false;
    else if (char === '*' && !inRange) break;
  }
  return { chunk: { star: start > 0, text: pattern.slice(start, at) }, after: pattern.slice(at) };
}

/** Where the rest of `name` begins once the chunk has matched at its first possible place. */
function placeOf(chunk: Chunk, name: string, last: boolean, pattern: string): number | undefined {
  for (let from = 0; ; from += (name.codePointAt(from) ?? 0) > 0xffff ? 2 : 1) {
    const end = matchChunk(chunk.text, name, from);
    if (end === 'malformed')
      throw new TareError('E_DOCKERFILE', `the pattern ${pattern} is malformed`, {
        hint: 'close each [ with a ], and put something behind each \\',
      });
    if (end !== undefined && (!last || end === name.length)) return end;
    if (!chunk.star || from >= name.length || name[from] === '/') return undefined;
  }
}

/** Where the chunk ends in `name` when it begins at `from`; undefined when it does not match. */
function matchChunk(chunk: string, name: string, from: number): number | 'malformed' | undefined {
  let at = from;
  let failed = false;
  for (let index = 0; index < chunk.length;) {
    const code: number | undefined = failed ? undefined : name.codePointAt(at);
    failed = code === undefined;
    const width = code !== undefined && code > 0xffff ? 2 : 1;
    const char = chunk[index];
    if (char === '[') {
      const bracket = matchClass(chunk, index + 1, code ?? 0);
      if (bracket === undefined) return 'malformed';
      failed ||= !bracket.matches;
      index = bracket.next;
    } else if (char === '?') {
      failed ||= code === 0x2f;
      index += 1;
    } else {
      if (char === '\\') index += 1;
      const wanted = chunk.codePointAt(index);
      if (wanted === undefined) return 'malformed';
      failed ||= wanted !== code;
      index += wanted > 0xffff ? 2 : 1;
    }
    at += width;
  }
  return failed ? undefined : at;
}

function matchClass(chunk: string, start: number, code: number): { matches: boolean; next: number } | undefined {
  const negated = chunk[start] === '^';
  let at = negated ? start + 1 : start;
  let matches = false;
  for (let count = 0; !(count > 0 && chunk[at] === ']'); count++) {
    const low = classChar(chunk, at);
    if (low === undefined) return undefined;
    at = low.next;
    let high = low;
    if (chunk[at] === '-') {
      const end = classChar(chunk, at + 1);
      if (end === undefined) return undefined;
      high = end;
      at = end.next;
    }
    matches ||= low.code <= code && code <= high.code;
  }
  return { matches: matches !== negated, next: at + 1 };
}

/** One char of a class, which must not be the last one of the chunk. */
function classChar(chunk: string, at: number): { code: number; next: number } | undefined {
  if (chunk[at] === '-' || chunk[at] === ']') return undefined;
  const from = chunk[at] === '\\' ? at + 1 : at;
  const code = chunk.codePointAt(from);
  if (code === undefined) return undefined;
  const next = from + (code > 0xffff ? 2 : 1);
  return next < chunk.length ? { code, next } : undefined;
}
