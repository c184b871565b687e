import type { ComparedImage } from '../explain/compare.ts';
import { formatChange, formatSize } from './format.ts';
import type { Style } from './style.ts';
import { formatBar, formatTable } from './table.ts';

const BAR_COLUMNS = 24;
/** Of the terminal. */
const MIN_BAR_COLUMNS = 120;

/** The size table; on a terminal with a bar for the size on disk. */
export function compareText(rows: readonly ComparedImage[]): (style: Style) => string {
  return (style) => {
    const largest = Math.max(1, ...rows.map((row) => row.size.disk));
    const first = rows[0];
    // A bar is the first thing that can be spared.
    const bars = style.terminal && style.width >= MIN_BAR_COLUMNS;
    return formatTable(
      [
        { title: 'image', gives: true },
        { title: 'disk', align: 'right' },
        { title: 'wire', align: 'right' },
        { title: 'files', align: 'right' },
        { title: 'layers', align: 'right' },
        { title: 'disk vs first' },
        { title: 'wire vs first' },
        ...(bars ? [{ title: '' }] : []),
      ],
      rows.map((row) => [
        row.reference,
        formatSize(row.size.disk),
        formatSize(row.size.wire),
        String(row.files),
        String(row.layers),
        row === first || first === undefined ? '' : formatChange(first.size.disk, row.size.disk),
        row === first || first === undefined ? '' : formatChange(first.size.wire, row.size.wire),
        ...(bars ? [style.cyan(formatBar(row.size.disk / largest, BAR_COLUMNS))] : []),
      ]),
      style.dim,
      style,
    );
  };
}
