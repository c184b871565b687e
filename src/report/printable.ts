/** What an image or a container says may be part of a text: it must not command the terminal. Line ends and tabs stay. */
export function printable(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex -- it is control characters that are shown
    /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

const MORE: Readonly<Record<string, string>> = { '\t': ' ', '\n': '\\x0a' };

/**
 * The same on one line: what reads the lines takes some for commands, as GitHub Actions does with `::add-mask::`. Marks that turn the direction of a text
 * are shown too.
 */
export function onOneLine(text: string): string {
  return printable(text).replace(
    /[\t\n\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => MORE[character] ?? `\\u${character.charCodeAt(0).toString(16)}`,
  );
}
