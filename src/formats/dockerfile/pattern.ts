import { TareError } from '../../base/error.ts';

/** What is wrong with a word; the caller says which word it is. */
export class LexError extends Error {}

/** How many comparisons are left; a hostile pattern needs many. */
export interface StepBudget {
  left: number;
}

function spend(budget: StepBudget, steps: number): void {
  budget.left -= steps;
  if (budget.left < 0) throw new TareError('E_LIMIT', 'a pattern takes too many steps to compare');
}

/** Any one char. Neither it nor '*' matches a line feed. */
const ANY = Symbol('?');
type Token = string | typeof ANY;

/** The pattern, cut at its stars: between two neighbours of the list stands a '*'. Chars are code points. */
type Pattern = readonly (readonly Token[])[];

/**
 * `*`, `?` and `\` before one of these or itself, `}` and `/` (BuildKit shell/lex.go, convertShellPatternToRegex). No brackets.
 * @throws LexError on another escape
 */
function parsePattern(text: string): Pattern {
  const chars = Array.from(text);
  const segments: Token[][] = [[]];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] as string;
    if (char === '*') segments.push([]);
    else if (char === '?') segments.at(-1)?.push(ANY);
    else if (char !== '\\') segments.at(-1)?.push(char);
    else {
      const escaped = chars[++at] ?? '';
      if (!['*', '?', '\\', '}', '/'].includes(escaped))
        throw new LexError(`the pattern ${text} has a \\ before ${escaped || 'nothing'}`);
      segments.at(-1)?.push(escaped);
    }
  }
  return segments;
}

function fits(segment: readonly Token[], value: readonly string[], at: number, budget: StepBudget): boolean {
  if (at + segment.length > value.length) return false;
  for (const [index, token] of segment.entries()) {
    spend(budget, 1);
    const char = value[at + index];
    if (token === ANY ? char === '\n' : token !== char) return false;
  }
  return true;
}

/**
 * Where the pattern ends when it begins at `start`. Each star takes as little as it can; the last one as much as it can when
 * `longest`: then the end is the furthest possible one, and else the nearest.
 */
function matchEnd(
  pattern: Pattern,
  value: readonly string[],
  start: number,
  longest: boolean,
  budget: StepBudget,
): number | undefined {
  let end = start;
  for (const [index, segment] of pattern.entries()) {
    const last = longest && index === pattern.length - 1;
    let found: number | undefined;
    for (let at = end; at <= value.length; at++) {
      if (fits(segment, value, at, budget)) found = at;
      if (index === 0 || value[at] === '\n' || (found !== undefined && !last)) break;
      spend(budget, 1);
    }
    if (found === undefined) return undefined;
    end = found + segment.length;
  }
  return end;
}

/** `${V#p}` (shortest) and `${V##p}` (`longest`). */
export function trimPrefix(value: string, pattern: string, longest: boolean, budget: StepBudget): string {
  const chars = Array.from(value);
  const end = matchEnd(parsePattern(pattern), chars, 0, longest, budget);
  return end === undefined ? value : chars.slice(end).join('');
}

/** `${V%p}` and `${V%%p}`: as a prefix, with both turned around. */
export function trimSuffix(value: string, pattern: string, longest: boolean, budget: StepBudget): string {
  const chars = Array.from(value).reverse();
  const turned = parsePattern(pattern)
    .map((segment) => [...segment].reverse())
    .reverse();
  const end = matchEnd(turned, chars, 0, longest, budget);
  return end === undefined ? value : chars.slice(end).reverse().join('');
}

interface Match {
  readonly start: number;
  readonly end: number;
}

function findMatch(pattern: Pattern, value: readonly string[], from: number, budget: StepBudget): Match | undefined {
  for (let start = from; start <= value.length; start++) {
    const end = matchEnd(pattern, value, start, true, budget);
    if (end !== undefined) return { start, end };
  }
  return undefined;
}

/** `${V/p/r}`: the first place, as long as it can be. */
export function replaceFirst(value: string, pattern: string, replacement: string, budget: StepBudget): string {
  const chars = Array.from(value);
  const match = findMatch(parsePattern(pattern), chars, 0, budget);
  if (match === undefined) return value;
  return chars.slice(0, match.start).join('') + replacement + chars.slice(match.end).join('');
}

/** `${V//p/r}`: every place; an empty one right behind another is none. `$0` and `${0}` in `r` stand for what was found (Go's templates). */
export function replaceEach(value: string, pattern: string, replacement: string, budget: StepBudget): string {
  const chars = Array.from(value);
  const parsed = parsePattern(pattern);
  const out: string[] = [];
  let copied = 0;
  for (let from = 0; from <= chars.length;) {
    const match = findMatch(parsed, chars, from, budget);
    if (match === undefined) break;
    out.push(chars.slice(copied, match.start).join(''));
    if (match.end > copied || match.start === 0) {
      const filled = fillTemplate(replacement, chars.slice(match.start, match.end).join(''));
      spend(budget, filled.length);
      out.push(filled);
    }
    copied = match.end;
    from = Math.max(match.end, from + 1);
  }
  out.push(chars.slice(copied).join(''));
  return out.join('');
}

/** Go's regexp.Expand without groups: `$$` is a dollar, another name is empty. */
function fillTemplate(template: string, found: string): string {
  return template.replace(
    /\$(?:(\$)|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu,
    (_, dollar?: string, name?: string, braced?: string) => {
      if (dollar !== undefined) return '$';
      return /^0+$/.test(name ?? braced ?? '') ? found : '';
    },
  );
}
