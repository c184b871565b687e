import { stripVTControlCharacters } from 'node:util';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

const visible = (text: string): number => stripVTControlCharacters(text).length;

/** Plain columns two spaces apart; no lines, so that it can be cut and pasted. The last column is never padded. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  head: (text: string) => string = (text) => text,
): string {
  // A million rows are too many for the arguments of one Math.max.
  const widths = columns.map((column, index) =>
    rows.reduce((most, row) => Math.max(most, visible(row[index] ?? '')), visible(column.title)),
  );
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

/** A bar of eighths for a share between 0 and 1. */
export function formatBar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  const rest = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8] ?? '';
  return '█'.repeat(Math.floor(eighths / 8)) + rest;
}
