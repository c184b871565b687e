import type { CostResult, RepositoryCost } from '../ship/retention/cost.ts';
import { formatChange, formatSize } from './format.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';

/** What is kept, what a pull moves, what both cost, and what that rests on. */
export function costText(result: CostResult): (style: Style) => string {
  return (style) =>
    [
      tableOf(result, style),
      ...result.repositories.flatMap((row) => [
        ...shrunkLine(row),
        ...pullLine(row, result),
        ...problemLine(row, style),
      ]),
      `in all ${formatSize(result.stored)}${money(result.month, result, ' a month', ', ')}`,
      ...result.assumes.map((text) => style.dim(`assumed: ${text}`)),
    ].join('\n');
}

function tableOf(result: CostResult, style: Style): string {
  return formatTable(
    [
      { title: 'repository', gives: true },
      { title: 'tags', align: 'right' },
      { title: 'stored', align: 'right' },
      ...(result.month === null ? [] : [{ title: 'a month', align: 'right' as const }]),
      { title: 'newest' },
      { title: 'a pull', align: 'right' },
      { title: 'an update', align: 'right' },
    ],
    result.repositories.map((row) => [
      row.repository,
      String(row.tags),
      formatSize(row.stored),
      ...(result.month === null ? [] : [money(row.month.stored, result)]),
      row.pull?.tag ?? '',
      row.pull === null ? '' : formatSize(row.pull.whole),
      row.pull?.update == null ? '' : formatSize(row.pull.update.bytes),
    ]),
    style.dim,
    style,
  );
}

function shrunkLine({ pull, repository, shrunk }: RepositoryCost): string[] {
  if (pull === null || shrunk === null) return [];
  return [
    `${repository}:${pull.tag} as ${shrunk.reference}: a pull moves ${formatSize(shrunk.bytes)}, ${formatChange(pull.whole, shrunk.bytes)}`,
  ];
}

function pullLine({ month: { pulls }, repository }: RepositoryCost, result: CostResult): string[] {
  if (pulls === null) return [];
  const parts = [
    `${money(pulls.whole, result)} by clients that have nothing`,
    ...(pulls.update === null ? [] : [`${money(pulls.update, result)} by clients that have the version before`]),
    ...(pulls.shrunk === null
      ? []
      : [`${money(pulls.shrunk, result)} shrunk, which saves ${money(pulls.whole - pulls.shrunk, result)}`]),
  ];
  return [`${repository}: ${result.pulls ?? 0} pulls a month cost ${parts.join(', ')}`];
}

function problemLine({ problem, repository }: RepositoryCost, style: Style): string[] {
  return problem === undefined ? [] : [style.red(`${repository}: cannot be read: ${problem}`)];
}

function money(amount: number | null, { currency }: CostResult, after = '', before = ''): string {
  return amount === null ? '' : `${before}${currency}${amount.toFixed(2)}${after}`;
}
