import type { Stanza } from './types.ts';

/** Stanzas as text, a blank line between them and a line end at the end; `parseDeb822` gives them back. */
export function encodeDeb822(stanzas: readonly Stanza[]): Buffer {
  const texts = stanzas.map((stanza) => [...stanza].map(([name, value]) => encodeField(name, value)).join(''));
  return Buffer.from(texts.join('\n'), 'latin1');
}

/** A line break would begin a field or end the stanza: each one is followed by the blank of a continuation, each empty line is a dot. */
function encodeField(name: string, value: string): string {
  const [first = '', ...rest] = value.split('\n');
  const tail = rest.map((line) => ` ${/^[ \t\r]*$/.test(line) ? '.' : line}\n`).join('');
  return `${name}:${first === '' ? '' : ` ${first}`}\n${tail}`;
}
