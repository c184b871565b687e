import type { NeedTable } from '../../explain/explore/types.ts';
import type { App } from '../app.ts';
import { el, name, path } from '../dom.ts';
import { reasonName } from '../groupings.ts';
import type { Needs } from '../needs.ts';
import { routeTo } from '../route.ts';
import { bar, table } from '../table.ts';
import { plural, size } from '../text.ts';
import { tiles } from './figures.ts';

export function needHref({ manager, name: names }: NeedTable, id: number): string {
  const own = names[id] as string;
  return manager[id] === null ? routeTo('why', own) : routeTo('why', '/', { package: own });
}

export function needLabel({ manager, name: names, version }: NeedTable, id: number): Node {
  const own = names[id] as string;
  if (manager[id] === null) return path(own);
  return el('span', {}, name(own), el('span', { class: 'note version' }, ` ${version[id] ?? ''} ${manager[id] ?? ''}`));
}

/** What a need weighs, what it brings along, and what needs it. */
export function needCard(app: App, needs: Needs, id: number): HTMLElement {
  const { table: all } = needs;
  const keeps = all.keeps[id] as number;
  const own = all.size[id] as number;
  const isPackage = all.manager[id] !== null;
  return el(
    'div',
    { class: 'need' },
    tiles([
      ['Would save', size(keeps), 'if nothing needed it any more'],
      [
        'Own files',
        size(own),
        `${plural(all.files[id] as number, 'file')}${isPackage ? ` of ${all.name[id] ?? ''}` : ''}`,
      ],
      ['Brings along', size(keeps - own), 'what nothing else needs'],
    ]),
    drags(needs, id),
    neededBy(app, needs, id),
  );
}

const FIRST = 12;

function drags(needs: Needs, id: number): HTMLElement | null {
  if (needs.drags(id).every((below) => needs.table.keeps[below] === 0)) return null;
  return el(
    'section',
    { class: 'detail', 'aria-labelledby': 'drags-title' },
    el('h3', { id: 'drags-title' }, 'It brings along'),
    dragList(needs, id, needs.table.keeps[id] as number),
  );
}

/** What is below unfolds when it is asked for: circles are not possible, chains are long. */
function dragList(needs: Needs, id: number, whole: number): HTMLElement {
  const { table: all } = needs;
  const ids = needs.drags(id).filter((below) => (all.keeps[below] as number) > 0);
  const list = el('ul', { class: 'drags' });
  const more = el(
    'button',
    { type: 'button', class: 'quiet', on: { click: () => add(ids.length) } },
    `Show all ${ids.length}`,
  );
  const add = (upTo: number): void => {
    for (const below of ids.slice(list.childElementCount, upTo)) list.append(item(below));
    more.hidden = list.childElementCount === ids.length;
  };
  const item = (below: number): HTMLElement => {
    const keeps = all.keeps[below] as number;
    const line = [
      el('a', { href: needHref(all, below) }, needLabel(all, below)),
      el('span', { class: 'share' }, bar(keeps, whole), size(keeps)),
    ];
    if (needs.drags(below).every((inner) => all.keeps[inner] === 0)) return el('li', { class: 'line' }, line);
    const details = el('details', {}, el('summary', { class: 'line' }, line));
    details.addEventListener('toggle', () => {
      if (details.open && details.childElementCount === 1) details.append(dragList(needs, below, whole));
    });
    return el('li', {}, details);
  };
  add(FIRST);
  return el('div', {}, list, more);
}

function neededBy(app: App, needs: Needs, id: number): HTMLElement {
  const { table: all } = needs;
  return el(
    'section',
    { class: 'detail', 'aria-labelledby': 'needed-title' },
    el('h3', { id: 'needed-title' }, 'Needed by'),
    table<ReturnType<Needs['neededBy']>[number]>({
      caption: 'All of these must go before it can',
      rows: needs.neededBy(id),
      first: 15,
      empty: 'Only by what it brings along itself.',
      columns: [
        {
          label: 'Who',
          wide: true,
          cell: ([from, , , , , fromPath]) =>
            from === 0 ? name(fromPath) : el('a', { href: needHref(all, from) }, needLabel(all, from)),
        },
        {
          label: 'How',
          cell: ([, , kind, , certainty]) => `${reasonName(kind)}${certainty === 'sure' ? '' : `, ${certainty}`}`,
        },
        {
          label: 'Because',
          minor: true,
          room: true,
          cell: ([, , , because, , fromPath, toPath]) =>
            el(
              'span',
              { class: 'because' },
              name(because),
              app.image.rowOf(toPath) === -1
                ? null
                : el('span', { class: 'note' }, path(fromPath), ' → ', path(toPath)),
            ),
        },
      ],
    }),
  );
}
