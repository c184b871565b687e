import type { Timeline, TimelineRow } from '../../explain/explore/types.ts';
import type { App, View } from '../app.ts';
import { el, name, path, replace } from '../dom.ts';
import type { Model } from '../model.ts';
import { routeTo, type Route } from '../route.ts';
import { table } from '../table.ts';
import { count, plural, share, size } from '../text.ts';
import { tiles } from './figures.ts';

/** How much a file was used: opened at the start, opened later, only looked for, not at all. */
const HEAT = ['hot', 'warm', 'looked', 'cold'] as const;
const HEAT_LABELS = ['opened at the start', 'opened later', 'looked for, not opened', 'never asked for'] as const;

/** What was used when, by a profile. */
export function timelineView(app: App): View {
  const element = el('div', { class: 'view timeline' });
  return {
    element,
    update({ query }: Route) {
      const { timeline } = app.data;
      if (timeline === null) {
        replace(element, el('h2', { class: 'unseen' }, 'Start-up'), noProfile(app.data.image.reference));
        return;
      }
      const asked = Number(query.get('phase') ?? 0);
      const phase = timeline.phases[asked] === undefined ? 0 : asked;
      const used = usesOf(app.image, timeline);
      replace(
        element,
        el('h2', { class: 'unseen' }, 'What is used when'),
        heatTiles(app.image, used),
        phases(app.image, timeline, used, phase),
        phaseFiles(app.image, timeline, used, phase),
        heatOfPackages(app.image, used),
      );
    },
  };
}

function noProfile(reference: string): HTMLElement {
  return el(
    'div',
    { class: 'hint' },
    el('h3', {}, 'Nothing is known of how it runs'),
    el('p', {}, 'Record what the image asks for while it starts and answers, and show that:'),
    el(
      'pre',
      { class: 'command' },
      `tare observe ${reference} -o app.profile.json\ntare explore ${reference} --profile app.profile.json`,
    ),
  );
}

interface Uses {
  /** By row: place in `HEAT`. */
  readonly heat: Uint8Array;
  /** By phase: what was first asked for in it, the largest first. */
  readonly first: readonly (readonly TimelineRow[])[];
  /** By phase: bytes that were first opened in it. */
  readonly bytes: readonly number[];
}

function usesOf(model: Model, { accesses, phases: names, rows }: Timeline): Uses {
  const opening = new Set(accesses.flatMap((how, at) => (how === 'open' || how === 'exec' ? [at] : [])));
  const heat = new Uint8Array(model.count).fill(3);
  const first: TimelineRow[][] = names.map(() => []);
  const bytes = names.map(() => 0);
  for (const row of rows) {
    const [file, when, how] = row;
    const phase = when[0] ?? 0;
    const opened = how.some((access) => opening.has(access)) && !model.isFolder(file);
    heat[file] = !opened ? 2 : phase === 0 ? 0 : 1;
    first[phase]?.push(row);
    if (opened) bytes[phase] = (bytes[phase] ?? 0) + (model.bytes[file] as number);
  }
  for (const list of first) list.sort(([a], [b]) => weightOf(model, b) - weightOf(model, a) || a - b);
  return { heat, first, bytes };
}

/** A folder that was listed weighs nothing. */
const weightOf = (model: Model, row: number): number => (model.isFolder(row) ? 0 : (model.bytes[row] as number));

function heatTiles(model: Model, { heat }: Uses): HTMLElement {
  const bytes = HEAT.map(() => 0);
  const files = HEAT.map(() => 0);
  for (let row = 0; row < model.count; row++) {
    if (model.isFolder(row)) continue;
    const kind = heat[row] as number;
    bytes[kind] = (bytes[kind] ?? 0) + (model.bytes[row] as number);
    files[kind] = (files[kind] ?? 0) + (model.files[row] as number);
  }
  const whole = model.bytes[0] as number;
  return tiles(
    HEAT.map((_, kind) => {
      const label = HEAT_LABELS[kind] ?? '';
      return [
        label[0]?.toUpperCase() + label.slice(1),
        size(bytes[kind] ?? 0),
        `${plural(files[kind] ?? 0, 'file')}, ${share(bytes[kind] ?? 0, whole)}`,
      ] as const;
    }),
  );
}

/** Each phase begins where the one before ended: how the bytes that are opened add up. */
function phases(model: Model, timeline: Timeline, uses: Uses, chosen: number): HTMLElement {
  const whole = uses.bytes.reduce((sum, bytes) => sum + bytes, 0);
  let before = 0;
  return el(
    'section',
    { class: 'detail', 'aria-labelledby': 'phases-title' },
    el('h3', { id: 'phases-title' }, 'What was opened first when'),
    el(
      'ol',
      { class: 'phases' },
      timeline.phases.map((phase, at) => {
        const bytes = uses.bytes[at] ?? 0;
        const row = el(
          'li',
          {},
          el(
            'a',
            {
              href: routeTo('timeline', '/', { phase: at === 0 ? undefined : String(at) }),
              'aria-current': at === chosen ? 'true' : undefined,
            },
            el('span', { class: 'phase-name' }, name(at === 0 ? 'Start' : phase)),
            el(
              'span',
              { class: 'lane', 'aria-hidden': 'true' },
              el('span', {
                class: at === 0 ? 'hot' : 'warm',
                css: {
                  'margin-left': `${((before / Math.max(1, whole)) * 100).toFixed(2)}%`,
                  width: `${((bytes / Math.max(1, whole)) * 100).toFixed(2)}%`,
                },
              }),
            ),
            el('span', { class: 'number' }, size(bytes)),
            el('span', { class: 'number note' }, plural(uses.first[at]?.length ?? 0, 'path')),
          ),
        );
        before += bytes;
        return row;
      }),
    ),
    el(
      'p',
      { class: 'note' },
      `A profile keeps the phase in which a path was first asked for, and no clock. Recorded on ${timeline.platforms.join(', ')}`,
      timeline.missing === 0
        ? '.'
        : `; ${plural(timeline.missing, 'path')} of it ${timeline.missing === 1 ? 'is' : 'are'} not in this image.`,
      ` ${share(whole, model.bytes[0] as number)} of the image was opened.`,
    ),
  );
}

function phaseFiles(model: Model, timeline: Timeline, { first }: Uses, phase: number): HTMLElement {
  const rows = first[phase] ?? [];
  return el(
    'section',
    { class: 'detail', 'aria-labelledby': 'phase-title' },
    el(
      'h3',
      { id: 'phase-title' },
      'First asked for in ',
      name(phase === 0 ? 'the start' : (timeline.phases[phase] ?? '')),
    ),
    table<TimelineRow>({
      caption: 'Paths that this phase asked for first, the largest first',
      rows,
      first: 25,
      columns: [
        {
          label: 'Path',
          wide: true,
          cell: ([row]) => el('a', { href: routeTo('why', model.path(row)) }, path(model.path(row))),
        },
        {
          label: 'Size',
          number: true,
          cell: ([row]) => (model.isFolder(row) ? '–' : size(model.bytes[row] as number)),
        },
        { label: 'How', cell: ([, , how]) => how.map((at) => timeline.accesses[at] ?? '').join(', ') },
        {
          label: 'By',
          minor: true,
          cell: ([, , , by]) => name(by.map((at) => timeline.programs[at] ?? '').join(', ')),
        },
      ],
    }),
  );
}

/** How much of each package is used. */
function heatOfPackages(model: Model, { heat }: Uses): HTMLElement {
  const { nodes, packages } = model.image;
  const sums = new Map<number, number[]>();
  for (let row = 0; row < model.count; row++) {
    const bytes = weightOf(model, row);
    if (bytes === 0) continue;
    const owner = nodes.package[row] as number;
    const sum = sums.get(owner) ?? [0, 0, 0, 0];
    const kind = heat[row] as number;
    sum[kind] = (sum[kind] ?? 0) + bytes;
    sums.set(owner, sum);
  }
  const total = (sum: readonly number[]): number => sum.reduce((all, bytes) => all + bytes, 0);
  const rows = [...sums].sort(([a, one], [b, two]) => total(two) - total(one) || a - b);
  const largest = Math.max(1, ...rows.map(([, sum]) => total(sum)));
  return el(
    'section',
    { class: 'detail', 'aria-labelledby': 'heat-title' },
    el('h3', { id: 'heat-title' }, 'Hot and cold, by package'),
    el(
      'ul',
      { class: 'heat-legend' },
      HEAT.map((kind, at) =>
        el('li', {}, el('span', { class: `swatch ${kind}`, 'aria-hidden': 'true' }), HEAT_LABELS[at]),
      ),
    ),
    table<(typeof rows)[number]>({
      caption: 'Packages, and how much of each is used',
      rows,
      first: 20,
      columns: [
        { label: 'Package', wide: true, cell: ([owner]) => name(packages[owner]?.name ?? 'no package') },
        {
          label: 'Used',
          minor: true,
          cell: ([, sum]) =>
            el(
              'span',
              { class: 'heat', 'aria-hidden': 'true' },
              sum.map((bytes, kind) =>
                bytes === 0
                  ? null
                  : el('span', { class: HEAT[kind] ?? '', css: { width: `${((bytes / largest) * 100).toFixed(2)}%` } }),
              ),
            ),
        },
        { label: 'Opened', number: true, cell: ([, [hot = 0, warm = 0]]) => size(hot + warm) },
        { label: 'Never', number: true, cell: ([, [, , , cold = 0]]) => size(cold) },
      ],
    }),
    el(
      'p',
      { class: 'note' },
      `${count(rows.length)} rows; what is not opened by these probes may be needed by others.`,
    ),
  );
}
