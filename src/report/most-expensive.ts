import { bytesOfText, showPath } from '../base/path.ts';
import type { Expense, MostExpensive, Needer } from '../explain/most-expensive.ts';
import { formatSize } from './format.ts';
import type { Style } from './style.ts';

export const show = (path: string): string => showPath(bytesOfText(path));
const MAX_NEEDERS = 3;
const MAX_DRAGS = 5;

/** What would save the most, as far as `limit` (0: all), with who needs it and what it brings along. */
export function mostExpensiveText(answer: MostExpensive, limit: number): (style: Style) => string {
  return (style) => {
    const shown = limit === 0 ? answer.expenses : answer.expenses.slice(0, limit);
    const rest = answer.expenses.length - shown.length;
    return [
      `${style.bold(show(answer.reference))}  ${formatSize(answer.size)} in all`,
      ...shown.flatMap((expense) => ['', ...expenseLines(expense, answer.size, style)]),
      ...(rest === 0 ? [] : ['', style.dim(`and ${rest} more: --limit N shows N of them, --limit 0 all`)]),
    ].join('\n');
  };
}

function expenseLines(expense: Expense, all: number, style: Style): readonly string[] {
  const { needed } = expense;
  const more = needed.length - MAX_NEEDERS;
  return [
    expenseTitle(expense, all, style),
    ...needed.slice(0, MAX_NEEDERS).map((needer) => `  ${style.cyan('needed')}  ${neederText(needer, style)}`),
    ...(more > 0 ? [style.dim(`          and ${more} more, which would all have to go`)] : []),
    ...alongText(expense, style).map((line) => `  ${line}`),
  ];
}

/** @param all bytes of the image, when the share of it is to be told */
export function expenseTitle(expense: Expense, all: number | undefined, style: Style): string {
  const { keeps, manager, name, size, version } = expense;
  const owner = manager === undefined ? '' : style.dim(` ${[version, manager].filter(Boolean).join(' ')}`);
  const share = all === undefined || all === 0 ? [] : [shareText(keeps / all)];
  const own = size === keeps ? [] : [`${formatSize(size)} of its own`];
  return `${style.bold(show(name))}${owner}  ${formatSize(keeps)}  ${style.dim([...share, ...own].join(', '))}`.trimEnd();
}

const shareText = (share: number): string => (share > 0 && share < 0.005 ? '<1%' : `${Math.round(share * 100)}%`);

/** What goes with it, the heaviest way down. */
export function alongText({ drags }: Expense, style: Style): readonly string[] {
  if (drags.length === 0) return [];
  const way = drags.slice(0, MAX_DRAGS).map((item) => `${show(item.name)} ${style.dim(formatSize(item.keeps))}`);
  return [`${style.cyan('brings')}  ${[...way, ...(drags.length > MAX_DRAGS ? ['…'] : [])].join(' → ')}`];
}

export function neederText({ because, kind, line, path }: Needer, style: Style): string {
  const place = line === undefined ? '' : `:${line}`;
  return `${show(path)}${place}  ${style.dim(`${kind}: ${because}`)}`;
}
