const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const NARROW = /^(?:\p{M}|[\u{200b}-\u{200f}])$/u;
const TAB = '    ';

/** A line of a file as a terminal may get it: tabs are blanks, and no char commands anything. */
export function printableLine(text: string): string {
  return (
    text
      .replaceAll('\t', TAB)
      .replace(/[\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
      // oxlint-disable-next-line no-control-regex -- it is control characters that are taken out
      .replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, '\ufffd')
      .replace(/\p{Surrogate}/gu, '\ufffd')
  );
}

/** How many columns a terminal takes for a text that is printable. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const char of text) columns += WIDE.test(char) ? 2 : NARROW.test(char) ? 0 : 1;
  return columns;
}
