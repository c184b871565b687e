import type { TrendTable } from '../../explain/explore/types.ts';
import type { App, View } from '../app.ts';
import { choice } from '../choice.ts';
import { el, replace, svg } from '../dom.ts';
import { routeTo, type Route } from '../route.ts';
import { table } from '../table.ts';
import { change, count, plural, shortDigest, size } from '../text.ts';
import { tiles } from './figures.ts';

type Point = TrendTable['points'][number];

/** Of the drawing, which is stretched to the room that there is. */
const WIDTH = 1000;
const HEIGHT = 300;

/** What images of one name weighed, one after the other. */
export function trendView(app: App): View {
  const element = el('div', { class: 'view trend' });
  return {
    element,
    update({ query }: Route) {
      const trends = app.data.trends ?? [];
      const asked = Number(query.get('of') ?? 0);
      const at = trends[asked] === undefined ? 0 : asked;
      replace(element, el('h2', { class: 'unseen' }, 'Trend'), content(trends, at));
    },
  };
}

function content(trends: readonly TrendTable[], at: number): readonly (Node | null)[] {
  const trend = trends[at];
  const [first] = trend?.points ?? [];
  const last = trend?.points.at(-1);
  if (trend === undefined || first === undefined || last === undefined)
    return [el('p', { class: 'empty' }, 'The file holds no sizes yet.')];
  return [
    trends.length === 1 ? null : names(trends, at),
    tiles([
      ['On disk', size(last.disk), since(first.disk, last.disk)],
      ['On the wire', size(last.wire), since(first.wire, last.wire)],
      ['Files', count(last.files), `${count(first.files)} at first`],
      ['Images', count(trend.points.length), null],
    ]),
    chart(trend.points),
    sizes(trend.points),
  ];
}

/** More of them have no room beside each other. */
const MAX_CHOICES = 4;

function names(trends: readonly TrendTable[], at: number): HTMLElement {
  const options = trends.map(({ reference }, place) => ({
    label: reference,
    href: routeTo('trend', '/', { of: place === 0 ? undefined : String(place) }),
    chosen: place === at,
  }));
  if (options.length <= MAX_CHOICES) return el('div', { class: 'tools' }, choice('Of', options));
  const select = el(
    'select',
    { id: 'trend-of', on: { change: () => (location.hash = options[select.selectedIndex]?.href ?? '') } },
    options.map(({ chosen, label }) => el('option', { selected: chosen }, label)),
  );
  return el('div', { class: 'tools' }, el('label', { class: 'choice-label', for: 'trend-of' }, 'Of'), select);
}

const since = (before: number, after: number): string =>
  before === after ? 'as at first' : `${change(before, after)} than at first`;

/** Two lines over the order of the images: between two of them may lie a minute or a year. */
function chart(points: readonly Point[]): HTMLElement {
  const most = Math.max(1, ...points.map(({ disk, wire }) => Math.max(disk, wire)));
  const x = (at: number): number => (points.length === 1 ? WIDTH / 2 : (at / (points.length - 1)) * WIDTH);
  const y = (bytes: number): number => HEIGHT - (bytes / most) * HEIGHT;
  const line = (what: 'disk' | 'wire'): readonly SVGElement[] => {
    const places = points.map((point, at) => [x(at).toFixed(1), y(point[what]).toFixed(1)] as const);
    return [
      svg('polyline', { class: what, points: places.map((place) => place.join(',')).join(' ') }),
      ...places.map(([left, top]) => svg('path', { class: `dot ${what}`, d: `M${left},${top}h0` })),
    ];
  };
  const day = (point: Point | undefined): string => point?.created?.slice(0, 10) ?? '';
  return el(
    'figure',
    {},
    el('figcaption', {}, el('span', { class: 'disk' }, 'On disk'), el('span', { class: 'wire' }, 'On the wire')),
    el(
      'div',
      { class: 'chart' },
      el('div', { class: 'scale', 'aria-hidden': 'true' }, el('span', {}, size(most)), el('span', {}, '0')),
      svg(
        'svg',
        {
          class: 'lines',
          viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
          preserveAspectRatio: 'none',
          role: 'img',
          'aria-label': `Sizes of ${plural(points.length, 'image')}; the table below holds them`,
        },
        line('wire'),
        line('disk'),
      ),
      el(
        'div',
        { class: 'ends', 'aria-hidden': 'true' },
        el('span', {}, day(points[0])),
        el('span', {}, day(points.at(-1))),
      ),
    ),
  );
}

function sizes(points: readonly Point[]): HTMLElement {
  const rows = points.map((point, at) => ({ point, before: points[at - 1] })).reverse();
  return table<(typeof rows)[number]>({
    caption: 'Images, the newest first',
    rows,
    columns: [
      { label: 'Image', wide: true, cell: ({ point }) => el('code', {}, shortDigest(point.digest)) },
      { label: 'Created', minor: true, cell: ({ point }) => point.created?.slice(0, 10) ?? '–' },
      { label: 'On disk', number: true, cell: ({ point }) => size(point.disk) },
      {
        label: 'Than before',
        number: true,
        cell: ({ before, point }) => (before === undefined ? '–' : change(before.disk, point.disk)),
      },
      { label: 'On the wire', number: true, cell: ({ point }) => size(point.wire) },
      { label: 'Files', number: true, minor: true, cell: ({ point }) => count(point.files) },
      { label: 'Layers', number: true, minor: true, cell: ({ point }) => count(point.layers) },
    ],
  });
}
