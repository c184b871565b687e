import type { App } from '../app.ts';
import { el, name, path } from '../dom.ts';
import { reasonName } from '../groupings.ts';
import type { Model } from '../model.ts';
import { routeTo } from '../route.ts';
import { permissions, plural, share, size } from '../text.ts';
import type { Cell } from '../treemap/cells.ts';

/** What is known of one cell of the treemap. */
export function fileCard(options: {
  readonly app: App;
  readonly model: Model;
  readonly cell: Cell;
  readonly of: 'image' | 'original';
}): HTMLElement {
  const { app, cell, model, of } = options;
  const whole = model.bytes[0] as number;
  const isFile = cell.row >= 0 && !cell.holds;
  return el(
    'div',
    { class: 'card' },
    el('h3', {}, cell.row === -1 ? name(cell.label) : path(model.path(cell.row))),
    el('p', { class: 'figure' }, size(cell.bytes)),
    el(
      'p',
      { class: 'note' },
      `${share(cell.bytes, whole)} of ${of === 'original' ? 'the original' : 'the image'}`,
      isFile ? null : ` in ${plural(cell.files, 'file')}`,
    ),
    isFile ? facts(app, model, cell.row, of) : null,
    isFile && of === 'image'
      ? el('p', {}, el('a', { class: 'action', href: routeTo('why', model.path(cell.row)) }, 'Why is it here?'))
      : null,
  );
}

function facts(app: App, model: Model, row: number, of: 'image' | 'original'): HTMLElement {
  const { layers, nodes, packages, types } = model.image;
  const owner = packages[nodes.package[row] as number];
  const layer = nodes.layer[row] as number;
  const link = model.link(row);
  const step = of === 'image' ? (app.data.chains?.last[row] ?? -1) : -1;
  const kind = step === -1 ? undefined : app.data.chains?.kinds[app.data.chains.kind[step] as number];
  const rows: (readonly [string, Node | string | undefined])[] = [
    ['Kind', types[nodes.type[row] as number]],
    ['Leads to', link === undefined ? undefined : path(link)],
    ['Package', owner === undefined ? 'none' : `${owner.name} ${owner.version}`],
    [
      'Layer',
      layer === -1 || layers.rows[layer] === undefined
        ? undefined
        : el('a', { href: routeTo('layers', `/${layer}`, of === 'original' ? { of } : {}) }, `layer ${layer}`),
    ],
    ['Permissions', nodes.kind[row] === 5 ? undefined : permissions(nodes.mode[row] as number)],
    ['Reason', kind === undefined ? undefined : reasonName(kind)],
  ];
  return el(
    'dl',
    { class: 'facts' },
    rows.map(([label, value]) => (value === undefined ? null : [el('dt', {}, label), el('dd', {}, value)])),
  );
}
