import type { App, View } from '../app.ts';
import { choice } from '../choice.ts';
import { el, icon, name, replace } from '../dom.ts';
import { BY_LABELS, groupingOf, groupingsFor, type By, type Grouping } from '../groupings.ts';
import type { Model } from '../model.ts';
import { MIXED } from '../palette.ts';
import { routeTo, type Route } from '../route.ts';
import { bar, table } from '../table.ts';
import { plural, share, size } from '../text.ts';
import { createBoard } from '../treemap/board.ts';
import { cellsOf, labelOf, type Cell } from '../treemap/cells.ts';
import { fileCard } from './file-card.ts';
import { legend } from './legend.ts';

interface Looked {
  readonly of: 'image' | 'original';
  readonly by: By;
  readonly row: number;
  readonly group: number;
}

const ARROWS =
  'Arrow keys choose, Enter opens, Escape goes back, + and − zoom, 0 shows all. The table below holds the same.';

/** Bytes as areas. */
export function treemapView(app: App): View {
  const heading = el('h2', { class: 'unseen' }, 'Treemap of bytes');
  const tools = el('div', { class: 'tools' });
  const crumbs = el('nav', { class: 'crumbs', 'aria-label': 'Folders above' });
  const side = el('aside', { class: 'side', 'aria-label': 'What is shown' });
  const card = el('div', { class: 'card-frame' });
  const keys = el('div', { class: 'legend-frame' });
  const list = el('div', { class: 'list' });
  const tip = el('div', { class: 'tip', hidden: true, 'aria-hidden': 'true' });
  let now: Looked | undefined;
  let grouping: Grouping | undefined;

  const modelOf = (of: Looked['of']): Model => (of === 'original' ? (app.original ?? app.image) : app.image);
  const hrefOf = (looked: Looked): string => {
    const { by, group, of, row } = looked;
    return routeTo('treemap', modelOf(of).path(row), {
      of: of === 'original' ? of : undefined,
      by: by === 'directory' ? undefined : by,
      group: group === -1 ? undefined : String(group),
    });
  };
  const open = (cell: Cell): void => {
    if (now === undefined) return;
    if (!cell.holds) {
      location.hash = whyOf(cell) ?? location.hash;
      return;
    }
    location.hash = hrefOf(cell.row === -1 ? { ...now, group: cell.group } : { ...now, row: cell.row });
  };
  const whyOf = (cell: Cell): string | undefined =>
    now?.of === 'image' && cell.row > 0 ? routeTo('why', app.image.path(cell.row)) : undefined;

  const board = createBoard('Treemap of bytes', {
    onPoint(cell, at) {
      tip.hidden = cell === undefined || at === undefined;
      if (cell === undefined || at === undefined || now === undefined) return;
      const model = modelOf(now.of);
      replace(
        tip,
        name(cell.row === -1 ? cell.label : model.path(cell.row)),
        el('span', {}, `${size(cell.bytes)} · ${share(cell.bytes, model.bytes[0] as number)} of the image`),
        cell.holds && el('span', {}, plural(cell.files, 'file')),
      );
      const box = board.element.getBoundingClientRect();
      const [w, h] = [tip.offsetWidth, tip.offsetHeight];
      const x = Math.min(Math.max(0, at.x + 14), Math.max(0, box.width - w - 4));
      const y = at.y + 18 + h > box.height ? Math.max(0, at.y - h - 12) : at.y + 18;
      tip.style.setProperty('transform', `translate(${x}px, ${y}px)`);
    },
    onSelect(cell) {
      if (now === undefined) return;
      showCard(cell);
      app.announce(`${cell.row === -1 ? cell.label : modelOf(now.of).path(cell.row)}, ${size(cell.bytes)}`);
    },
    onOpen: open,
    onLeave() {
      if (now === undefined) return;
      if (now.group !== -1) location.hash = hrefOf({ ...now, group: -1 });
      else if (now.row > 0) location.hash = hrefOf({ ...now, row: modelOf(now.of).parent[now.row] as number });
    },
  });
  board.element.append(tip);
  const zoomButton = (label: string, d: string, act: () => void): HTMLElement =>
    el('button', { type: 'button', class: 'round', 'aria-label': label, title: label, on: { click: act } }, icon(d));
  board.element.append(
    el(
      'div',
      { class: 'zoom' },
      zoomButton('Zoom in', 'M12 5v14M5 12h14', () => board.zoom(1.6)),
      zoomButton('Zoom out', 'M5 12h14', () => board.zoom(1 / 1.6)),
      zoomButton('Show all', 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5', () => board.reset()),
    ),
  );

  const showCard = (cell: Cell): void => {
    if (now === undefined) return;
    const model = modelOf(now.of);
    replace(card, fileCard({ app, model, cell, of: now.of }));
  };
  const showTools = (looked: Looked): void => {
    const model = modelOf(looked.of);
    replace(
      tools,
      choice(
        'By',
        groupingsFor(app.data, model).map((by) => ({
          label: BY_LABELS[by],
          href: hrefOf({ ...looked, by, group: -1 }),
          chosen: by === looked.by,
        })),
      ),
      app.original !== undefined &&
        choice(
          'Of',
          (['image', 'original'] as const).map((of) => {
            const by = of === 'original' && looked.by === 'reason' ? 'directory' : looked.by;
            const row = Math.max(0, modelOf(of).rowOf(model.path(looked.row)));
            return {
              label: of === 'image' ? 'This image' : 'The original',
              href: hrefOf({ of, by, row, group: -1 }),
              chosen: of === looked.of,
            };
          }),
        ),
    );
  };
  const showCrumbs = (looked: Looked): void => {
    const model = modelOf(looked.of);
    const rows: number[] = [];
    for (let row = looked.row; row >= 0; row = model.parent[row] as number) rows.unshift(row);
    const last = looked.group === -1 ? rows.pop() : undefined;
    replace(
      crumbs,
      el(
        'ol',
        {},
        rows.map((row) =>
          el('li', {}, el('a', { href: hrefOf({ ...looked, row, group: -1 }) }, name(labelOf(model, row)))),
        ),
        el(
          'li',
          { 'aria-current': 'location' },
          name(last === undefined ? (grouping?.names[looked.group] ?? '') : labelOf(model, last)),
        ),
      ),
    );
  };
  const showList = (looked: Looked, root: Cell): void => {
    const rows = root.children();
    replace(
      list,
      table<Cell>({
        caption: `What is in ${modelOf(looked.of).path(looked.row)}, the largest first`,
        rows,
        first: 30,
        empty: 'Nothing here has any bytes.',
        columns: [
          { label: 'Name', wide: true, cell: (cell) => cellLink(cell) },
          { label: 'Size', number: true, cell: (cell) => size(cell.bytes) },
          {
            label: 'Share',
            number: true,
            cell: (cell) => el('span', { class: 'share' }, bar(cell.bytes, root.bytes), share(cell.bytes, root.bytes)),
          },
          { label: 'Files', number: true, minor: true, cell: (cell) => plural(cell.files, 'file') },
        ],
      }),
    );
  };
  const cellLink = (cell: Cell): Node => {
    if (now === undefined) return name(cell.label);
    const isPlain = !cell.holds && whyOf(cell) === undefined;
    const href = cell.holds
      ? hrefOf(cell.row === -1 ? { ...now, group: cell.group } : { ...now, row: cell.row })
      : (whyOf(cell) ?? '');
    const label = cell.row > 0 && cell.holds ? `${cell.label}/` : cell.label;
    const swatch = el('span', {
      class: `swatch ${cell.colour === MIXED ? 'mixed' : `fill-${cell.colour}`}`,
      'aria-hidden': 'true',
    });
    return el('span', { class: 'cell-name' }, swatch, isPlain ? name(label) : el('a', { href }, name(label)));
  };

  const element = el(
    'div',
    { class: 'view treemap' },
    heading,
    tools,
    crumbs,
    el(
      'div',
      { class: 'board-and-side' },
      el('div', { class: 'board-column' }, board.element, el('p', { id: 'board-keys', class: 'note' }, ARROWS)),
      side,
    ),
    el('section', { class: 'below', 'aria-label': 'The same as a table' }, list),
  );
  side.append(card, keys);

  return {
    element,
    update(route: Route) {
      const looked = lookedAt(app, route);
      const model = modelOf(looked.of);
      if (grouping === undefined || now?.by !== looked.by || now.of !== looked.of)
        grouping = groupingOf(looked.by, model, app.data);
      const same = now?.by === looked.by && now.of === looked.of;
      now = looked;
      const scope = { model, grouping, row: looked.row, group: looked.group };
      const root = cellsOf(scope);
      board.canvas.setAttribute(
        'aria-label',
        `Treemap of ${looked.of === 'original' ? 'the original' : 'the image'}, ${BY_LABELS[looked.by].toLowerCase()}`,
      );
      showTools(looked);
      showCrumbs(looked);
      showCard(root);
      replace(keys, legend(scope, root), foldedNote(model));
      showList(looked, root);
      board.show(
        root,
        same ? { row: looked.group === -1 ? looked.row : -1, group: looked.group } : { row: -2, group: -2 },
      );
    },
    recolour: board.repaint,
    stop: board.stop,
  };
}

/** What a route asks for, as far as it is there. */
function lookedAt(app: App, { path, query }: Route): Looked {
  const of = query.get('of') === 'original' && app.original !== undefined ? 'original' : 'image';
  const model = of === 'original' ? (app.original as Model) : app.image;
  const asked = query.get('by');
  const by = groupingsFor(app.data, model).find((known) => known === asked) ?? 'directory';
  const row = model.rowOf(path);
  const folder = row === -1 ? 0 : model.isFolder(row) ? row : Math.max(0, model.parent[row] as number);
  const group = Number(query.get('group') ?? -1);
  return { of, by, row: folder, group: by === 'directory' || by === 'fate' || !Number.isInteger(group) ? -1 : group };
}

/** Of an image with very many files. */
function foldedNote({ image: { nodes } }: Model): HTMLElement | null {
  return nodes.folded === null
    ? null
    : el(
        'p',
        { class: 'note' },
        `There are too many files to show each: what has less than ${size(nodes.folded.below)} is taken together, folder by folder.`,
      );
}
