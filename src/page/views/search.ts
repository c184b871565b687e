import type { App, View } from '../app.ts';
import { el, name, path, replace } from '../dom.ts';
import { matcherOf } from '../glob.ts';
import type { Model } from '../model.ts';
import { routeTo, type Route } from '../route.ts';
import { table } from '../table.ts';
import { plural, size } from '../text.ts';

/** More are counted, but not listed. */
const MAX_LISTED = 2000;

/** What a search has found: packages, paths of the image, and paths that only its original has. */
export function searchView(app: App): View {
  const element = el('div', { class: 'view search-results' });
  return {
    element,
    update({ query }: Route) {
      const wanted = (query.get('q') ?? '').trim();
      if (wanted === '') {
        replace(
          element,
          el('h2', { class: 'unseen' }, 'Search'),
          el(
            'p',
            { class: 'empty' },
            'Search by a part of a path, a package, or a glob: ',
            el('code', {}, 'libssl'),
            ', ',
            el('code', {}, '*.pyc'),
            ', ',
            el('code', {}, '/usr/**/*.so'),
          ),
        );
        return;
      }
      const matches = matcherOf(wanted);
      const found = pathsOf(app.image, matches, () => true);
      const { diff } = app.data;
      const dropped =
        app.original === undefined || diff === null
          ? undefined
          : pathsOf(app.original, matches, (row) => diff.originalFate[row] === 2);
      app.announce(`${plural(found.rows.length, 'path')} found`);
      replace(
        element,
        el('h2', { class: 'unseen' }, 'Search'),
        packages(app.image, wanted),
        section('In the image', app.image, found, (row) =>
          el('a', { href: hrefOf(app.image, row) }, path(app.image.path(row))),
        ),
        dropped === undefined || app.original === undefined
          ? null
          : section('Dropped from the original', app.original, dropped, (row) =>
              el('a', { href: routeTo('why', app.original?.path(row)) }, path(app.original?.path(row) ?? '')),
            ),
      );
    },
  };
}

const hrefOf = (model: Model, row: number): string => routeTo(model.isFolder(row) ? 'treemap' : 'why', model.path(row));

interface Found {
  /** The largest first. */
  readonly rows: readonly number[];
  readonly bytes: number;
}

/** Folders are found by their own name, and weigh nothing. */
function pathsOf(model: Model, matches: (path: string) => boolean, counts: (row: number) => boolean): Found {
  const paths: string[] = [''];
  const rows: number[] = [];
  let bytes = 0;
  for (let row = 1; row < model.count; row++) {
    const own = `${paths[model.parent[row] as number] ?? ''}/${model.image.nodes.name[row] ?? ''}`;
    paths[row] = own;
    if (!counts(row) || !matches(own)) continue;
    rows.push(row);
    if (!model.isFolder(row)) bytes += model.bytes[row] as number;
  }
  rows.sort((a, b) => (model.bytes[b] as number) - (model.bytes[a] as number) || a - b);
  return { rows, bytes };
}

function section(title: string, model: Model, { bytes, rows }: Found, link: (row: number) => Node): HTMLElement {
  const { nodes, packages: owners } = model.image;
  return el(
    'section',
    { class: 'detail' },
    el('h3', {}, `${title}: ${plural(rows.length, 'path')}, ${size(bytes)}`),
    table<number>({
      caption: title,
      rows: rows.slice(0, MAX_LISTED),
      all: rows.length,
      first: 50,
      empty: 'Nothing.',
      columns: [
        { label: 'Path', wide: true, cell: link },
        { label: 'Size', number: true, cell: (row) => size(model.bytes[row] as number) },
        { label: 'Package', minor: true, cell: (row) => name(owners[nodes.package[row] as number]?.name ?? '–') },
      ],
    }),
  );
}

function packages(model: Model, wanted: string): HTMLElement | null {
  const lower = wanted.toLowerCase();
  const rows = model.image.packages
    .map((owner, at) => ({ ...owner, at }))
    .filter(({ name: own }) => own.toLowerCase().includes(lower));
  if (rows.length === 0) return null;
  return el(
    'section',
    { class: 'detail' },
    el('h3', {}, plural(rows.length, 'package')),
    el(
      'ul',
      { class: 'packages' },
      rows
        .slice(0, 60)
        .map(({ at, manager, name: own, version }) =>
          el(
            'li',
            {},
            el('a', { href: routeTo('treemap', '/', { by: 'package', group: String(at) }) }, name(own)),
            el('span', { class: 'note' }, ` ${version} ${manager}`),
          ),
        ),
    ),
  );
}
