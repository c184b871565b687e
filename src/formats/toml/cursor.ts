import { TareError } from '../../base/error.ts';

/** A place in a text that moves forwards only. */
export interface Cursor {
  /** The next characters, when they are these. */
  take(text: string): boolean;
  /** What a sticky pattern matches here; it is passed over. */
  match(pattern: RegExp): string | undefined;
  /** Passes blanks; of `lines`, also comments and line ends. */
  skip(what: 'blanks' | 'lines'): void;
  expect(text: string): void;
  /** Nothing but a comment before the line ends. */
  endLine(): void;
  atEnd(): boolean;
  /** Work one level deeper. @throws TareError E_TOML when that is too deep */
  nested<T>(work: () => T): T;
  error(what: string): TareError;
}

/** Arrays and inline tables in one another. */
const MAX_DEPTH = 32;

export function createCursor(text: string): Cursor {
  let at = 0;
  let depth = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const error = (what: string): TareError =>
    new TareError('E_TOML', `line ${text.slice(0, at).split('\n').length}: ${what}`);
  const take = (word: string): boolean => {
    if (!text.startsWith(word, at)) return false;
    at += word.length;
    return true;
  };
  const skip = (what: 'blanks' | 'lines'): void => {
    match(what === 'blanks' ? /[ \t]*/y : /(?:[ \t\r\n]|#[^\n]*)*/y);
  };
  return {
    take,
    match,
    skip,
    expect(word) {
      skip('blanks');
      if (!take(word)) throw error(`expected ${JSON.stringify(word)}`);
      skip('blanks');
    },
    endLine() {
      if (match(/[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/y) === undefined) throw error('expected the end of the line');
    },
    atEnd: () => at >= text.length,
    nested(work) {
      depth += 1;
      if (depth > MAX_DEPTH) throw error(`more than ${MAX_DEPTH} values in one another`);
      const result = work();
      depth -= 1;
      return result;
    },
    error,
  };
}
