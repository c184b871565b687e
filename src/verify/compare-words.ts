/** What is part of a word: letters, digits, `_` and all that is not ASCII. */
const WORD = /[\w\u0080-\uffff]/;
const IS_WORD = Uint8Array.from({ length: 128 }, (_, code) => (WORD.test(String.fromCodePoint(code)) ? 1 : 0));
/** Between two digits they make one number, date, time or address: 1.5, 12:30, 2024-01-31. */
const JOINS = new Set('.,:/-'.split('').map((sign) => sign.codePointAt(0)));

/**
 * What all texts of the original hold, and this one does not: words, and what stands between them. Where all texts are built alike, place by place;
 * otherwise two neighbouring words at a time, as often as the original always has them. In time with the length.
 */
export function lostWords(texts: readonly string[], here: string): string | undefined {
  const lengths = texts.map(countTokens);
  const length = countTokens(here);
  return lengths.every((other) => other === length) ? lostPlace(texts, here) : lostPair(texts, here);
}

const isWord = (code: number): boolean => code >= 128 || IS_WORD[code] === 1;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Where the word, or what is between two words, ends that begins there. */
function tokenEnd(text: string, begin: number): number {
  let at = begin;
  if (!isWord(text.charCodeAt(at))) {
    while (at < text.length && !isWord(text.charCodeAt(at))) at += 1;
    return at;
  }
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (isWord(code)) continue;
    if (!JOINS.has(code) || !isDigit(text.charCodeAt(at - 1)) || !isDigit(text.charCodeAt(at + 1))) break;
  }
  return at;
}

function countTokens(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at = tokenEnd(text, at)) count += 1;
  return count;
}

/** All texts have as many tokens. */
function lostPlace(texts: readonly string[], here: string): string | undefined {
  const begins = texts.map(() => 0);
  for (let at = 0; at < here.length;) {
    const end = tokenEnd(here, at);
    const mine = here.slice(at, end);
    const theirs = texts.map((text, index) => {
      const begin = begins[index] ?? 0;
      const next = tokenEnd(text, begin);
      begins[index] = next;
      return text.slice(begin, next);
    });
    const [first] = theirs;
    if (first !== mine && theirs.every((token) => token === first)) return first;
    at = end;
  }
  return undefined;
}

/** So often every text has it; ANY: they do not agree how often. */
type Pairs = Map<string, number>;
const ANY = -1;

function lostPair(texts: readonly string[], here: string): string | undefined {
  const [first = '', ...others] = texts;
  const common: Pairs = new Map();
  for (const pair of pairsOf(first)) common.set(pair, (common.get(pair) ?? 0) + 1);
  for (const text of others) {
    const counts = countOf(text, common);
    for (const [pair, count] of common) {
      const other = counts.get(pair);
      if (other === undefined) common.delete(pair);
      else if (other !== count) common.set(pair, ANY);
    }
  }
  const mine = countOf(here, common);
  for (const [pair, count] of common) {
    const times = mine.get(pair) ?? 0;
    // How often a number turns up is chance.
    const wanted =
      count === ANY || isDigit(pair.charCodeAt(0)) || isDigit(pair.charCodeAt(pair.length - 1)) ? 1 : count;
    if (times < wanted) return pair;
  }
  return undefined;
}

function countOf(text: string, wanted: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const counts: Pairs = new Map();
  for (const pair of pairsOf(text)) if (wanted.has(pair)) counts.set(pair, (counts.get(pair) ?? 0) + 1);
  return counts;
}

/** Two words and what is between them; also what stands before the first one, and after the last. */
function* pairsOf(text: string): Generator<string> {
  let before = 0;
  let at = 0;
  while (at < text.length) {
    const end = tokenEnd(text, at);
    if (isWord(text.charCodeAt(at))) {
      yield text.slice(before, end);
      before = at;
    }
    at = end;
  }
  yield text.slice(before);
}
