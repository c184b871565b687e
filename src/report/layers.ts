import { bytesOfText, showPath } from '../base/path.ts';
import type { ChangedPath, Dissection, Step } from '../explain/layers/types.ts';
import { formatSize, plural, shortDigest } from './format.ts';
import { onOneLine } from './printable.ts';
import type { Style } from './style.ts';
import { formatTable, type Column } from './table.ts';
import { shortened, wrapped } from './wrap.ts';

/** Room for everything beside the last column of the layers, in columns. */
const OTHER_COLUMNS = 84;
/** That an instruction gets in any case. */
const MIN_INSTRUCTION_COLUMNS = 24;

const show = (path: string): string => showPath(bytesOfText(path));
const right = (title: string): Column => ({ title, align: 'right' });

/** Where the bytes are, for people. */
export function layersText(found: Dissection): (style: Style) => string {
  return (style) =>
    [
      headOf(found, style),
      section(style, layerTable(found, style), found.layers.length === 0 ? 'no layers' : undefined),
      found.changes === undefined ? '' : changesTable(found, found.changes, style),
      wasteTable(found, style),
      partTable(found, style),
    ]
      .filter((part) => part !== '')
      .join('\n\n');
}

const section = (style: Style, table: string, instead: string | undefined): string =>
  instead === undefined ? table : style.dim(`  ${instead}`);

function headOf(found: Dissection, style: Style): string {
  const { disk, wire } = found.size;
  const wasted =
    found.wastedBytes === 0
      ? 'nothing is shipped that nobody sees'
      : `${formatSize(found.wastedBytes)} are shipped and not seen: overwritten or deleted by a later layer`;
  const facts = [
    ['size', `${formatSize(disk)} on disk, ${formatSize(wire)} on the wire, ${plural(found.files, 'file')}`],
    ['wasted', wasted],
    ['efficiency', `${percent(found.efficiency)} (as dive counts it: ${formatSize(found.diveWastedBytes)} wasted)`],
    ['history', historyText(found)],
    ['digests', found.verified ? '' : 'not checked: plain layers were read by their headers alone'],
  ] as const;
  return [
    style.bold(onOneLine(found.reference)),
    ...facts
      .filter(([, text]) => text !== '')
      .map(([name, text]) => wrapped(`  ${style.dim(name.padEnd(10))} ${text}`, style, 13)),
  ].join('\n');
}

function historyText({ history, layers, steps }: Dissection): string {
  if (history === 'complete') return '';
  if (history === 'missing') return 'none: nothing tells what made the layers';
  const making = plural(steps.length, 'row');
  return `its ${making} do not pair up with the ${plural(layers.length, 'layer')}: which made which, nobody can tell`;
}

/** The layers in their order, with the instructions that made none between them. */
function layerTable(found: Dissection, style: Style): string {
  const room = Math.max(MIN_INSTRUCTION_COLUMNS, style.width - OTHER_COLUMNS);
  const instruction = (text: string): string => shortened(onOneLine(text), style, room);
  const rowOf = (index: number): readonly string[] => {
    const layer = found.layers[index];
    if (layer === undefined) return [];
    const { added, changed, createdBy = '', digest, disk, removed, sameAs, wasted, wire } = layer;
    return [
      String(index),
      shortDigest(digest),
      formatSize(disk),
      formatSize(wire),
      ...[added, changed, removed].map((count) => (count === 0 ? '' : String(count))),
      wasted === 0 ? '' : formatSize(wasted),
      instruction(sameAs === undefined ? createdBy : `the same as layer ${sameAs}. ${createdBy}`),
    ];
  };
  const emptyRow = (text: string): readonly string[] => ['', '', '', '', '', '', '', '', instruction(text)];
  const rows =
    found.history === 'complete'
      ? found.steps.map(({ instruction: text, layer }) => (layer === null ? emptyRow(text) : rowOf(layer)))
      : found.layers.map(({ index }) => rowOf(index));
  const table = formatTable(
    [
      right('  layer'),
      { title: 'digest' },
      right('disk'),
      right('wire'),
      right('added'),
      right('changed'),
      right('removed'),
      right('wasted'),
      { title: 'made by' },
    ],
    rows,
    style.dim,
  );
  return found.history === 'mismatched' ? `${table}\n\n${stepList(found.steps, style)}` : table;
}

function stepList(steps: readonly Step[], style: Style): string {
  return [
    style.dim('  the history says'),
    ...steps.map(({ instruction }) => wrapped(`    ${onOneLine(instruction || '(nothing)')}`, style, 6)),
  ].join('\n');
}

function wasteTable(found: Dissection, style: Style): string {
  if (found.inefficiencies.length === 0) return '';
  const rows = found.inefficiencies.map(({ bytes, count, layers, path, visible }) => [
    `  ${formatSize(bytes)}`,
    String(count),
    layers.join(', '),
    visible === null ? 'deleted' : `seen of ${visible}`,
    show(path),
  ]);
  return (
    formatTable(
      [right('  wasted'), right('copies'), { title: 'in layers' }, { title: 'in the end' }, { title: 'path' }],
      rows,
      style.dim,
    ) + rest(found.counts.inefficiencies, rows.length, style)
  );
}

function changesTable(found: Dissection, changes: readonly ChangedPath[], style: Style): string {
  const rows = changes.map(({ hidden, kind, path, size, type }) => [
    `  ${kind}`,
    type,
    formatSize(size),
    hidden ? 'wasted' : '',
    show(path),
  ]);
  const columns: readonly Column[] = [
    { title: '  what' },
    { title: 'type' },
    right('size'),
    { title: '' },
    { title: 'path' },
  ];
  return formatTable(columns, rows, style.dim) + rest(found.counts.changes ?? 0, rows.length, style);
}

type PartRow = readonly [bytes: number, files: number, text: string];

function partTable(found: Dissection, style: Style): string {
  const { counts, directories, packages, types, unowned } = found;
  const table = (title: string, parts: readonly PartRow[], count: number): string => {
    if (parts.length === 0) return '';
    const rows = parts.map(([bytes, files, text]) => [`  ${formatSize(bytes)}`, String(files), text]);
    return formatTable([right('  disk'), right('files'), { title }], rows, style.dim) + rest(count, rows.length, style);
  };
  const owned = packages.map((part): PartRow => [part.bytes, part.files, packageText(part)]);
  const loose: readonly PartRow[] = owned.length === 0 ? [] : [[unowned.bytes, unowned.files, 'of no package']];
  return [
    table(
      'folder',
      directories.map((part) => [part.bytes, part.files, show(part.path)]),
      counts.directories,
    ),
    table(
      'package',
      [...owned, ...loose].sort(([a], [b]) => b - a),
      counts.packages + loose.length,
    ),
    table(
      'kind of file, by its name',
      types.map((part) => [part.bytes, part.files, part.type]),
      counts.types,
    ),
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

const packageText = ({ manager, name, version }: Dissection['packages'][number]): string =>
  onOneLine([manager, name, version].filter(Boolean).join(' '));

const rest = (all: number, shown: number, style: Style): string =>
  all <= shown ? '' : `\n${style.dim(`  … and ${all - shown} more: --limit N shows N of them, --limit 0 all`)}`;

const percent = (share: number): string => `${(share * 100).toFixed(share > 0.9995 && share < 1 ? 3 : 1)}%`;
