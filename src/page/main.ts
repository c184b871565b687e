import type { App, View, ViewKind } from './app.ts';
import { readData } from './data.ts';
import { el, replace } from './dom.ts';
import { brand, summary, tabs } from './header.ts';
import { createModel } from './model.ts';
import { parseRoute, type Route } from './route.ts';
import { themeButton } from './theme.ts';
import { searchBox } from './search-box.ts';
import { aboutView } from './views/about.ts';
import { diffView } from './views/diff.ts';
import { layersView } from './views/layers.ts';
import { searchView } from './views/search.ts';
import { timelineView } from './views/timeline.ts';
import { trendView } from './views/trend.ts';
import { treemapView } from './views/treemap.ts';
import { whyView } from './views/why.ts';

const KINDS: readonly [ViewKind, ...ViewKind[]] = [
  { name: 'treemap', label: 'Treemap', create: treemapView },
  { name: 'layers', label: 'Layers', create: layersView },
  { name: 'why', label: 'Why', create: whyView },
  { name: 'diff', label: 'Diff', create: diffView },
  { name: 'timeline', label: 'Start-up', create: timelineView },
  { name: 'about', label: 'About', create: aboutView },
];
/** Where a file of former sizes was named. */
const TREND: ViewKind = { name: 'trend', label: 'Trend', create: trendView };
/** Reached by typing. */
const SEARCH: ViewKind = { name: 'search', label: 'Search', create: searchView };

async function start(page: HTMLElement): Promise<void> {
  const data = await readData();
  const live = el('p', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
  const app: App = {
    data,
    image: createModel(data.image),
    original: data.original === null ? undefined : createModel(data.original),
    announce: (text) => replace(live, text),
  };
  const kinds: readonly ViewKind[] = data.trends === null ? KINDS : [...KINDS, TREND];
  const navigation = tabs(app, kinds);
  const search = searchBox();
  const main = el('main', { id: 'view', tabindex: '-1' });
  let shown: { readonly kind: ViewKind; readonly view: View } | undefined;
  const show = (route: Route): void => {
    const kind = [...kinds, SEARCH].find(({ name }) => name === route.view) ?? KINDS[0];
    if (shown?.kind !== kind) {
      shown?.view.stop?.();
      shown = { kind, view: kind.create(app) };
      replace(main, shown.view.element);
      navigation.mark(kind.name);
    }
    shown.view.update(route);
    search.follow();
    document.title = `${kind.label} · ${data.image.reference} · tare`;
  };
  replace(
    page,
    el(
      'a',
      {
        class: 'skip',
        href: '#view',
        on: {
          click: (event) => {
            event.preventDefault();
            main.focus();
          },
        },
      },
      'To the content',
    ),
    el(
      'header',
      { class: 'masthead' },
      el(
        'div',
        { class: 'bar-row' },
        brand(),
        search.element,
        themeButton(() => shown?.view.recolour?.()),
      ),
    ),
    summary(app),
    navigation.element,
    main,
    el(
      'footer',
      { class: 'foot' },
      'Made by tare. Sizes are of content: 1 MB is 10⁶ bytes. This page loads nothing from anywhere.',
    ),
    live,
  );
  addEventListener('hashchange', () => show(parseRoute(location.hash)));
  show(parseRoute(location.hash));
  page.dataset['state'] = 'open';
}

const page = document.getElementById('page');
if (page !== null)
  start(page).catch((error: unknown) => {
    page.dataset['state'] = 'failed';
    replace(page, el('p', { class: 'opening', role: 'alert' }, `The page cannot be opened: ${String(error)}`));
    throw error;
  });
