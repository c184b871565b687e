import type { Range, Word } from '../../formats/dockerfile/types.ts';
import type { Edit, Found } from '../types.ts';

/** The edits, or why there are none. */
export type Mend = Pick<Found, 'fix'> | Pick<Found, 'notFixed'>;

export function fix(...edits: readonly Edit[]): Mend {
  return { fix: edits };
}

export function notFixed(why: string): Mend {
  return { notFixed: why };
}

export function replaced({ end, start }: Range, text: string): Edit {
  return { start: start.offset, end: end.offset, text };
}

export function inserted(offset: number, text: string): Edit {
  return { start: offset, end: offset, text };
}

/** Another text for a word, unless the word runs over several lines. */
export function reworded({ range, raw, value }: Word, text: string): Mend {
  return raw === value ? fix(replaced(range, text)) : notFixed('it runs over several lines');
}
