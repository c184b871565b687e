import { el, icon } from './dom.ts';
import { parseRoute, routeTo } from './route.ts';

/** The field of the search; `/` leads there from anywhere. What is typed becomes the address, so that a search can be passed on. */
export function searchBox(): { readonly element: HTMLElement; follow(): void } {
  const input = el('input', {
    type: 'search',
    id: 'search',
    placeholder: 'Path, package or glob',
    'aria-label': 'Search by path, package or glob',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-keyshortcuts': '/',
  });
  let before = '';
  const go = (): void => {
    const query = input.value;
    const isSearch = parseRoute(location.hash).view === 'search';
    if (!isSearch) before = location.hash;
    // A search that goes on is one step of the history, not one for each letter.
    const next = query === '' && isSearch ? before || routeTo('treemap') : routeTo('search', '/', { q: query });
    if (isSearch) location.replace(next);
    else if (query !== '') location.hash = next;
  };
  input.addEventListener('input', go);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      input.value = '';
      go();
      input.blur();
    }
    if (event.key === 'Enter') {
      go();
      document.querySelector<HTMLElement>('#view a')?.focus();
    }
  });
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
  return {
    element: el(
      'div',
      { class: 'search', role: 'search' },
      icon('M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20 20'),
      input,
      el('kbd', { 'aria-hidden': 'true' }, '/'),
    ),
    follow() {
      const { query, view } = parseRoute(location.hash);
      const text = view === 'search' ? (query.get('q') ?? '') : '';
      if (input.value !== text && (document.activeElement !== input || view !== 'search')) input.value = text;
    },
  };
}
