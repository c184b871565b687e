import type { Inspection } from '../explain/inspect.ts';
import { plural } from './format.ts';
import { onOneLine } from './printable.ts';
import type { Style } from './style.ts';
import { wrapped } from './wrap.ts';

type Seen = Pick<Inspection, 'findings' | 'os' | 'runtimes'>;
type Findings = Inspection['findings'];

/** Rows of a list that people are shown; `--json` has the rest. */
const MAX_SHOWN = 10;
/** Paths of one kind of special files. */
const SHOWN_PATHS = 4;
/** As wide as the longest kind. */
const KIND_COLUMNS = 8;
const KINDS = [
  ['setuid', 'setuid'],
  ['setgid', 'setgid'],
  ['capabilities', 'caps'],
  ['world-writable', 'writable'],
] as const;
/** Small is not fresh, and neither is it told by what a reproducible build leaves. */
const UNDATED = 'unknown: no date in it says how old it is';
/** Of a time: `2024-01-31`. */
const DAY_CHARS = 10;

/** One line each, empty where there is nothing to say. */
export function findingFacts({ findings, os }: Seen): readonly (readonly [name: string, value: string])[] {
  const { age, packages } = findings;
  const libc = [...new Set(findings.libc.map(({ name, version }) => words(name, version)))];
  return [
    ['system', [os === null ? 'none' : words(os.id, os.version), ...libc].join(', ')],
    ['packages', packages.map(packagesText).join(', ')],
    ['user', userText(findings)],
    ['certs', certificatesText(findings)],
    ['base of', age.base === null ? '' : `${day(age.base.date)} (${age.base.from})`],
    ['newest', age.newest === null ? UNDATED : `${day(age.newest.date)} (${age.newest.what})`],
  ];
}

/** Programs of one release are one line. */
function runtimeLines(runtimes: Inspection['runtimes']): readonly string[] {
  const groups = new Map<string, string[]>();
  for (const { name, path, version } of runtimes) {
    const key = words(name, version);
    const paths = groups.get(key);
    if (paths === undefined) groups.set(key, [path]);
    else paths.push(path);
  }
  const columns = Math.max(...[...groups.keys()].map((key) => key.length));
  return [...groups].map(
    ([key, [first = '', ...more]]) =>
      `${key.padEnd(columns)}  ${first}${more.length === 0 ? '' : ` and ${more.length} more`}`,
  );
}

function packagesText({ count, manager, partial }: Findings['packages'][number]): string {
  return `${count} of ${manager}${partial === 0 ? '' : ` (${partial} in part)`}`;
}

function userText({ user: { root, text, uid } }: Findings): string {
  if (text === '') return 'root';
  if (uid === null) return `${text}, who is not in /etc/passwd`;
  const [name = ''] = text.split(':');
  return name === String(uid) ? text : `${text} (${uid}${root && name !== 'root' ? ', which is root' : ''})`;
}

function certificatesText({ certificates, counts }: Findings): string {
  if (counts.certificates === 0) return '';
  const largest = certificates.reduce((best, item) => (item.count > best.count ? item : best));
  const all = `${plural(counts.certificates, 'file')}, ${largest.count} in ${largest.path}`;
  return largest.notAfter === null ? all : `${all} of which the first ends ${day(largest.notAfter)}`;
}

/** Run times, what Go built, and how old which parts are; each a block of its own. */
export function findingBlocks({
  findings: { age, go },
  runtimes,
}: Seen): readonly (readonly [title: string, lines: readonly string[]])[] {
  const builds = go.filter(({ module }) => module !== '');
  // Of layers the history has the dates, and there may be a hundred.
  const parts = age.parts.filter(({ name }) => !/ of layer \d+$/.test(name));
  return [
    ['run times', runtimeLines(runtimes)],
    [
      'built by go',
      firstOf(
        builds.map(
          ({ dependencies, go: release, module, path, version }) =>
            `${path}  ${words(module, version)}, go ${release}, ${plural(dependencies.length, 'dependency', 'dependencies')}`,
        ),
        builds.length,
      ),
    ],
    ['dates', parts.map(({ date, name }) => `${day(date)}  ${name}`)],
  ];
}

/** What somebody should look at before the image is shipped; empty when there is nothing. */
export function worthALook(image: Seen, style: Style): readonly string[] {
  const rows = [...userRows(image), ...secretRows(image), ...missingRows(image), ...specialRows(image)];
  if (rows.length === 0) return [];
  return [
    '',
    `  ${style.yellow('worth a look')}`,
    ...rows.map(([kind, text]) =>
      // A path may be too long for what the kind leaves of its line.
      wrapped(
        `    ${style.dim(kind)}${' '.repeat(KIND_COLUMNS + 1 - kind.length)}${onOneLine(text)}`,
        style,
        KIND_COLUMNS + 5,
      ).replace(/ +\n/g, '\n'),
    ),
  ];
}

type Row = readonly [kind: string, text: string];

function userRows({ findings: { user } }: Seen): Row[] {
  if (user.uid === null) return [['user', `${user.text} is not in /etc/passwd: no container of it can start`]];
  if (!user.root) return [];
  return [['root', user.text === '' ? 'no user is set: it runs as root' : `its user ${user.text} is root`]];
}

function secretRows({ findings: { counts, secrets } }: Seen): Row[] {
  const lines = secrets.map(({ hidden, kind, layer, line, path }) => {
    const where = layer === undefined ? '' : ` (layer ${layer}${hidden === true ? ', a later one hides it' : ''})`;
    return `${path}${line === undefined ? '' : `:${line}`}: ${kind}${where}`;
  });
  return firstOf(lines, counts.secrets).map((line) => ['secret', line]);
}

function missingRows({ findings: { counts, missing } }: Seen): Row[] {
  const lines = missing.map(({ library, path, symbol }) =>
    symbol === '' ? `${path} needs ${library}, which is not there` : `${path} needs ${symbol}, ${library} has none`,
  );
  return firstOf(lines, counts.missing).map((line) => ['missing', line]);
}

function specialRows({ findings: { special } }: Seen): Row[] {
  return KINDS.flatMap(([kind, word]): Row[] => {
    const paths = special.filter(({ kinds }) => kinds.includes(kind)).map(({ path }) => path);
    const more = paths.length > SHOWN_PATHS ? ', …' : '';
    return paths.length === 0
      ? []
      : [[word, `${plural(paths.length, 'path')}: ${paths.slice(0, SHOWN_PATHS).join(', ')}${more}`]];
  });
}

function firstOf(lines: readonly string[], all: number): readonly string[] {
  return all <= MAX_SHOWN ? lines : [...lines.slice(0, MAX_SHOWN), `… and ${all - MAX_SHOWN} more, see --json`];
}

const words = (...parts: readonly (string | null)[]): string => parts.filter(Boolean).join(' ');
const day = (date: string): string => date.slice(0, DAY_CHARS);
