import { stripVTControlCharacters } from 'node:util';
import type { Style } from './style.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Where a terminal has no room for all of a row, these cells are cut in the middle. They must be without colours. */
  readonly gives?: true;
}

/** Of a column that gives way. */
const MIN_COLUMNS = 12;

const visible = (text: string): number => stripVTControlCharacters(text).length;

/**
 * Plain columns two spaces apart; no lines, so that it can be cut and pasted. The last column is never padded.
 * @param style of a terminal that it has to fit into, if one column gives way
 */
export function formatTable(
  columns: readonly Column[],
  all: readonly (readonly string[])[],
  head: (text: string) => string = (text) => text,
  style?: Pick<Style, 'terminal' | 'width'>,
): string {
  const rows = style?.terminal === true ? fitted(columns, all, style.width) : all;
  const widths = widthsOf(columns, rows);
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => {
        const gap = ' '.repeat(Math.max(0, (widths[index] ?? 0) - visible(cell)));
        if (columns[index]?.align === 'right') return gap + cell;
        return index === columns.length - 1 ? cell : cell + gap;
      })
      .join('  ')
      .trimEnd();
  return [head(line(columns.map((column) => column.title))), ...rows.map(line)].join('\n');
}

/** A million rows are too many for the arguments of one Math.max. */
function widthsOf(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly number[] {
  return columns.map((column, index) =>
    rows.reduce((most, row) => Math.max(most, visible(row[index] ?? '')), visible(column.title)),
  );
}

function fitted(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly (readonly string[])[] {
  const widths = widthsOf(columns, rows);
  const excess = widths.reduce((sum, each) => sum + each + 2, -2) - width;
  const giving = columns.findIndex(({ gives }) => gives === true);
  if (excess <= 0 || giving === -1) return rows;
  const room = Math.max(MIN_COLUMNS, (widths[giving] ?? 0) - excess);
  return rows.map((row) => row.map((cell, index) => (index === giving ? cutInTheMiddle(cell, room) : cell)));
}

/** The beginning of a name tells what it is, its end which one. */
function cutInTheMiddle(text: string, columns: number): string {
  if (text.length <= columns) return text;
  const end = Math.floor((columns - 1) / 2);
  return `${text.slice(0, columns - 1 - end)}…${text.slice(text.length - end)}`;
}

/** A bar of eighths for a share between 0 and 1. */
export function formatBar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  const rest = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8] ?? '';
  return '█'.repeat(Math.floor(eighths / 8)) + rest;
}
