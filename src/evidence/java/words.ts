/** Longest text that is taken apart, in characters. */
const MAX_TEXT = 1024 * 1024;

/**
 * The arguments in an `@argfile`, and in JDK_JAVA_OPTIONS (java(1), "Launcher Argument Files"): split at white space; quotes keep it, a backslash escapes inside
 * quotes, `#` begins a comment at the start of a word.
 */
export function splitArguments(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  const limited = text.slice(0, MAX_TEXT);
  for (let at = 0; at < limited.length; at++) {
    const char = limited[at] as string;
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (char === '\\') {
        at += 1;
        word += escaped(limited[at] ?? '');
      } else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === '#' && word === undefined) {
      while (at < limited.length && limited[at] !== '\n') at++;
    } else word = (word ?? '') + char;
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** A backslash at the end of a line joins it with the next. */
function escaped(char: string): string {
  return { n: '\n', r: '\r', t: '\t', f: '\f', '\n': '', '\r': '' }[char] ?? char;
}
