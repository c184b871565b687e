import type { About } from '../../explain/explore/types.ts';
import type { App } from '../app.ts';
import { el, path } from '../dom.ts';
import type { Model } from '../model.ts';
import { routeTo } from '../route.ts';
import { table } from '../table.ts';
import { plural } from '../text.ts';

/** What people should look at, one line each. */
export function findingsIn({ counts, missing, user }: About): readonly string[] {
  return [
    ...(user.root ? ['It runs as root'] : []),
    ...(counts.secrets === 0 ? [] : [plural(counts.secrets, 'suspected secret')]),
    ...(counts.special === 0
      ? []
      : [plural(counts.special, 'file with special permissions', 'files with special permissions')]),
    ...(missing.length === 0
      ? []
      : [plural(counts.missing, 'library or version that is missing', 'libraries or versions that are missing')]),
  ];
}

export function worthALook({ data: { image } }: App): HTMLElement {
  const found = findingsIn(image.about);
  const { user } = image.about;
  return el(
    'section',
    { class: found.length === 0 ? 'findings fine' : 'findings', 'aria-labelledby': 'findings-title' },
    el('h3', { id: 'findings-title' }, found.length === 0 ? 'Nothing stands out' : 'Worth a look'),
    el(
      'ul',
      {},
      found.length === 0
        ? el(
            'li',
            {},
            `No suspected secrets, no special permissions, nothing missing; it runs as ${user.text === '' ? 'root' : user.text}.`,
          )
        : found.map((line) => el('li', {}, line)),
    ),
  );
}

function section(title: string, id: string, content: Node): HTMLElement {
  return el('section', { class: 'detail', 'aria-labelledby': id }, el('h3', { id }, title), content);
}

/** The lists behind the lines, and the certificates. */
export function findingLists(app: App): readonly (HTMLElement | null)[] {
  const { certificates, counts, missing, secrets, special } = app.data.image.about;
  const link = (place: string): Node => linkTo(app.image, place);
  return [
    secrets.length === 0
      ? null
      : section(
          'Suspected secrets',
          'secrets-title',
          table<About['secrets'][number]>({
            caption: 'Suspected secrets: where they are and what they look like',
            rows: secrets,
            all: counts.secrets,
            columns: [
              { label: 'Where', wide: true, cell: (row) => link(row.path) },
              { label: 'Kind', cell: ({ kind }) => kind },
              {
                label: 'Line',
                number: true,
                minor: true,
                cell: ({ line }) => (line === undefined ? '–' : String(line)),
              },
              {
                label: 'Layer',
                minor: true,
                cell: ({ hidden, layer }) =>
                  layer === undefined
                    ? '–'
                    : `${layer}${hidden === true ? ', deleted later, shipped all the same' : ''}`,
              },
            ],
          }),
        ),
    missing.length === 0
      ? null
      : section(
          'Missing libraries',
          'missing-title',
          table<About['missing'][number]>({
            caption: 'What programs and libraries ask for and this image does not have',
            rows: missing,
            all: counts.missing,
            columns: [
              { label: 'File', wide: true, cell: (row) => link(row.path) },
              { label: 'Library', cell: ({ library }) => library },
              { label: 'Version', cell: ({ symbol }) => (symbol === '' ? 'the library itself' : symbol) },
            ],
          }),
        ),
    special.length === 0
      ? null
      : section(
          'Special permissions',
          'special-title',
          table<About['special'][number]>({
            caption: 'Files with special permissions',
            rows: special,
            all: counts.special,
            first: 20,
            columns: [
              { label: 'Path', wide: true, cell: (row) => link(row.path) },
              { label: 'Mode', number: true, cell: ({ mode }) => mode },
              { label: 'What', cell: ({ kinds }) => kinds.join(', ') },
            ],
          }),
        ),
    certificates.length === 0
      ? null
      : section(
          'Certificates',
          'certificates-title',
          table<About['certificates'][number]>({
            caption: 'Files with certificates',
            rows: certificates,
            all: counts.certificates,
            first: 10,
            columns: [
              { label: 'Path', wide: true, cell: (row) => link(row.path) },
              { label: 'Certificates', number: true, cell: ({ count }) => String(count) },
              { label: 'The first ends', number: true, cell: ({ notAfter }) => notAfter?.replace(/T.*/, '') ?? '–' },
            ],
          }),
        ),
  ];
}

/** Settings and the history are no paths. */
function linkTo(model: Model, place: string): Node {
  return place.startsWith('/') && model.rowOf(place) !== -1
    ? el('a', { href: routeTo('why', place) }, path(place))
    : path(place);
}
