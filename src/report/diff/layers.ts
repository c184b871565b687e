import { onOneLine } from '../printable.ts';
import type { ImageDiff } from '../../explain/diff/types.ts';
import { formatSize, shortDigest } from '../format.ts';
import { formatTable, type Column } from '../table.ts';
import { shortened } from '../wrap.ts';
import { moreRows, type DiffTableOptions } from './table.ts';

const right = (title: string): Column => ({ title, align: 'right' });
/** Room for everything beside the instruction of a layer, in columns. */
const LAYER_COLUMNS = 56;
const MIN_INSTRUCTION_COLUMNS = 24;

/** The layers that only one side has, with what made them. */
export function diffLayerTable(
  { layers: { onlyAfter, onlyBefore } }: Pick<ImageDiff, 'layers'>,
  { limit, style }: DiffTableOptions,
): string {
  const room = Math.max(MIN_INSTRUCTION_COLUMNS, style.width - LAYER_COLUMNS);
  const all = [
    ...onlyBefore.map((layer) => ({ layer, mark: style.red('-') })),
    ...onlyAfter.map((layer) => ({ layer, mark: style.green('+') })),
  ];
  if (all.length === 0) return '';
  const rows = all
    .slice(0, limit || undefined)
    .map(({ layer: { createdBy = '', digest, disk, index, wire }, mark }) => [
      `  ${mark}`,
      String(index),
      shortDigest(digest),
      formatSize(disk),
      formatSize(wire),
      shortened(onOneLine(createdBy), style, room),
    ]);
  const columns = [
    { title: '  ' },
    right('layer'),
    { title: 'digest' },
    right('disk'),
    right('wire'),
    { title: 'made by' },
  ];
  return formatTable(columns, rows, style.dim) + moreRows(all.length, rows.length, style);
}
