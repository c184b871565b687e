import type { Trend } from '../explain/trend.ts';
import { formatChange, formatSize, plural } from './format.ts';
import { printableLine } from './lint/printable.ts';
import { sparkline } from './sparkline.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';

/** What the sizes of each reference did since the first row of the trend file; on a terminal drawn. */
export function trendText(trends: readonly Trend[], style: Style): string {
  const rows = trends.map(({ points, reference }) => {
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) return [printableLine(reference), '', '', ''];
    const line = (values: readonly number[]): string =>
      style.terminal && points.length > 1 ? ` ${style.cyan(sparkline(values))}` : '';
    const course = (of: 'disk' | 'wire'): string => {
      const values = points.map((point) => point[of]);
      if (points.length === 1) return formatSize(last[of]);
      return `${formatSize(first[of])} →${line(values)} ${formatSize(last[of])}, ${formatChange(first[of], last[of])}`;
    };
    return [printableLine(reference), plural(points.length, 'image'), course('disk'), course('wire')];
  });
  return formatTable([{ title: 'trend' }, { title: '' }, { title: 'disk' }, { title: 'wire' }], rows, style.dim);
}
