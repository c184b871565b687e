import type { App, ViewKind } from './app.ts';
import { el, path, svg } from './dom.ts';
import { routeTo } from './route.ts';
import { findingsIn } from './views/findings.ts';
import { change, count, plural, shortDigest, size } from './text.ts';

/** The mark and the name of the tool. */
export function brand(): HTMLElement {
  return el(
    'a',
    { class: 'brand', href: routeTo('treemap'), 'aria-label': 'tare: to the treemap' },
    svg(
      'svg',
      { viewBox: '0 0 32 32', 'aria-hidden': 'true' },
      svg('rect', { width: '32', height: '32', rx: '8' }),
      svg('path', { d: 'M7 23h18M16 23v-5M9 18h14M11 9h10v9H11z' }),
    ),
    el('span', {}, 'tare'),
  );
}

/** What the image is and what it weighs; beside its original, how much is left of that. */
export function summary({ data }: App): HTMLElement {
  const { image, original } = data;
  return el(
    'section',
    { class: original === null ? 'summary' : 'summary compared', 'aria-label': 'The image' },
    el(
      'div',
      { class: 'title' },
      el('h1', {}, path(image.reference)),
      el(
        'p',
        { class: 'note' },
        [image.platform, image.created?.replace(/T.*/, ''), shortDigest(image.digest)]
          .filter((part) => part !== undefined && part !== '')
          .join(' · '),
      ),
      original === null ? null : el('p', { class: 'note' }, 'compared with ', path(original.reference)),
    ),
    original === null ? figures(image.size, image.files, image.layers.rows.length) : comparison(data.image, original),
  );
}

function figures(sizes: { readonly disk: number; readonly wire: number }, files: number, layers: number): HTMLElement {
  return el(
    'dl',
    { class: 'figures' },
    (
      [
        ['On disk', size(sizes.disk)],
        ['On the wire', size(sizes.wire)],
        ['Files', count(files)],
        ['Layers', count(layers)],
      ] as const
    ).map(([label, value]) => el('div', {}, el('dt', {}, label), el('dd', { class: 'figure' }, value))),
  );
}

function comparison(image: App['data']['image'], original: App['data']['image']): HTMLElement {
  const row = (label: string, before: number, after: number): HTMLElement =>
    el(
      'div',
      { class: 'versus' },
      el('dt', {}, label),
      el('dd', { class: 'figure' }, size(after)),
      el('dd', { class: 'delta' }, change(before, after)),
      el(
        'dd',
        { class: 'track', 'aria-hidden': 'true' },
        el('span', { class: 'after', css: { width: `${((after / Math.max(before, after, 1)) * 100).toFixed(2)}%` } }),
      ),
      el('dd', { class: 'note' }, `of ${size(before)}`),
    );
  return el(
    'dl',
    { class: 'versus-list' },
    row('On disk', original.size.disk, image.size.disk),
    row('On the wire', original.size.wire, image.size.wire),
    el(
      'div',
      { class: 'versus plain' },
      el('dt', {}, 'Files'),
      el('dd', { class: 'figure' }, count(image.files)),
      el(
        'dd',
        { class: 'delta' },
        change(original.files, image.files)
          .replace('smaller', 'fewer')
          .replace('larger', 'more')
          .replace('same size', 'as many'),
      ),
      el('dd', { class: 'note' }, `of ${count(original.files)}, in ${plural(image.layers.rows.length, 'layer')}`),
    ),
  );
}

/** The links to the views. */
export function tabs(
  app: App,
  kinds: readonly ViewKind[],
): { readonly element: HTMLElement; mark(view: string): void } {
  const links = kinds.map(
    ({ label, name }) =>
      [name, el('a', { href: routeTo(name) }, label, name === 'about' ? [' ', badge(app)] : null)] as const,
  );
  return {
    element: el(
      'nav',
      { class: 'tabs', 'aria-label': 'Views' },
      el(
        'ul',
        {},
        links.map(([, link]) => el('li', {}, link)),
      ),
    ),
    mark(view) {
      for (const [name, link] of links)
        if (name === view) {
          link.setAttribute('aria-current', 'page');
          // In a narrow window there is not room for all of them.
          link.scrollIntoView({ block: 'nearest', inline: 'nearest' });
        } else link.removeAttribute('aria-current');
    },
  };
}

/** How many findings there are. */
function badge({ data: { image } }: App): HTMLElement | null {
  const found = findingsIn(image.about).length;
  return found === 0
    ? null
    : el(
        'span',
        { class: 'badge' },
        String(found),
        el('span', { class: 'unseen' }, found === 1 ? ' finding' : ' findings'),
      );
}
