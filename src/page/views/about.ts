import type { App, View } from '../app.ts';
import { el, name, path, replace } from '../dom.ts';
import { routeTo } from '../route.ts';
import { table } from '../table.ts';

/** Settings of the image, and what was found in it. */
export function aboutView(app: App): View {
  const element = el('div', { class: 'view about' });
  return {
    element,
    update() {
      replace(
        element,
        el('h2', { class: 'unseen' }, 'About the image'),
        identity(app),
        contents(app),
        settings(app),
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
    { class: 'facts wide' },
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
  const { os, runtimes } = image.about;
  return section(
    'What is in it',
    'about-contents',
    pairs([
      ['Distribution', os === null ? 'none that says so' : `${os.id} ${os.version ?? ''}`.trim()],
      [
        'Run times',
        runtimes.length === 0
          ? 'none that is known'
          : el(
              'ul',
              { class: 'plain' },
              runtimes.map((row) =>
                el(
                  'li',
                  {},
                  `${row.name} ${row.version} `,
                  el('a', { href: routeTo('why', row.path) }, path(row.path)),
                ),
              ),
            ),
      ],
      ['Packages', packagesOf(image.packages.map(({ manager }) => manager))],
    ]),
  );
}

function packagesOf(managers: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const manager of managers) counts.set(manager, (counts.get(manager) ?? 0) + 1);
  return [...counts].map(([manager, number]) => `${number} of ${manager}`).join(', ') || 'none on record';
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
