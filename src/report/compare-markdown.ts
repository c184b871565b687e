import type { ComparedImage } from '../explain/compare.ts';
import type { Trend } from '../explain/trend.ts';
import { formatChange, formatSize, plural } from './format.ts';
import { markdownTable, markdownText } from './markdown-table.ts';
import { sparkline } from './sparkline.ts';
import { formatBar } from './table.ts';

const BAR_COLUMNS = 20;

/** The size table as GitHub reads it, for comments and summaries of jobs; with the trends as a second one. */
export function compareMarkdown(rows: readonly ComparedImage[], trends: readonly Trend[]): string {
  const first = rows[0];
  const largest = Math.max(1, ...rows.map(({ size }) => size.disk));
  const against = (row: ComparedImage, of: 'disk' | 'wire'): string =>
    first === undefined || row === first ? '' : formatChange(first.size[of], row.size[of]);
  const table = markdownTable(
    ['image', '>disk', '>wire', '>files', '>layers', 'disk vs first', 'wire vs first', 'disk'],
    rows.map((row) => [
      row.reference,
      formatSize(row.size.disk),
      formatSize(row.size.wire),
      String(row.files),
      String(row.layers),
      against(row, 'disk'),
      against(row, 'wire'),
      formatBar(row.size.disk / largest, BAR_COLUMNS),
    ]),
  );
  return trends.length === 0 ? table : `${table}\n\n${trends.map(trendLine).join('\n')}`;
}

function trendLine({ points, reference }: Trend): string {
  const disk = points.map((point) => point.disk);
  const [first = 0, last = 0] = [disk[0], disk.at(-1)];
  const course =
    disk.length < 2
      ? formatSize(last)
      : `${formatSize(first)} ${sparkline(disk)} ${formatSize(last)}, ${formatChange(first, last)}`;
  return `- ${markdownText(reference)}: ${plural(points.length, 'image')}, ${course} on disk`;
}
