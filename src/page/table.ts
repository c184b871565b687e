import { el } from './dom.ts';
import { count } from './text.ts';

export interface Column<Row> {
  readonly label: string;
  /** Right-aligned, digits below each other. */
  readonly number?: boolean;
  /** Goes where there is little room. */
  readonly minor?: boolean;
  /** Gets most of the room, or much of it. */
  readonly wide?: boolean;
  readonly room?: boolean;
  readonly cell: (row: Row) => Node | string;
}

const STEP = 100;

/** A table that begins with so many rows; the rest comes when it is asked for. */
export function table<Row>(options: {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly first?: number;
  /** How many there are, when `rows` are only the first of them. */
  readonly all?: number;
  readonly empty?: string;
}): HTMLElement {
  const { caption, columns, first = 50, rows } = options;
  const all = options.all ?? rows.length;
  if (rows.length === 0) return el('p', { class: 'empty' }, options.empty ?? 'There is nothing of that kind.');
  const body = el('tbody');
  const more = el('button', { type: 'button', class: 'quiet', on: { click: () => add(STEP) } });
  const add = (howMany: number): void => {
    const start = body.childElementCount;
    for (const row of rows.slice(start, start + howMany))
      body.append(
        el(
          'tr',
          {},
          columns.map((column, at) =>
            el(
              at === 0 ? 'th' : 'td',
              at === 0 ? { scope: 'row', class: classOf(column) } : { class: classOf(column) },
              column.cell(row),
            ),
          ),
        ),
      );
    const left = rows.length - body.childElementCount;
    const cut = all - rows.length;
    more.hidden = left === 0;
    more.textContent = `Show ${count(Math.min(STEP, left))} more of ${count(left)}`;
    rest.hidden = left > 0 || cut === 0;
    rest.textContent = `${count(cut)} smaller ones are not listed.`;
  };
  const rest = el('p', { class: 'note' });
  const element = el(
    'div',
    { class: 'table-frame' },
    el(
      'table',
      {},
      el('caption', { class: 'unseen' }, caption),
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          columns.map((column) => el('th', { scope: 'col', class: classOf(column) }, column.label)),
        ),
      ),
      body,
    ),
    more,
    rest,
  );
  add(first);
  return element;
}

function classOf<Row>({ minor, number, room, wide }: Column<Row>): string {
  const names = { number, minor, wide, room };
  return Object.entries(names)
    .flatMap(([name, isSo]) => (isSo === true ? [name] : []))
    .join(' ');
}

/** A bar as long as a part of a whole. */
export function bar(part: number, whole: number, kind = ''): HTMLElement {
  const width = whole === 0 ? 0 : (part / whole) * 100;
  return el(
    'span',
    { class: `bar ${kind}`.trim(), 'aria-hidden': 'true' },
    el('span', { css: { width: `${width.toFixed(2)}%` } }),
  );
}
