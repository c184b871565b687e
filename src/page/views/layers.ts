import type { LayerChangeRow, LayerRow } from '../../explain/explore/types.ts';
import type { App, View } from '../app.ts';
import { choice } from '../choice.ts';
import { el, path, replace } from '../dom.ts';
import { tiles } from './figures.ts';
import type { Model } from '../model.ts';
import { REST } from '../palette.ts';
import { routeTo, type Route } from '../route.ts';
import { bar, table } from '../table.ts';
import { count, plural, share, shortDigest, size } from '../text.ts';

/** The layers as a strip, what made them, and what they carry that nobody sees. */
export function layersView(app: App): View {
  const element = el('div', { class: 'view layers' });
  return {
    element,
    update({ path: place, query }: Route) {
      const other = query.get('of') === 'original' ? app.original : undefined;
      const model = other ?? app.image;
      const asked = Number(place.slice(1));
      const chosen = place !== '/' && model.image.layers.rows[asked] !== undefined ? asked : -1;
      replace(element, content(app, model, other !== undefined, chosen));
    },
  };
}

function content(app: App, model: Model, original: boolean, chosen: number): readonly (Node | null)[] {
  const { layers, size: total } = model.image;
  const of = original ? { of: 'original' } : {};
  const disk = layers.rows.reduce((sum, row) => sum + row.disk, 0);
  const href = (layer: number): string => routeTo('layers', layer === -1 ? '/' : `/${layer}`, of);
  const row = layers.rows[chosen];
  return [
    el('h2', { class: 'unseen' }, 'Layers'),
    app.original === undefined
      ? null
      : el(
          'div',
          { class: 'tools' },
          choice('Of', [
            { label: 'This image', href: routeTo('layers'), chosen: !original },
            { label: 'The original', href: routeTo('layers', '/', { of: 'original' }), chosen: original },
          ]),
        ),
    tiles([
      ['Layers', count(layers.rows.length), null],
      ['All layers together', size(disk), `${size(total.wire)} on the wire`],
      ['Wasted', size(layers.wastedBytes), 'overwritten or deleted later, shipped all the same'],
      ['Efficiency', `${(layers.efficiency * 100).toFixed(1)}%`, "by dive's definition"],
    ]),
    strip(layers.rows, disk, chosen, href),
    layers.history === 'complete'
      ? null
      : el(
          'p',
          { class: 'note' },
          layers.history === 'missing'
            ? 'The image carries no history: nobody can tell what made its layers.'
            : 'The history does not fit the layers: nobody can tell which row made which.',
        ),
    el(
      'section',
      { 'aria-label': 'Layer by layer' },
      table<readonly [number, LayerRow]>({
        caption: 'Layers, the base first',
        rows: layers.rows.map((layer, at) => [at, layer] as const),
        columns: [
          {
            label: 'Layer',
            wide: true,
            cell: ([at, layer]) =>
              el(
                'a',
                {
                  class: 'instruction',
                  href: href(chosen === at ? -1 : at),
                  'aria-current': chosen === at ? 'true' : undefined,
                },
                el('span', { class: 'index' }, String(at)),
                el('code', {}, layer.createdBy === '' ? shortDigest(layer.digest) : layer.createdBy),
              ),
          },
          { label: 'Disk', number: true, cell: ([, layer]) => size(layer.disk) },
          {
            label: 'Share',
            number: true,
            minor: true,
            cell: ([, layer]) => el('span', { class: 'share' }, bar(layer.disk, disk), share(layer.disk, disk)),
          },
          { label: 'Wire', number: true, minor: true, cell: ([, layer]) => size(layer.wire) },
          { label: 'Wasted', number: true, cell: ([, layer]) => (layer.wasted === 0 ? '–' : size(layer.wasted)) },
          { label: 'Added', number: true, minor: true, cell: ([, layer]) => count(layer.added) },
          { label: 'Changed', number: true, minor: true, cell: ([, layer]) => count(layer.changed) },
          { label: 'Removed', number: true, minor: true, cell: ([, layer]) => count(layer.removed) },
        ],
      }),
    ),
    row === undefined ? null : layerDetail(app, chosen, row, original),
    wasteful(model),
  ];
}

function strip(rows: readonly LayerRow[], disk: number, chosen: number, href: (layer: number) => string): HTMLElement {
  return el(
    'ol',
    { class: 'strip', 'aria-label': 'Layers in proportion to their bytes; what is hatched is wasted' },
    rows.map((row, at) =>
      el(
        'li',
        { class: `fill-${at % REST}`, css: { 'flex-grow': String(disk === 0 ? 1 : row.disk / disk) } },
        el(
          'a',
          {
            href: href(chosen === at ? -1 : at),
            title: row.createdBy.slice(0, MAX_TITLE),
            'aria-current': chosen === at ? 'true' : undefined,
          },
          row.wasted === 0
            ? null
            : el('span', {
                class: 'hatched',
                css: { width: `${((row.wasted / Math.max(1, row.disk)) * 100).toFixed(2)}%` },
              }),
          el(
            'span',
            { class: 'strip-label' },
            el('span', { class: 'unseen' }, 'Layer '),
            String(at),
            el('span', { class: 'strip-size' }, size(row.disk)),
            row.wasted === 0 ? null : el('span', { class: 'unseen' }, `, ${size(row.wasted)} of it wasted`),
          ),
        ),
      ),
    ),
  );
}

const MAX_TITLE = 300;

const KINDS = ['added', 'changed', 'removed'] as const;

function layerDetail(app: App, at: number, row: LayerRow, original: boolean): HTMLElement {
  return el(
    'section',
    { class: 'detail', id: 'layer', 'aria-labelledby': 'layer-title' },
    el('h3', { id: 'layer-title' }, `What layer ${at} did`),
    row.createdBy === '' ? null : el('pre', { class: 'instruction-full' }, row.createdBy),
    el(
      'p',
      { class: 'note' },
      `${plural(row.added, 'path')} added, ${count(row.changed)} changed, ${count(row.removed)} removed. Digest ${row.digest}`,
    ),
    table<LayerChangeRow>({
      caption: `Paths of layer ${at}, the largest first`,
      rows: row.changes,
      all: row.changeCount,
      first: 40,
      columns: [
        {
          label: 'Path',
          wide: true,
          cell: ([place]) =>
            original || app.image.rowOf(place) <= 0
              ? path(place)
              : el('a', { href: routeTo('why', place) }, path(place)),
        },
        { label: 'Size', number: true, cell: ([, , bytes]) => size(bytes) },
        { label: 'What', cell: ([, kind, , hidden]) => `${KINDS[kind]}${hidden === 1 ? ', hidden later' : ''}` },
      ],
    }),
  );
}

function wasteful({ image: { layers } }: Model): HTMLElement | null {
  if (layers.inefficiencies.length === 0) return null;
  return el(
    'section',
    { class: 'detail', 'aria-labelledby': 'waste-title' },
    el('h3', { id: 'waste-title' }, 'Shipped, but never seen'),
    table<(typeof layers.inefficiencies)[number]>({
      caption: 'Paths of which copies are shipped that nobody sees',
      rows: layers.inefficiencies,
      all: layers.inefficiencyCount,
      first: 15,
      columns: [
        { label: 'Path', wide: true, cell: (row) => path(row.path) },
        { label: 'Wasted', number: true, cell: (row) => size(row.bytes) },
        { label: 'In layers', cell: (row) => row.layers.join(', ') },
        {
          label: 'Seen in',
          minor: true,
          cell: (row) => (row.visible === null ? 'none, it is deleted' : `layer ${row.visible}`),
        },
      ],
    }),
  );
}
