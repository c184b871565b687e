import { GoRegexpProblem } from './cursor.ts';
import { matcherOf } from './match.ts';
import { parseGoRegexp } from './parse.ts';

export interface GoRegexp {
  /** Whether the text holds a match; undefined when that would take too long to find out. */
  readonly test: (text: string) => boolean | undefined;
}

/**
 * A regular expression as Go's regexp package understands it (RE2), or why it is none. It says whether a text holds a match, and no more; without
 * ever going back, so that no expression takes more than a time proportional to the text.
 */
export function goRegexp(text: string): GoRegexp | { readonly problem: string } {
  try {
    return { test: matcherOf(parseGoRegexp(text)) };
  } catch (error) {
    if (error instanceof GoRegexpProblem) return { problem: error.message };
    throw error;
  }
}
