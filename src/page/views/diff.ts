import type { DiffTable } from '../../explain/explore/types.ts';
import type { App, View } from '../app.ts';
import { choice } from '../choice.ts';
import { el, name, path, replace } from '../dom.ts';
import { groupingOf, type By } from '../groupings.ts';
import type { Model } from '../model.ts';
import { routeTo, type Route } from '../route.ts';
import { bar, table } from '../table.ts';
import { change, plural, share, size } from '../text.ts';

type Fate = 'dropped' | 'kept' | 'changed' | 'added';
const FATES: readonly Fate[] = ['dropped', 'kept', 'changed', 'added'];
type DiffBy = 'file' | 'package' | 'type' | 'layer';
const BYS: readonly (readonly [DiffBy, string])[] = [
  ['file', 'File'],
  ['package', 'Package'],
  ['type', 'File type'],
  ['layer', 'Layer'],
];

interface Asked {
  readonly fate: Fate;
  readonly by: DiffBy;
  readonly sort: 'size' | 'name';
}

/** What became of the original: kept, changed, dropped. */
export function diffView(app: App): View {
  const element = el('div', { class: 'view diff' });
  return {
    element,
    update({ query }: Route) {
      const { data, original } = app;
      if (data.diff === null || original === undefined) {
        replace(element, el('h2', { class: 'unseen' }, 'Difference'), noOriginal(data.image.reference));
        return;
      }
      const asked: Asked = {
        fate: FATES.find((fate) => fate === query.get('show')) ?? 'dropped',
        by: BYS.find(([by]) => by === query.get('by'))?.[0] ?? 'file',
        sort: query.get('sort') === 'name' ? 'name' : 'size',
      };
      replace(
        element,
        el('h2', { class: 'unseen' }, 'Difference to the original'),
        balance(data.diff),
        tools(asked, data.diff),
        asked.by === 'file' ? fileList(app, original, data.diff, asked) : groupList(app, original, data.diff, asked),
      );
    },
  };
}

function noOriginal(reference: string): HTMLElement {
  return el(
    'div',
    { class: 'hint' },
    el('h3', {}, 'There is nothing to compare with'),
    el('p', {}, 'Name the image that this one was made from, to see what was kept, changed and dropped:'),
    el('pre', { class: 'command' }, `tare explore ${reference} --against ORIGINAL`),
  );
}

const hrefOf = ({ by, fate, sort }: Asked): string =>
  routeTo('diff', '/', {
    show: fate === 'dropped' ? undefined : fate,
    by: by === 'file' ? undefined : by,
    sort: sort === 'size' ? undefined : sort,
  });

/** All bytes of both images, as one bar. */
function balance({ added, changed, dropped, same }: DiffTable): HTMLElement {
  const parts = [
    ['kept', 'Kept as they were', same],
    ['changed', 'Kept, but changed', changed],
    ['added', 'Added', added],
    ['dropped', 'Dropped', dropped],
  ] as const;
  const whole = parts.reduce((sum, [, , { bytes }]) => sum + bytes, 0);
  return el(
    'div',
    { class: 'balance' },
    el(
      'div',
      { class: 'balance-bar', 'aria-hidden': 'true' },
      parts.map(([kind, , { bytes }]) =>
        bytes === 0 ? null : el('span', { class: kind, css: { 'flex-grow': String(bytes / whole) } }),
      ),
    ),
    el(
      'dl',
      { class: 'balance-legend' },
      parts.map(([kind, label, { bytes, files }]) =>
        el(
          'div',
          {},
          el('dt', {}, el('span', { class: `swatch ${kind}`, 'aria-hidden': 'true' }), label),
          el('dd', { class: 'figure' }, size(bytes)),
          el('dd', { class: 'note' }, `${plural(files, 'file')}, ${share(bytes, whole)}`),
        ),
      ),
    ),
  );
}

function tools(asked: Asked, diff: DiffTable): HTMLElement {
  const counts = { dropped: diff.dropped, kept: diff.same, changed: diff.changed, added: diff.added };
  const labels = { dropped: 'Dropped', kept: 'Kept', changed: 'Changed', added: 'Added' };
  return el(
    'div',
    { class: 'tools' },
    choice(
      'Show',
      FATES.filter((fate) => counts[fate].files > 0 || fate === asked.fate).map((fate) => ({
        label: labels[fate],
        href: hrefOf({ ...asked, fate }),
        chosen: fate === asked.fate,
      })),
    ),
    choice(
      'By',
      BYS.map(([by, label]) => ({ label, href: hrefOf({ ...asked, by }), chosen: by === asked.by })),
    ),
    choice('Sort', [
      { label: 'Size', href: hrefOf({ ...asked, sort: 'size' }), chosen: asked.sort === 'size' },
      { label: 'Name', href: hrefOf({ ...asked, sort: 'name' }), chosen: asked.sort === 'name' },
    ]),
  );
}

const CODES = { kept: 0, changed: 1, dropped: 2, added: 2 } as const;

/** Rows of the model that has them: what is added is of the image, all else of the original. */
function rowsOf(
  app: App,
  original: Model,
  diff: DiffTable,
  fate: Fate,
): { readonly model: Model; readonly rows: number[] } {
  const [model, fates] = fate === 'added' ? [app.image, diff.fate] : [original, diff.originalFate];
  return { model, rows: fates.flatMap((code, row) => (code === CODES[fate] && !model.isFolder(row) ? [row] : [])) };
}

function fileList(app: App, original: Model, diff: DiffTable, asked: Asked): HTMLElement {
  const { model, rows } = rowsOf(app, original, diff, asked.fate);
  const bytes = (row: number): number => model.bytes[row] as number;
  // Rows are in byte order of paths as they are.
  if (asked.sort === 'size') rows.sort((a, b) => bytes(b) - bytes(a) || a - b);
  const owner = (row: number): string => model.image.packages[model.image.nodes.package[row] as number]?.name ?? '–';
  const changes = new Map(diff.changes.map(([row, other, what]) => [other, { row, what }]));
  return table<number>({
    caption: `Files that were ${asked.fate}`,
    rows,
    first: 60,
    empty: `No file was ${asked.fate}.`,
    columns: [
      {
        label: 'Path',
        wide: true,
        cell: (row) => el('a', { href: routeTo('why', model.path(row)) }, path(model.path(row))),
      },
      { label: asked.fate === 'changed' ? 'Before' : 'Size', number: true, cell: (row) => size(bytes(row)) },
      ...(asked.fate === 'changed'
        ? [
            {
              label: 'After',
              number: true,
              cell: (row: number) => size(app.image.bytes[changes.get(row)?.row ?? 0] as number),
            },
            { label: 'What', cell: (row: number) => changes.get(row)?.what ?? '' },
          ]
        : []),
      { label: 'Package', minor: true, cell: (row) => name(owner(row)) },
    ],
  });
}

interface Group {
  readonly label: string;
  readonly before: number;
  readonly bytes: number;
  readonly files: number;
}

/** Of each group: what it had in all, and what of that shares the fate that is asked for. */
function groupList(app: App, original: Model, diff: DiffTable, asked: Asked): HTMLElement {
  const { model, rows } = rowsOf(app, original, diff, asked.fate);
  const grouping = groupingOf(asked.by as By, model, app.data);
  const sums = new Map<number, { bytes: number; files: number }>();
  for (const row of rows) {
    const group = grouping.of(row);
    const sum = sums.get(group) ?? { bytes: 0, files: 0 };
    sum.bytes += model.bytes[row] as number;
    sum.files += model.files[row] as number;
    sums.set(group, sum);
  }
  const groups = [...sums].map(([group, sum]): Group => ({
    label: grouping.names[group] ?? '',
    before: grouping.bytes[group] ?? 0,
    ...sum,
  }));
  const byName = (a: Group, b: Group): number => (a.label < b.label ? -1 : a.label > b.label ? 1 : 0);
  groups.sort(asked.sort === 'size' ? (a, b) => b.bytes - a.bytes || byName(a, b) : byName);
  const largest = Math.max(...groups.map(({ bytes }) => bytes), 1);
  return table<Group>({
    caption: `What was ${asked.fate}, by ${asked.by}`,
    rows: groups,
    first: 40,
    empty: `Nothing was ${asked.fate}.`,
    columns: [
      { label: BYS.find(([by]) => by === asked.by)?.[1] ?? '', wide: true, cell: ({ label }) => name(label) },
      {
        label: asked.fate[0]?.toUpperCase() + asked.fate.slice(1),
        number: true,
        cell: ({ bytes }) => el('span', { class: 'share' }, bar(bytes, largest), size(bytes)),
      },
      { label: 'Files', number: true, minor: true, cell: ({ files }) => plural(files, 'file') },
      ...(asked.fate === 'dropped'
        ? [
            {
              label: 'Left',
              minor: true,
              number: true,
              cell: ({ before, bytes }: Group) => (before === bytes ? 'nothing' : size(before - bytes)),
            },
          ]
        : []),
      ...(asked.fate === 'kept' || asked.fate === 'dropped'
        ? [
            {
              label: 'Change',
              number: true,
              cell: ({ before, bytes }: Group) => changeOf(before, asked.fate === 'dropped' ? before - bytes : bytes),
            },
          ]
        : []),
    ],
  });
}

const changeOf = (before: number, after: number): string => (after === 0 ? 'gone' : change(before, after));
