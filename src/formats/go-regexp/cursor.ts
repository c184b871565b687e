/** Why a regular expression is none, for people. */
export class GoRegexpProblem extends Error {}

/** Where a parser stands; `chars` are code points. */
export interface Cursor {
  readonly chars: readonly string[];
  readonly text: string;
  at: number;
}

export const atEnd = ({ at, chars }: Cursor): boolean => at >= chars.length;
export const peek = ({ at, chars }: Cursor): string | undefined => chars[at];

export function take(cursor: Cursor): string {
  const char = cursor.chars[cursor.at];
  if (char === undefined) return fail(cursor, 'it ends too early');
  cursor.at += 1;
  return char;
}

export function fail({ at }: Cursor, why: string): never {
  throw new GoRegexpProblem(`${why} (at character ${at})`);
}
