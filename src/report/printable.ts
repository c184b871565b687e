/** What an image or a container says may be part of a text: it must not command the terminal. Line ends and tabs stay. */
export function printable(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex -- it is control characters that are shown
    /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
