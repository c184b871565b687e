import { el } from './dom.ts';

/** Links beside each other of which one is chosen: each has an address of its own. */
export function choice(
  label: string,
  options: readonly { readonly label: string; readonly href: string; readonly chosen: boolean }[],
): HTMLElement {
  return el(
    'div',
    { class: 'choice', role: 'group', 'aria-label': label },
    el('span', { class: 'choice-label', 'aria-hidden': 'true' }, label),
    el(
      'span',
      { class: 'segments' },
      options.map(({ chosen, href, label: text }) =>
        el('a', { href, 'aria-current': chosen ? 'true' : undefined }, text),
      ),
    ),
  );
}
