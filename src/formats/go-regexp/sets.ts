import type { CharSet } from './types.ts';

/** First and last code points, both within. */
type Range = readonly [first: number, last: number];

const NEWLINE = 10;
/** Ranges so long are not folded char by char: what is looked for is. */
const MAX_FOLDED_RANGE = 1024;

const rangesOf = (text: string): readonly Range[] =>
  text.split(' ').map((part) => {
    const [first = '', last = first] = part.split('-');
    return [Number.parseInt(first, 16), Number.parseInt(last, 16)];
  });

/** In hexadecimal. `\s` of Perl classes has no vertical tab in Go, `[:space:]` has one (regexp/syntax, perl_groups.go and the POSIX table). */
const DIGIT = rangesOf('30-39');
const SPACE = rangesOf('9-a c-d 20');
const WORD = rangesOf('30-39 41-5a 5f 61-7a');
const POSIX: Readonly<Record<string, readonly Range[]>> = {
  alnum: rangesOf('30-39 41-5a 61-7a'),
  alpha: rangesOf('41-5a 61-7a'),
  ascii: rangesOf('0-7f'),
  blank: rangesOf('9 20'),
  cntrl: rangesOf('0-1f 7f'),
  digit: DIGIT,
  graph: rangesOf('21-7e'),
  lower: rangesOf('61-7a'),
  print: rangesOf('20-7e'),
  punct: rangesOf('21-2f 3a-40 5b-60 7b-7e'),
  space: rangesOf('9-d 20'),
  upper: rangesOf('41-5a'),
  word: WORD,
  xdigit: rangesOf('30-39 41-46 61-66'),
};

/** Simple folding, so that two code points are the same letter when their folds are equal. What becomes several chars stays as it is. */
function foldOf(codePoint: number): number {
  const text = String.fromCodePoint(codePoint);
  const folded = text.toUpperCase().toLowerCase();
  const first = folded.codePointAt(0) ?? codePoint;
  return String.fromCodePoint(first) === folded ? first : codePoint;
}

const single = (text: string): number | undefined => {
  const code = text.codePointAt(0);
  return code !== undefined && String.fromCodePoint(code) === text ? code : undefined;
};

/** The code point and those that are the same letter. */
function variants(codePoint: number): readonly number[] {
  const text = String.fromCodePoint(codePoint);
  const found = [codePoint, foldOf(codePoint), single(text.toUpperCase()), single(text.toLowerCase())];
  return [...new Set(found.filter((code) => code !== undefined))];
}

export function charSet(codePoint: number, fold: boolean): CharSet {
  if (!fold) return (code) => code === codePoint;
  const wanted = foldOf(codePoint);
  return (code) => code === codePoint || foldOf(code) === wanted;
}

export function rangeSet(ranges: readonly Range[], fold: boolean): CharSet {
  const plain: CharSet = (code) => ranges.some(([first, last]) => code >= first && code <= last);
  if (!fold) return plain;
  const folds = new Set<number>();
  for (const [first, last] of ranges)
    if (last - first <= MAX_FOLDED_RANGE) for (let code = first; code <= last; code++) folds.add(foldOf(code));
  return (code) => plain(code) || folds.has(foldOf(code)) || variants(code).some(plain);
}

export const anyChar = (dotAll: boolean): CharSet => (dotAll ? () => true : (code) => code !== NEWLINE);

export const not =
  (set: CharSet): CharSet =>
  (code) =>
    !set(code);

export const anyOf =
  (sets: readonly CharSet[]): CharSet =>
  (code) =>
    sets.some((set) => set(code));

/** `\d`, `\S`, …; undefined for other letters. */
export function perlSet(letter: string, fold: boolean): CharSet | undefined {
  const ranges = { d: DIGIT, s: SPACE, w: WORD }[letter.toLowerCase()];
  if (ranges === undefined) return undefined;
  const set = rangeSet(ranges, fold);
  return letter === letter.toLowerCase() ? set : not(set);
}

/** `alpha`, `^space`, …; undefined for names that there are none of. */
export function posixSet(name: string, fold: boolean): CharSet | undefined {
  const isNegated = name.startsWith('^');
  const ranges = POSIX[isNegated ? name.slice(1) : name];
  if (ranges === undefined) return undefined;
  const set = rangeSet(ranges, fold);
  return isNegated ? not(set) : set;
}

const CATEGORY = /^[A-Z][a-z]?$/;

/** `\pL`, `\p{Greek}`, `\p{^Lu}`, `\p{Any}`: general categories and scripts; undefined for names that there are none of. */
export function unicodeSet(name: string, isNegated: boolean, fold: boolean): CharSet | undefined {
  const turned = name.startsWith('^') ? !isNegated : isNegated;
  const plain = name.replace(/^\^/, '');
  if (!/^\w+$/.test(plain)) return undefined;
  let set: CharSet;
  if (plain === 'Any') set = () => true;
  else {
    let test: RegExp;
    try {
      test = new RegExp(CATEGORY.test(plain) ? `^\\p{${plain}}$` : `^\\p{Script=${plain}}$`, 'u');
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
    const has: CharSet = (code) => test.test(String.fromCodePoint(code));
    set = fold ? (code) => variants(code).some(has) : has;
  }
  return turned ? not(set) : set;
}
