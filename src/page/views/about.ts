import type { ExploredImage, FoundPart } from '../../explain/explore/types.ts';
import type { App, View } from '../app.ts';
import { el, name, path, replace } from '../dom.ts';
import { routeTo } from '../route.ts';
import { table } from '../table.ts';
import { plural } from '../text.ts';
import { findingLists, worthALook } from './findings.ts';

/** Settings of the image, and what was found in it. */
export function aboutView(app: App): View {
  const element = el('div', { class: 'view about' });
  return {
    element,
    update() {
      replace(
        element,
        el('h2', { class: 'unseen' }, 'About the image'),
        worthALook(app),
        contents(app),
        settings(app),
        findingLists(app),
        identity(app),
        history(app),
      );
    },
  };
}

function section(title: string, id: string, ...children: readonly (Node | null)[]): HTMLElement {
  return el('section', { class: 'detail', 'aria-labelledby': id }, el('h3', { id }, title), children);
}

function pairs(rows: readonly (readonly [string, Node | string | null])[]): HTMLElement {
  return el(
    'dl',
    { class: 'facts roomy' },
    rows.map(([label, value]) => (value === null ? null : [el('dt', {}, label), el('dd', {}, value)])),
  );
}

function identity({ data: { image, original } }: App): HTMLElement {
  return section(
    'Identity',
    'about-identity',
    pairs([
      ['Reference', path(image.reference)],
      ['Digest', el('code', {}, image.digest)],
      ['Platform', image.platform],
      ['Created', image.created],
      ['Original', original === null ? null : path(original.reference)],
      ['Digest of the original', original === null ? null : el('code', {}, original.digest)],
    ]),
  );
}

function contents({ data: { image } }: App): HTMLElement {
  const { age, go, libc, os, packages, runtimes } = image.about;
  const parts = (rows: readonly FoundPart[], none: string): Node | string =>
    rows.length === 0
      ? none
      : el(
          'ul',
          { class: 'plain' },
          rows.map((row) =>
            el(
              'li',
              {},
              `${row.name} ${row.version ?? ''} `,
              el('a', { href: routeTo('why', row.path) }, path(row.path)),
            ),
          ),
        );
  return section(
    'What is in it',
    'about-contents',
    pairs([
      ['Distribution', os === null ? 'none that says so' : `${os.id} ${os.version ?? ''}`.trim()],
      ['Run times', parts(runtimes, 'none that is known')],
      ['C library', parts(libc, 'none')],
      ['Go programs', go.length === 0 ? null : goPrograms(go)],
      [
        'Packages',
        packages
          .map(({ count, manager, partial }) => `${count} of ${manager}${partial === 0 ? '' : ` (${partial} in part)`}`)
          .join(', ') || 'none on record',
      ],
      ['Age of the parts', ages(age)],
    ]),
  );
}

function goPrograms(programs: ExploredImage['about']['go']): HTMLElement {
  return el(
    'ul',
    { class: 'plain' },
    programs.map(({ modules, name: module, path: place, toolchain, version }) =>
      el(
        'li',
        {},
        el(
          'details',
          {},
          el(
            'summary',
            {},
            path(place),
            `: ${module} ${version ?? ''}, built with Go ${toolchain}, ${plural(modules.length, 'module')}`,
          ),
          el(
            'ul',
            { class: 'plain' },
            modules.map((row) => el('li', {}, el('code', {}, `${row.name} ${row.version ?? ''}`))),
          ),
        ),
      ),
    ),
  );
}

const day = (date: string): string => date.replace(/T.*/, '');

/** The parts one by one are for those who ask. */
function ages({ base, created, newest, parts }: ExploredImage['about']['age']): Node | string {
  const rows = [
    ...(created === null ? [] : [`the image says ${day(created)}`]),
    ...(base === null ? [] : [`its base: ${day(base.date)}, from ${base.from}`]),
    ...(newest === null ? [] : [`the newest in it: ${day(newest.date)}, ${newest.what}`]),
  ];
  const list = (lines: readonly string[]): HTMLElement =>
    el(
      'ul',
      { class: 'plain' },
      lines.map((line) => el('li', {}, name(line))),
    );
  if (rows.length === 0 && parts.length === 0) return 'nothing in it has a date';
  const all = parts.map((part) => `${day(part.date)} ${part.name}`);
  return el(
    'div',
    {},
    list(rows),
    parts.length === 0 ? null : el('details', {}, el('summary', {}, plural(parts.length, 'dated part')), list(all)),
  );
}

function settings({ data: { image } }: App): HTMLElement {
  const { annotations, config } = image.about;
  return section(
    'Settings',
    'about-settings',
    pairs([
      ...config.map(([label, values]) => [label, list(values)] as const),
      ['Annotations', annotations.length === 0 ? null : list(annotations.map(([key, value]) => `${key}=${value}`))],
    ]),
  );
}

function list(values: readonly string[]): HTMLElement {
  return el(
    'ul',
    { class: 'plain' },
    values.map((value) => el('li', {}, el('code', {}, name(value, '')))),
  );
}

function history({ data: { image } }: App): HTMLElement | null {
  const { steps } = image.layers;
  if (steps.length === 0) return null;
  return section(
    'History',
    'about-history',
    table<(typeof steps)[number]>({
      caption: 'How the image was made, the oldest step first',
      rows: steps,
      columns: [
        { label: 'Instruction', wide: true, cell: (step) => el('code', {}, step.instruction) },
        {
          label: 'Layer',
          number: true,
          cell: ({ layer }) =>
            layer === null ? '–' : el('a', { href: routeTo('layers', `/${layer}`) }, String(layer)),
        },
        { label: 'Created', minor: true, cell: (step) => step.created?.replace(/T.*/, '') ?? '' },
      ],
    }),
  );
}
