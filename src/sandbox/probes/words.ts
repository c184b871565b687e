import { editDistance } from '../../base/edit-distance.ts';
import { TareError, type TareErrorOptions } from '../../base/error.ts';
import type { ErrorCode } from '../../base/error-codes.ts';
import type { Place } from '../../base/place.ts';

/** How a problem in a probe is told: E_CONFIG with the place in the file, or E_USAGE with the flag. */
export interface Complaint {
  readonly code: Extract<ErrorCode, 'E_CONFIG' | 'E_USAGE'>;
  readonly place: Place;
  readonly hint?: string;
}

export function complain(complaint: Complaint, message: string): TareError {
  const options: TareErrorOptions = complaint.hint === undefined ? {} : { hint: complaint.hint };
  return new TareError(complaint.code, `${complaint.place.text()}: ${message}`, options);
}

/** The same about what is below. */
export const below = (complaint: Complaint, ...path: readonly (string | number)[]): Complaint => ({
  ...complaint,
  place: complaint.place.at(...path),
});

/** ` (did you mean "x"?)` for the known word that is at most two edits away; empty otherwise. */
export function suggestion(word: string, known: readonly string[]): string {
  let best: string | undefined;
  let distance = 3;
  for (const candidate of known) {
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < distance) [best, distance] = [candidate, edits];
  }
  return best === undefined ? '' : ` (did you mean ${JSON.stringify(best)}?)`;
}

/** Splits a command line at white space; single and double quotes keep it together, a backslash keeps the next character. Undefined: a quote is open. */
export function splitCommand(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (char === '\\' && quote !== "'" && at + 1 < text.length) word = (word ?? '') + (text[++at] as string);
    else if (quote !== '' && char === quote) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) {
      quote = char;
      word ??= '';
    } else if (quote === '' && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  if (quote !== '') return undefined;
  return word === undefined ? words : [...words, word];
}

/** `/x/i` as a regular expression, anything else undefined. @throws SyntaxError for a bad expression */
export function regexOf(match: string): RegExp | undefined {
  const found = /^\/(.+)\/([imsu]*)$/s.exec(match);
  return found === null ? undefined : new RegExp(found[1] ?? '', found[2]);
}
