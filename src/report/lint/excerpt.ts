import { secretsIn } from '../../base/command-secrets.ts';
import type { Range } from '../../formats/dockerfile/types.ts';
import type { Style } from '../style.ts';
import { columnsOf, printableLine } from './printable.ts';

/** Of a line on a pipe. */
const MAX_LINE_COLUMNS = 200;
/** Of the line that are shown before the place, when it does not fit as a whole. */
const LEAD_COLUMNS = 12;

/** The line in which a range begins, and marks below what it covers of it: two lines, cut to the width of the terminal. */
export function excerpt(text: string, { end, start }: Range, style: Style, mark: (text: string) => string): string {
  const begin = start.offset - (start.column - 1);
  const feed = text.indexOf('\n', begin);
  const line = masked(text.slice(begin, feed === -1 ? undefined : feed).replace(/\r+$/, ''));
  const number = String(start.line).padStart(5);
  const gutter = `${number} │ `;
  const room = (style.terminal ? style.width : MAX_LINE_COLUMNS) - gutter.length;
  const before = printableLine(line.slice(0, start.column - 1));
  const covered = printableLine(line.slice(start.column - 1, end.line === start.line ? end.column - 1 : undefined));
  const after = printableLine(
    line.slice(start.column - 1).slice(end.line === start.line ? end.column - start.column : line.length),
  );
  const whole = before + covered + after;
  const isLong = columnsOf(whole) > room;
  const lead = isLong && columnsOf(before) > LEAD_COLUMNS ? `…${lastColumns(before, LEAD_COLUMNS - 1)}` : before;
  const shown = cut(lead + covered + after, room);
  const width = Math.max(1, Math.min(columnsOf(covered.trimEnd()), room - columnsOf(lead)));
  const pad = ' '.repeat(columnsOf(lead));
  return `${style.dim(gutter)}${shown}\n${style.dim(`${' '.repeat(number.length)} │ `)}${pad}${mark('^'.repeat(width))}`;
}

/** Marks below the line stay in their places. */
function masked(line: string): string {
  let out = line;
  for (const { end, start } of secretsIn(line)) out = out.slice(0, start) + '*'.repeat(end - start) + out.slice(end);
  return out;
}

function cut(text: string, room: number): string {
  if (columnsOf(text) <= room) return text.trimEnd();
  let out = '';
  let columns = 1;
  for (const char of text) {
    columns += columnsOf(char);
    if (columns > room) break;
    out += char;
  }
  return `${out}…`;
}

function lastColumns(text: string, room: number): string {
  const chars = Array.from(text);
  let columns = 0;
  let at = chars.length;
  while (at > 0 && columns + columnsOf(chars[at - 1] as string) <= room) columns += columnsOf(chars[--at] as string);
  return chars.slice(at).join('');
}
