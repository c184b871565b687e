import { compareBytes, pathOfText, type TreePath } from '../../base/path.ts';
import { ownerOf } from '../../packages/index.ts';
import type { LayerIndex } from '../../store/types.ts';
import { stepsOf } from '../layers/history.ts';
import type { Step } from '../layers/types.ts';
import type { Subject } from './subject.ts';
import type { Age } from './types.ts';

/** Databases of package managers: they are written whenever a package is. */
const DATABASES: readonly (readonly [name: string, path: TreePath])[] = [
  ['dpkg database', pathOfText('/var/lib/dpkg/status')],
  ['apk database', pathOfText('/lib/apk/db/installed')],
  ['rpm database', pathOfText('/var/lib/rpm/rpmdb.sqlite')],
];
/** Reproducible builds write 0, or 1980 (the first year of ZIP), npm 1985: dates before this one say nothing. */
const FIRST_TRUE_SECOND = Date.UTC(1990, 0, 1) / 1000;
/** RFC 3339 ends with the year 9999. */
const LAST_SECOND = Date.UTC(9999, 11, 31) / 1000;

interface Part {
  readonly name: string;
  readonly date: string;
}

/** How old the parts are, by what the image says of itself: config, history, times of files. No clock is asked. */
export function ageOf(subject: Pick<Subject, 'databases' | 'image' | 'indexes' | 'tree'>): Age {
  const { image, indexes } = subject;
  const { steps } = stepsOf(image.config, indexes.length);
  const history = steps.flatMap(({ created, layer }) =>
    layer === null ? [] : partAt(`history of layer ${layer}`, secondsOf(created)),
  );
  const layers = indexes.flatMap((index, at) => partAt(`files of layer ${at}`, newestIn(index)));
  const files = [...layers, ...databaseParts(subject), ...managerParts(subject)];
  const created = dateOf(secondsOf(image.config.created));
  const newest = [...(files.length > 0 ? files : history)].sort(byDate).at(-1);
  return {
    created: created ?? null,
    newest: newest === undefined ? null : { what: newest.name, date: newest.date },
    base: baseOf(steps, layers),
    parts: [...history, ...files].sort(byDate),
  };
}

/** The lowest layer is the base's, or its lowest. */
function baseOf(steps: readonly Step[], layers: readonly Part[]): Age['base'] {
  const first = steps.find(({ layer }) => layer === 0);
  // The script behind Debian's images names the day of the archive that they are made of.
  const snapshot = /\bdebian\.sh\b.*'@(\d{9,10})'/.exec(first?.instruction ?? '')?.[1];
  const found = [
    ['debian.sh', snapshot === undefined ? undefined : Number(snapshot)],
    ['history of layer 0', secondsOf(first?.created)],
  ] as const;
  for (const [from, seconds] of found) {
    const date = dateOf(seconds);
    if (date !== undefined) return { date, from };
  }
  const files = layers.find(({ name }) => name === 'files of layer 0');
  return files === undefined ? null : { date: files.date, from: files.name };
}

/** Files that all have one time were given it: it tells nothing of them. */
function newestIn({ members }: LayerIndex): number | undefined {
  const times = new Set<number>();
  let files = 0;
  for (const { mtime, type } of members) {
    if (type !== 'file') continue;
    files += 1;
    times.add(mtime);
  }
  return newestOf(times, files);
}

function newestOf(times: ReadonlySet<number>, files: number): number | undefined {
  if (times.size === 1 && files > 1) return undefined;
  let newest: number | undefined;
  for (const time of times) if (newest === undefined || time > newest) newest = time;
  return newest;
}

function databaseParts({ tree }: Pick<Subject, 'tree'>): Part[] {
  return DATABASES.flatMap(([name, path]) => partAt(name, tree.resolve(path)?.entry.mtime));
}

/** The newest file of each manager's packages: files of Debian's and Alpine's are as old as the package. */
function managerParts({ databases, tree }: Pick<Subject, 'databases' | 'tree'>): Part[] {
  const times = new Map<string, { readonly seen: Set<number>; files: number }>();
  for (const { mtime, path, type } of tree.walk()) {
    if (type !== 'file') continue;
    const name = ownerOf(databases, path)?.manager;
    const key = name === undefined ? 'files of no package' : `files of ${name} packages`;
    const group = times.get(key) ?? { seen: new Set<number>(), files: 0 };
    group.seen.add(mtime);
    group.files += 1;
    times.set(key, group);
  }
  return [...times].flatMap(([name, { files, seen }]) => partAt(name, newestOf(seen, files)));
}

function partAt(name: string, seconds: number | undefined): Part[] {
  const date = dateOf(seconds);
  return date === undefined ? [] : [{ name, date }];
}

function secondsOf(text: string | undefined): number | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000);
}

/** RFC 3339 to whole seconds. */
function dateOf(seconds: number | undefined): string | undefined {
  if (seconds === undefined || !(seconds >= FIRST_TRUE_SECOND && seconds <= LAST_SECOND)) return undefined;
  return `${new Date(Math.floor(seconds) * 1000).toISOString().slice(0, 19)}Z`;
}

function byDate(a: Part, b: Part): number {
  return compareBytes(a.date, b.date) || compareBytes(a.name, b.name);
}
