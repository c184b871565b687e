import type { KeptFor, KeptTree } from '../explain/kept-for.ts';
import { formatSize, plural } from './format.ts';
import { alongText, expenseTitle, neederText, show } from './most-expensive.ts';
import type { Style } from './style.ts';

const MAX_LINES = 200;

/** The package, who needs it, who needs those. */
export function keptForText(answer: KeptTree): (style: Style) => string {
  return (style) => {
    const lines = answer.for.flatMap((item) => branch(item, style, 1));
    const rest = lines.length - MAX_LINES;
    return [
      expenseTitle(answer, undefined, style),
      `  ${plural(answer.files, 'file')}, ${formatSize(answer.size)}${answer.keeps === answer.size ? '' : `; with what nothing else needs ${formatSize(answer.keeps)}`}`,
      ...alongText(answer, style).map((line) => `  ${line}`),
      ...lines.slice(0, MAX_LINES),
      ...(rest > 0 ? [style.dim(`and ${rest} more lines: --json has them all`)] : []),
    ].join('\n');
  };
}

function branch(item: KeptFor, style: Style, depth: number): readonly string[] {
  const indent = '  '.repeat(depth);
  const name = item.name === item.path ? '' : `${style.bold(show(item.name))} `;
  const again = item.again === true ? style.dim(' (see above)') : '';
  return [
    `${indent}└ ${name}${neederText(item, style)}${again}`,
    ...item.for.flatMap((next) => branch(next, style, depth + 1)),
  ];
}
