import type { DiffConfigValue, ImageDiff } from '../../explain/diff/types.ts';
import { moreRows, type DiffTableOptions } from './table.ts';
import { printableLine } from '../lint/printable.ts';
import { shortened } from '../wrap.ts';

/** Each setting that differs with both of its values. */
export function diffSettingTable({ config }: Pick<ImageDiff, 'config'>, { limit, style }: DiffTableOptions): string {
  if (config.length === 0) return '';
  const shown = config.slice(0, limit || undefined);
  const room = style.width - 6;
  const lines = shown.flatMap(({ after, before, member, name }) => [
    `  ${style.bold(printableLine(name === undefined ? member : `${member} ${name}`))}`,
    ...(before === null ? [] : [style.red(`    - ${shortened(textOf(before), style, room)}`)]),
    ...(after === null ? [] : [style.green(`    + ${shortened(textOf(after), style, room)}`)]),
  ]);
  return [style.dim('  setting'), ...lines].join('\n') + moreRows(config.length, shown.length, style);
}

const textOf = (value: Exclude<DiffConfigValue, null>): string =>
  printableLine(typeof value === 'string' ? value : JSON.stringify(value));
