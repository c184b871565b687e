import { TareError } from '../../base/error.ts';
import type { Lexed } from './collector.ts';
import { lex, type LexOptions, type Variables } from './lexer.ts';
import { MAX_PATTERN_STEPS } from './limits.ts';
import { LexError } from './pattern.ts';
import { dockerfileError, shown } from './source.ts';
import type { DockerfileSource, Heredoc, Range } from './types.ts';

export interface Expanded {
  readonly text: string;
  /** Variables that were asked for and set. */
  readonly used: ReadonlySet<string>;
  /** Variables that were asked for and not set, also where a default stood in. */
  readonly unmatched: ReadonlySet<string>;
}

/**
 * Replaces the variables of a word and takes its quotes and escapes away: `$V`, `${V}`, `${V:-x}`, `${V-x}`, `${V:+x}`, `${V+x}`, `${V:?x}`,
 * `${V?x}`, `${V#p}`, `${V##p}`, `${V%p}`, `${V%%p}`, `${V/p/r}`, `${V//p/r}`, one inside the other.
 * @throws TareError E_DOCKERFILE on a bad substitution, a missing quote and `?`; E_LIMIT
 */
export function processWord(word: string, variables: Variables, options: LexOptions = {}): Expanded {
  const used = new Set<string>();
  const unmatched = new Set<string>();
  const watched: Variables = {
    get: (name) => {
      const value = variables.get(name);
      (value === undefined ? unmatched : used).add(name);
      return value;
    },
  };
  return { text: lexed(word, watched, options).text, used, unmatched };
}

/**
 * The same, split at white space that stood in no quotes, after expansion: a variable can give several words (EXPOSE).
 * @throws TareError E_DOCKERFILE, E_LIMIT
 */
export function processWords(word: string, variables: Variables, options: LexOptions = {}): string[] {
  return lexed(word, variables, options).words.map(({ text }) => text);
}

function lexed(word: string, variables: Variables, options: LexOptions): Lexed {
  try {
    return lex(word, variables, options, { left: MAX_PATTERN_STEPS });
  } catch (error) {
    if (error instanceof LexError)
      throw new TareError('E_DOCKERFILE', `cannot expand ${shown(word)}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** The text of a heredoc as COPY and ADD write it: tabs of `<<-` gone, variables replaced unless its name is quoted. */
export function processHeredoc(heredoc: Heredoc, variables: Variables): Expanded {
  const text = heredocText(heredoc);
  if (!heredoc.expand) return { text, used: new Set(), unmatched: new Set() };
  return processWord(text, variables, { skipQuotes: true });
}

/** The lines of a heredoc, without leading tabs when it is `<<-`. */
export function heredocText(heredoc: Heredoc): string {
  return heredoc.chomp ? heredoc.content.replace(/(^|\n)\t+/g, '$1') : heredoc.content;
}

/** Gives an E_DOCKERFILE that `work` throws without a place the place where `range` begins. */
export function located<T>(source: DockerfileSource, range: Range, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const where = `${source.file}:`;
    if (!(error instanceof TareError) || error.code !== 'E_DOCKERFILE' || error.message.startsWith(where)) throw error;
    throw dockerfileError(source, range, error.message, { hint: error.hint, cause: error });
  }
}
