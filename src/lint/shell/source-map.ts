import { isSpace } from '../../formats/dockerfile/source.ts';
import type { Word } from '../../formats/dockerfile/types.ts';

interface Part {
  /** Place in the value, and in the file. */
  readonly at: number;
  readonly from: number;
}

/**
 * The way back from the value of a word, whose lines are joined, into the file. Undefined when the two do not fit, as with the words of JSON arrays.
 * It joins as the parser does: comment lines, empty lines and the escape at the end of a line go.
 */
export function sourceMap({ range, raw, value }: Word, escape: string): ((index: number) => number) | undefined {
  const parts: Part[] = [];
  const texts: string[] = [];
  let length = 0;
  for (let start = 0; start < raw.length;) {
    const feed = raw.indexOf('\n', start);
    const next = feed === -1 ? raw.length : feed + 1;
    const line = raw.slice(start, feed === -1 ? next : feed).replace(/\r+$/, '');
    if (start === 0 || !isSkipped(line)) {
      const text = next === raw.length ? line : uncontinued(line, escape);
      parts.push({ at: length, from: range.start.offset + start });
      texts.push(text);
      length += text.length;
    }
    start = next;
  }
  if (texts.join('') !== value) return undefined;
  return (index) => {
    let low = 0;
    let high = parts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((parts[middle]?.at ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    const part = parts[low];
    return part === undefined ? range.start.offset : part.from + (index - part.at);
  };
}

function isSkipped(line: string): boolean {
  let at = 0;
  while (at < line.length && isSpace(line[at] as string)) at += 1;
  return at === line.length || line[at] === '#';
}

function uncontinued(line: string, escape: string): string {
  const text = line.replace(/[\t ]+$/, '');
  return text.endsWith(escape) ? text.slice(0, -1) : line;
}
