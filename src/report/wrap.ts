import { stripVTControlCharacters } from 'node:util';
import type { Style } from './style.ts';

/** A gap and what follows it up to the next one; a command between backticks is one word. */
const WORD = /( *)((?:`[^`\n]*`|[^ `])+|`)/g;

/**
 * Breaks what is wider than the terminal at spaces; the lines that this makes begin with so many spaces. Words and commands between backticks stay
 * whole, for they are copied. On a pipe every text stays as it is.
 */
export function wrapped(text: string, style: Style, indent: number): string {
  if (!style.terminal) return text;
  return text
    .split('\n')
    .map((line) => wrappedLine(line, style.width, ' '.repeat(indent)))
    .join('\n');
}

function wrappedLine(line: string, width: number, indent: string): string {
  if (visible(line) <= width) return line;
  let out = '';
  let column = 0;
  for (const [, gap = '', word = ''] of line.matchAll(WORD)) {
    const wide = visible(gap) + visible(word);
    if (column > 0 && column + wide > width) {
      out += `\n${indent}${word}`;
      column = indent.length + visible(word);
    } else {
      out += gap + word;
      column += wide;
    }
  }
  return out;
}

/** Cut with an ellipsis to what a terminal has room for, in columns; the whole text on a pipe. Without colours. */
export function shortened(text: string, style: Style, columns: number): string {
  if (!style.terminal || text.length <= columns) return text;
  return `${text.slice(0, Math.max(0, columns - 1))}…`;
}

const visible = (text: string): number => stripVTControlCharacters(text).length;
