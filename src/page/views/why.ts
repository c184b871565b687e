import type { App, View } from '../app.ts';
import { el, name, path, replace } from '../dom.ts';
import { createNeeds, type Needs } from '../needs.ts';
import { routeTo, type Route } from '../route.ts';
import { bar, table } from '../table.ts';
import { plural, share, size } from '../text.ts';
import { chainOf } from './chain.ts';
import { needCard, needHref, needLabel } from './need-card.ts';
import { layersWhy, noRecord } from './no-record.ts';

/** Why a file is there, what it brings along, and what costs the most. */
export function whyView(app: App): View {
  const element = el('div', { class: 'view why' });
  const needs = app.data.needs === null ? undefined : createNeeds(app.data.needs);
  return {
    element,
    update({ path: asked, query }: Route) {
      const wanted = query.get('package');
      replace(
        element,
        el('h2', { class: 'unseen' }, 'Why it is there'),
        wanted !== undefined && needs !== undefined
          ? aboutPackage(app, needs, wanted)
          : asked === '/'
            ? overview(app, needs)
            : aboutPath(app, needs, asked),
      );
    },
  };
}

const back = (): HTMLElement => el('p', { class: 'back' }, el('a', { href: routeTo('why') }, '‹ What costs the most'));

function overview(app: App, needs: Needs | undefined): readonly Node[] {
  if (needs === undefined) return [noRecord(app)];
  const { table: all } = needs;
  const whole = app.image.bytes[0] as number;
  return [
    el(
      'p',
      { class: 'lead' },
      'What would save the most if nothing needed it any more: its own files, and all that nothing else needs. Packages are taken as one.',
    ),
    table<number>({
      caption: 'What costs the most',
      rows: needs.expensive,
      first: 25,
      columns: [
        {
          label: 'Package or file',
          wide: true,
          cell: (id) => el('a', { href: needHref(all, id) }, needLabel(all, id)),
        },
        { label: 'Would save', number: true, cell: (id) => size(all.keeps[id] as number) },
        {
          label: 'Of the image',
          number: true,
          cell: (id) => {
            const keeps = all.keeps[id] as number;
            return el('span', { class: 'share' }, bar(keeps, whole), share(keeps, whole));
          },
        },
        { label: 'Own files', number: true, minor: true, cell: (id) => size(all.size[id] as number) },
        { label: 'Brings along', minor: true, room: true, cell: (id) => dragged(needs, id) },
      ],
    }),
  ];
}

/** The heaviest of what it brings along, then the heaviest of what that brings, and so on. */
function dragged(needs: Needs, id: number): Node | string {
  const way: string[] = [];
  for (let next = needs.drags(id)[0]; next !== undefined && way.length < 3; next = needs.drags(next)[0]) {
    if ((needs.table.keeps[next] as number) === 0) break;
    way.push(shortName(needs.table.name[next] as string));
  }
  return way.length === 0 ? '–' : name(way.join(' → '), 'name way');
}

const shortName = (text: string): string => (text.startsWith('/') ? text.slice(text.lastIndexOf('/') + 1) : text);

function aboutPackage(app: App, needs: Needs, wanted: string): readonly Node[] {
  const id = needs.packageNamed(wanted);
  if (id === -1) return [back(), el('p', { class: 'empty' }, 'Nothing is kept for a package ', name(wanted), '.')];
  return [back(), el('h3', { class: 'subject' }, name(wanted)), needCard(app, needs, id)];
}

function aboutPath(app: App, needs: Needs | undefined, asked: string): readonly (Node | null)[] {
  const row = app.image.rowOf(asked);
  const subject = el('h3', { class: 'subject' }, path(asked));
  if (row === -1) return [back(), subject, missing(app, asked)];
  const { data, image } = app;
  const bytes = image.bytes[row] as number;
  const owner = image.image.packages[image.image.nodes.package[row] as number];
  const id = data.needs?.of[row] ?? -1;
  return [
    back(),
    subject,
    el(
      'p',
      { class: 'note' },
      [
        size(bytes),
        `${share(bytes, image.bytes[0] as number)} of the image`,
        image.isFolder(row) ? plural(image.files[row] as number, 'file') : undefined,
        owner === undefined ? undefined : `of ${owner.name} ${owner.version}`,
      ]
        .filter((part) => part !== undefined)
        .join(' · '),
      ' · ',
      el(
        'a',
        { href: routeTo('treemap', image.isFolder(row) ? asked : image.path(image.parent[row] as number)) },
        'in the treemap',
      ),
    ),
    data.chains === null ? layersWhy(app, row) : chainOf(app, data.chains, row),
    needs === undefined || id === -1 ? null : needCard(app, needs, id),
  ];
}

/** Of the image nothing is known of such a path; its original may have it. */
function missing(app: App, asked: string): HTMLElement {
  const row = app.original?.rowOf(asked) ?? -1;
  if (app.original === undefined || row === -1) return el('p', { class: 'empty' }, 'The image has no such path.');
  const { image } = app.original;
  const layer = image.nodes.layer[row] as number;
  const owner = image.packages[image.nodes.package[row] as number];
  return el(
    'div',
    { class: 'dropped' },
    el('p', { class: 'figure' }, size(app.original.bytes[row] as number)),
    el('p', {}, 'It was left out: no evidence leads to it from the entry point, a rule or an include.'),
    el(
      'p',
      { class: 'note' },
      'In the original it is ',
      owner === undefined ? 'of no package' : `of ${owner.name} ${owner.version}`,
      layer === -1 || image.layers.rows[layer] === undefined
        ? '.'
        : [', from ', el('a', { href: routeTo('layers', `/${layer}`, { of: 'original' }) }, `layer ${layer}`), '.'],
    ),
  );
}
