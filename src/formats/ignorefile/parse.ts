import { TareError } from '../../base/error.ts';
import { quotePath, bytesOfText } from '../../base/path.ts';
import { cleaned, trimmed } from './clean.ts';
import { tokensOf } from './tokens.ts';
import type { IgnoreRule, IgnoreRules } from './types.ts';

const MAX_TEXT_CHARS = 4 * 1024 * 1024; // 4 MiB
const MAX_RULES = 10_000;
const MAX_PATTERN_CHARS = 4096;

export interface IgnoreSource {
  /** For messages. */
  readonly file: string;
  /** Of every pattern, from 1; the place in the list when it is left out. */
  readonly line?: number;
}

/**
 * Reads a `.dockerignore`, as moby/patternmatcher/ignorefile v0.6.1 does: a byte order mark is passed over; a line whose very first letter is `#` is a
 * comment; white space around a pattern (and after its `!`) goes, so do `./`, `x/..`, double and trailing slashes, and a slash in front.
 * Raw bytes that are not UTF-8 stand as `textOfBytes` (base/path.ts) gives them.
 *
 * @throws TareError E_IGNORE_FILE with file and line for a pattern that means nothing; E_LIMIT
 */
export function parseIgnoreFile(text: string, { file }: { readonly file: string }): IgnoreRules {
  if (text.length > MAX_TEXT_CHARS)
    throw new TareError('E_LIMIT', `${file} is longer than ${MAX_TEXT_CHARS} characters`);
  const rules: IgnoreRule[] = [];
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    const written = line.startsWith('#') ? '' : trimmed(line);
    if (written === '') continue;
    addRule(rules, { file, line: index + 1, written, pattern: relative(written) });
  }
  return rules;
}

/**
 * Rules from patterns that stand by themselves, as those of `COPY --exclude`: only cleaned, a slash in front is not taken away.
 * @throws TareError E_IGNORE_FILE, E_LIMIT
 */
export function ignoreRules(patterns: readonly string[], source: IgnoreSource): IgnoreRules {
  const rules: IgnoreRule[] = [];
  for (const [index, pattern] of patterns.entries())
    addRule(rules, { file: source.file, line: source.line ?? index + 1, written: trimmed(pattern), pattern });
  return rules;
}

/** What a line of the file says, before it is looked at as a pattern. */
function relative(written: string): string {
  const mark = written.startsWith('!') ? '!' : '';
  const path = trimmed(written.slice(mark.length));
  if (path === '') return mark;
  const clean = cleaned(path);
  return mark + (clean.length > 1 && clean.startsWith('/') ? clean.slice(1) : clean);
}

interface Written {
  readonly file: string;
  readonly line: number;
  readonly written: string;
  readonly pattern: string;
}

function addRule(rules: IgnoreRule[], { file, line, pattern, written }: Written): void {
  const bad = (problem: string): TareError =>
    new TareError(
      'E_IGNORE_FILE',
      `${file}:${line}: the pattern ${quotePath(bytesOfText(written.slice(0, 200)))} is not valid: ${problem}`,
    );
  if (pattern.length > MAX_PATTERN_CHARS) throw bad(`it is longer than ${MAX_PATTERN_CHARS} characters`);
  if (rules.length >= MAX_RULES) throw new TareError('E_LIMIT', `${file} has more than ${MAX_RULES} patterns`);
  const stripped = trimmed(pattern);
  if (stripped === '') return;
  const clean = cleaned(stripped);
  const exception = clean.startsWith('!');
  const body = exception ? clean.slice(1) : clean;
  if (body === '') throw bad('nothing follows the `!`');
  const tokens = tokensOf(body);
  if ('problem' in tokens) throw bad(tokens.problem);
  rules.push({ file, line, text: written, pattern: body, exception });
}
