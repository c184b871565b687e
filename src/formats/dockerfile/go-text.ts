/** Escapes that Go writes with a letter. */
const SHORT: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

/** A string as Go's `%q` prints it: in double quotes, what cannot be printed as an escape (strconv.Quote). */
export function goQuote(text: string): string {
  let out = '"';
  for (const char of text) out += SHORT[char] ?? (printable(char) ? char : escaped(char.codePointAt(0) ?? 0));
  return `${out}"`;
}

/** Letters, marks, numbers, punctuation, symbols and the ASCII blank (strconv.IsPrint). */
function printable(char: string): boolean {
  return char === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(char);
}

function escaped(code: number): string {
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** A number as Go's `%q` prints it: the character of that number in single quotes (strconv.QuoteRune). */
export function goQuoteRune(code: number): string {
  const isCharacter = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  const char = isCharacter ? String.fromCodePoint(code) : '\ufffd';
  if (char === '"') return `'"'`;
  return char === "'" ? `'\\''` : `'${goQuote(char).slice(1, -1)}'`;
}

/** A list of strings as Go's `%q` prints it: `["a" "b"]`. */
export function goQuotedList(items: readonly string[]): string {
  return `[${items.map(goQuote).join(' ')}]`;
}
