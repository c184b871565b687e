import { TareError } from '../base/error.ts';
import { MAX_PATH_BYTES } from '../base/path.ts';
import { invalid } from './record.ts';

/** All names of one table together, in UTF-16 units: shared prefixes let a small record unfold to a large one. */
const MAX_TABLE_UNITS = 256 * 1024 * 1024;
/** Names of one table. */
const MAX_NAMES = 4_000_000;

/** Each name as the length (in UTF-16 units) of the prefix that it shares with the one before, and the rest. */
export function packNames(names: readonly string[]): [shared: number, rest: string][] {
  return names.map((name, at) => {
    const shared = at === 0 ? 0 : sharedLength(names[at - 1] as string, name);
    return [shared, name.slice(shared)];
  });
}

function sharedLength(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return at;
}

/**
 * The opposite, from a flat list of rows of `columns` values, of which the first two are the name.
 * @throws TareError E_MANIFEST on a malformed row, E_LIMIT when the names are too many, too long or too large together
 */
export function readNames(
  values: readonly unknown[],
  columns: number,
): { readonly text: string; readonly rest: readonly unknown[] }[] {
  if (values.length % columns !== 0) throw invalid('a table of names ends in the middle of a row');
  if (values.length / columns > MAX_NAMES) throw tooLarge();
  const out: { text: string; rest: readonly unknown[] }[] = [];
  let before = '';
  let units = 0;
  for (let at = 0; at < values.length; at += columns) {
    const shared = values[at];
    const tail = values[at + 1];
    if (typeof tail !== 'string' || typeof shared !== 'number' || !Number.isInteger(shared))
      throw invalid('a name is not a length and a text');
    if (shared < 0 || shared > before.length) throw invalid('a name shares more than there is of the one before');
    units += shared + tail.length;
    if (shared + tail.length > MAX_PATH_BYTES || units > MAX_TABLE_UNITS) throw tooLarge();
    before = before.slice(0, shared) + tail;
    out.push({ text: before, rest: values.slice(at + 2, at + columns) });
  }
  return out;
}

function tooLarge(): TareError {
  return new TareError('E_LIMIT', 'the names in the record of reasons are more or longer than those of any real image');
}
