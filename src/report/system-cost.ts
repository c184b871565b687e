import type { ServiceSize, SystemCost } from '../ship/system-cost.ts';
import { formatChange, formatSize } from './format.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';

/** What a system costs before and after, by service and in all. Money where prices are known. */
export function systemCostText(cost: SystemCost): (style: Style) => string {
  return (style) =>
    [
      serviceTable(cost, style),
      '',
      wholeTable(cost, style),
      ...cost.assumes.map((text) => style.dim(`assumed: ${text}`)),
    ].join('\n');
}

function serviceTable({ services }: SystemCost, style: Style): string {
  const cells = (size: ServiceSize): string[] => [
    formatSize(size.disk),
    formatSize(size.pull),
    size.update === null ? '' : formatSize(size.update),
  ];
  return formatTable(
    [
      { title: 'service', gives: true },
      { title: '' },
      { title: 'disk', align: 'right' },
      { title: 'a pull', align: 'right' },
      { title: 'an update', align: 'right' },
    ],
    services.flatMap(({ after, before, service }) => [
      [service, 'original', ...cells(before)],
      ['', 'shrunk', ...cells(after), formatChange(before.disk, after.disk)],
    ]),
    style.dim,
    style,
  );
}

function wholeTable({ after, before, currency }: SystemCost, style: Style): string {
  const bytes = (title: string, one: number | null, two: number | null): string[][] =>
    one === null || two === null ? [] : [[title, formatSize(one), formatSize(two), formatChange(one, two)]];
  const money = (title: string, one: number | null | undefined, two: number | null | undefined): string[][] =>
    one == null || two == null
      ? []
      : [[title, `${currency}${one.toFixed(2)}`, `${currency}${two.toFixed(2)}`, formatChange(one, two)]];
  return formatTable(
    [
      { title: 'all services' },
      { title: 'original', align: 'right' },
      { title: 'shrunk', align: 'right' },
      { title: '' },
    ],
    [
      ...bytes('stored in a registry', before.stored, after.stored),
      ...bytes('on disk', before.disk, after.disk),
      ...bytes('first pull of all', before.pull, after.pull),
      ...bytes('pull of a new version of one', before.update, after.update),
      ...money('a month of storage', before.month.stored, after.month.stored),
      ...money('a month of first pulls', before.month.pulls?.whole, after.month.pulls?.whole),
      ...money('a month of pulls of new versions', before.month.pulls?.update, after.month.pulls?.update),
    ],
    style.dim,
  );
}
