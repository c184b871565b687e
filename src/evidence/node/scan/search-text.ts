import { lineCounter } from './parse.ts';
import type { LoadRequest } from './types.ts';

/** Longest source that is searched. */
const MAX_SEARCH_LENGTH = 32 * 1024 * 1024; // 32 Mi characters
const SPECIFIER = String.raw`(['"])([^'"\\\n\r]{1,4096})`;
const PATTERNS: readonly (readonly [pattern: string, mode: LoadRequest['mode'], by: string])[] = [
  [String.raw`\brequire\s{0,20}\(\s{0,20}${SPECIFIER}\1\s{0,20}\)`, 'require', 'require()'],
  [String.raw`\bimport\s{0,20}\(\s{0,20}${SPECIFIER}\1`, 'import', 'import()'],
  [String.raw`\bfrom\s{0,20}${SPECIFIER}\1`, 'import', 'import'],
  [String.raw`\bimport\s{1,20}${SPECIFIER}\1`, 'import', 'import'],
];

/**
 * What can be told of a source that is no JavaScript (TypeScript, JSX, a syntax newer than the parser): the modules that are named by
 * a literal. Comments are searched, too; so nothing found here is missed with a warning.
 */
export function searchText(text: string): LoadRequest[] {
  if (text.length > MAX_SEARCH_LENGTH) return [];
  const lineOf = lineCounter(text);
  const out: LoadRequest[] = [];
  for (const [pattern, mode, by] of PATTERNS) {
    for (const match of text.matchAll(new RegExp(pattern, 'g'))) {
      out.push({ kind: 'load', mode, specifiers: [match[2] as string], by, line: lineOf(match.index), optional: true });
    }
  }
  return out;
}
