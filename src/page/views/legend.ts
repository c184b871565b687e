import { el, name } from '../dom.ts';
import { COLOURS, REST } from '../palette.ts';
import { size } from '../text.ts';
import { colouredRows, type Cell, type Scope } from '../treemap/cells.ts';

/** What the colours mean, with what each stands for in bytes. */
export function legend(scope: Scope, root: Cell): HTMLElement {
  const { grouping } = scope;
  const rows =
    grouping.by === 'fate' ? fateRows(scope) : grouping.by === 'directory' ? folderRows(scope) : cellRows(root);
  return el(
    'ul',
    { class: 'legend' },
    rows.map(({ bytes, colour, label }) =>
      el(
        'li',
        {},
        el('span', { class: `swatch fill-${colour}`, 'aria-hidden': 'true' }),
        name(label),
        el('span', { class: 'number' }, size(bytes)),
      ),
    ),
  );
}

interface LegendRow {
  readonly label: string;
  readonly colour: number;
  readonly bytes: number;
}

/** Of what is looked at alone. */
function fateRows({ grouping, model, row }: Scope): readonly LegendRow[] {
  const bytes = grouping.names.map(() => 0);
  for (let at = row; at < (model.end[row] as number); at++) {
    const fate = model.isFolder(at) ? -1 : grouping.of(at);
    if (fate !== -1) bytes[fate] = (bytes[fate] ?? 0) + (model.bytes[at] as number);
  }
  return grouping.names.flatMap((label, at) =>
    (bytes[at] ?? 0) === 0 ? [] : [{ label, colour: grouping.colours[at] ?? REST, bytes: bytes[at] ?? 0 }],
  );
}

/** Folders by their way from the one that is looked at. */
function folderRows({ model, row }: Scope): readonly LegendRow[] {
  const start = row === 0 ? 1 : model.path(row).length + 1;
  const rows = colouredRows(model, row);
  const told = rows.slice(0, rows.length === COLOURS ? COLOURS : REST).map((at, rank) => ({
    label: `${shortened(model.path(at).slice(start))}${model.isFolder(at) ? '/' : ''}`,
    colour: rank,
    bytes: model.bytes[at] as number,
  }));
  const rest = rows.slice(told.length);
  const bytes = rest.reduce((sum, at) => sum + (model.bytes[at] as number), 0);
  return rest.length === 0 ? told : [...told, { label: `${rest.length} others`, colour: REST, bytes }];
}

/** The end of a way says more than its beginning. */
function shortened(way: string): string {
  const parts = way.split('/');
  return parts.length <= 3 ? way : `…/${parts.slice(-2).join('/')}`;
}

/** One row for each colour; what shares the last one is taken together. */
function cellRows(root: Cell): readonly LegendRow[] {
  const cells = root.children();
  const named = cells.filter(({ colour }) => colour !== REST).slice(0, COLOURS);
  const rest = cells.filter(({ colour }) => colour === REST);
  const bytes = rest.reduce((sum, cell) => sum + cell.bytes, 0);
  const [only] = rest;
  return [
    ...named.map(({ bytes: own, colour, holds, label, row }) => ({
      label: holds && row > 0 ? `${label}/` : label,
      colour,
      bytes: own,
    })),
    ...(only === undefined
      ? []
      : [{ label: rest.length === 1 ? only.label : `${rest.length} others`, colour: REST, bytes }]),
  ];
}
