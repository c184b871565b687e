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

/** `/x/i` as a regular expression, anything else undefined. @throws SyntaxError for a bad expression */
export function regexOf(match: string): RegExp | undefined {
  const found = /^\/(.+)\/([imsu]*)$/s.exec(match);
  return found === null ? undefined : new RegExp(found[1] ?? '', found[2]);
}
