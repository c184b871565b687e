import { fail, peek, take, type Cursor } from './cursor.ts';
import { perlSet, unicodeSet } from './sets.ts';
import type { Assertion, CharSet, Flags } from './types.ts';

const MAX_CODE_POINT = 0x10ffff;
const CONTROL: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };
const ASSERTIONS: Readonly<Record<string, Assertion>> = {
  A: 'text-start',
  z: 'text-end',
  b: 'boundary',
  B: 'no-boundary',
};

export type Escape = { readonly code: number } | { readonly set: CharSet } | { readonly assertion: Assertion };

/** What stands behind a backslash outside of a class. */
export function parseEscape(cursor: Cursor, flags: Flags): Escape {
  const assertion = ASSERTIONS[peek(cursor) ?? ''];
  if (assertion === undefined) return parseClassEscape(cursor, flags);
  cursor.at += 1;
  return { assertion };
}

/** The same inside of a class, where nothing is asserted. */
export function parseClassEscape(
  cursor: Cursor,
  { fold }: Flags,
): { readonly code: number } | { readonly set: CharSet } {
  const char = take(cursor);
  const perl = /^[dswDSW]$/.test(char) ? perlSet(char, fold) : undefined;
  if (perl !== undefined) return { set: perl };
  if (char === 'p' || char === 'P') return { set: unicodeClass(cursor, char === 'P', fold) };
  const control = CONTROL[char];
  if (control !== undefined) return { code: control };
  if (char === 'x') return { code: hexadecimal(cursor) };
  if (/^[0-7]$/.test(char)) return { code: octal(cursor, char) };
  if (/^[^0-9A-Za-z]$/.test(char) && char.charCodeAt(0) < 128) return { code: char.charCodeAt(0) };
  return fail(cursor, /^\d$/.test(char) ? 'there are no back-references' : `unknown escape \\${char}`);
}

function unicodeClass(cursor: Cursor, isNegated: boolean, fold: boolean): CharSet {
  let name = take(cursor);
  if (name === '{') {
    const end = cursor.chars.indexOf('}', cursor.at);
    if (end === -1) fail(cursor, 'missing } after \\p{');
    name = cursor.chars.slice(cursor.at, end).join('');
    cursor.at = end + 1;
  }
  return unicodeSet(name, isNegated, fold) ?? fail(cursor, `there is no class \\p{${name.slice(0, 40)}}`);
}

/** `\x7f`, `\x{10ffff}` */
function hexadecimal(cursor: Cursor): number {
  const rest = cursor.chars.slice(cursor.at, cursor.at + 12).join('');
  const found = /^(?:\{([0-9a-fA-F]{1,8})\}|([0-9a-fA-F]{2}))/.exec(rest);
  const code = Number.parseInt(found?.[1] ?? found?.[2] ?? '', 16);
  if (found === null || code > MAX_CODE_POINT) return fail(cursor, 'invalid escape \\x');
  cursor.at += found[0].length;
  return code;
}

/** One digit alone would be a back-reference, unless it is 0. */
function octal(cursor: Cursor, first: string): number {
  let digits = first;
  while (digits.length < 3 && /^[0-7]$/.test(peek(cursor) ?? '')) digits += take(cursor);
  if (digits.length === 1 && first !== '0') return fail(cursor, 'there are no back-references');
  return Number.parseInt(digits, 8);
}
