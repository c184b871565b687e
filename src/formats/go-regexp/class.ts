import { atEnd, fail, peek, take, type Cursor } from './cursor.ts';
import { parseClassEscape } from './escapes.ts';
import { anyOf, not, posixSet, rangeSet } from './sets.ts';
import type { CharSet, Flags } from './types.ts';

/** What stands behind `[`, up to the `]` that closes it. A negated class takes line ends too. */
export function parseClass(cursor: Cursor, flags: Flags): CharSet {
  const isNegated = peek(cursor) === '^';
  if (isNegated) cursor.at += 1;
  const ranges: (readonly [number, number])[] = [];
  const sets: CharSet[] = [];
  for (let isFirst = true; isFirst || peek(cursor) !== ']'; isFirst = false) {
    if (atEnd(cursor)) fail(cursor, 'missing ] of a character class');
    const named = posixName(cursor);
    if (named !== undefined) {
      sets.push(posixSet(named, flags.fold) ?? fail(cursor, `there is no class [:${named.slice(0, 40)}:]`));
      continue;
    }
    const first = oneChar(cursor, flags);
    if (typeof first !== 'number') {
      sets.push(first);
      continue;
    }
    if (peek(cursor) !== '-' || cursor.chars[cursor.at + 1] === ']' || cursor.at + 1 >= cursor.chars.length) {
      ranges.push([first, first]);
      continue;
    }
    cursor.at += 1;
    const last = oneChar(cursor, flags);
    if (typeof last !== 'number' || last < first) return fail(cursor, 'invalid range of a character class');
    ranges.push([first, last]);
  }
  cursor.at += 1;
  const set = anyOf([rangeSet(ranges, flags.fold), ...sets]);
  return isNegated ? not(set) : set;
}

/** `[:name:]`; what has no end is a `[` like others. */
function posixName(cursor: Cursor): string | undefined {
  if (peek(cursor) !== '[' || cursor.chars[cursor.at + 1] !== ':') return undefined;
  const found = /^\[:([^\]:]*):\]/.exec(cursor.chars.slice(cursor.at, cursor.at + 60).join(''));
  if (found === null) return undefined;
  cursor.at += Array.from(found[0]).length;
  return found[1] ?? '';
}

function oneChar(cursor: Cursor, flags: Flags): number | CharSet {
  const char = take(cursor);
  if (char !== '\\') return char.codePointAt(0) ?? 0;
  const found = parseClassEscape(cursor, flags);
  return 'set' in found ? found.set : found.code;
}
