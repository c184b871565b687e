import { bytesOfText, showPath } from '../../base/path.ts';
import type { Evidence } from '../../explain/check/types.ts';
import { onOneLine } from '../printable.ts';
import type { Style } from '../style.ts';
import { formatTable, type Column } from '../table.ts';
import { shortened } from '../wrap.ts';
import { bytesText } from './values.ts';

/** That an instruction gets in any case. */
const MIN_COLUMNS = 16;
/** Before the first column, and between columns. */
const INDENT = 4;
const GAP = 2;

interface EvidenceColumn {
  readonly column: Column;
  readonly cell: (row: Evidence) => string;
}

const pathText = ({ line, path }: Evidence): string =>
  path === undefined ? '' : `${showPath(bytesOfText(path))}${line === undefined ? '' : `:${line}`}`;
const packageText = ({ package: owner = '' }: Evidence): string => onOneLine(owner);
const instructionText = ({ instruction = '' }: Evidence): string => onOneLine(instruction);

/** Only columns that say something. The instructions stand in the last one, or below where there is no room. */
export function evidenceTable(rows: readonly Evidence[], style: Style): string {
  const isEither = rows.every((row) => pathText(row) === '' || packageText(row) === '');
  const all: readonly EvidenceColumn[] = [
    { column: { title: 'bytes', align: 'right' }, cell: bytesText },
    ...(isEither
      ? [
          {
            column: { title: 'what', gives: true as const },
            cell: (row: Evidence) => packageText(row) || pathText(row),
          },
        ]
      : [
          { column: { title: 'path', gives: true as const }, cell: pathText },
          { column: { title: 'package' }, cell: packageText },
        ]),
    { column: { title: 'note' }, cell: ({ note = '' }) => onOneLine(note.replace(/\s+/g, ' ')) },
    { column: { title: 'layer', align: 'right' }, cell: ({ layer }) => (layer === undefined ? '' : String(layer)) },
  ];
  const columns = all.filter(({ cell }) => rows.some((row) => cell(row) !== ''));
  const taken = columns.reduce(
    (sum, { cell, column }) => sum + widest(rows.map(cell), column.title.length) + GAP,
    INDENT,
  );
  const instructions = rows.map(instructionText);
  const room = style.width - taken;
  const isBelow = style.terminal && room < Math.min(MIN_COLUMNS, widest(instructions, 0));
  const cells = rows.map((row, at) => [
    ...columns.map(({ cell }) => cell(row)),
    ...(isBelow ? [] : [shortened(instructions[at] ?? '', style, Math.max(MIN_COLUMNS, room))]),
  ]);
  const titles = columns.map(({ column }) => column);
  const indented = ([first = '', ...rest]: readonly string[]): readonly string[] => [
    ' '.repeat(INDENT) + first,
    ...rest,
  ];
  const hasInstructions = !isBelow && instructions.some((text) => text !== '');
  const table = formatTable(
    [...titles, ...(hasInstructions ? [{ title: 'made by' }] : [])].map((column, at) =>
      at === 0 ? { ...column, title: ' '.repeat(INDENT) + column.title } : column,
    ),
    cells.map(indented),
    style.dim,
    style,
  );
  return [table, ...(isBelow ? legend(rows, style) : [])].join('\n');
}

/** What made the layers, each once. */
function legend(rows: readonly Evidence[], style: Style): readonly string[] {
  const made = new Map(rows.map((row) => [row.layer, instructionText(row)]));
  return [...made]
    .filter(([layer, text]) => layer !== undefined && text !== '')
    .sort(([a = 0], [b = 0]) => a - b)
    .map(([layer, text]) => {
      const head = `${' '.repeat(INDENT)}layer ${layer}: `;
      return style.dim(head + shortened(text, style, Math.max(MIN_COLUMNS, style.width - head.length)));
    });
}

/** Columns of the widest text, and at least so many. */
export const widest = (texts: readonly string[], least: number): number =>
  texts.reduce((most, { length }) => Math.max(most, length), least);
