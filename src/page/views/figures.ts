import { el } from '../dom.ts';

/** A few numbers that say the most, beside each other. */
export function tiles(rows: readonly (readonly [label: string, figure: string, note: string | null])[]): HTMLElement {
  return el(
    'dl',
    { class: 'tiles' },
    rows.map(([label, figure, note]) =>
      el(
        'div',
        {},
        el('dt', {}, label),
        el('dd', { class: 'figure' }, figure),
        note === null ? null : el('dd', { class: 'note' }, note),
      ),
    ),
  );
}
