import { mapLimit } from '../../base/concurrency.ts';
import { joinPath, nameOf, textOfBytes, type TreePath } from '../../base/path.ts';
import { fieldOf, parseDeb822, type Stanza } from '../../formats/deb822/index.ts';
import type { Entry } from '../../tree/types.ts';
import type { ManagerInput } from '../manager.ts';
import type { Claim } from '../ownership.ts';
import {
  CONCURRENT_READS,
  fileIn,
  folderAt,
  readRecord,
  readRecordText,
  recordedPath,
  tolerated,
} from '../record-files.ts';
import { readDiversions, type Diversions } from './diversions.ts';

/** One installed package of dpkg. */
export interface Installed extends Claim {
  readonly stanza: Stanza;
  /** Its `.md5sums`, looked up at the call. */
  readonly sums: () => Entry | undefined;
  /** `sums` when its paths come from there: then they hold neither links nor folders. */
  readonly source: 'list' | 'sums';
}

/** Debian policy, section 5.6.7; upper case is read as well. It becomes a file's name. */
const PACKAGE_NAME = /^[A-Za-z0-9][A-Za-z0-9+.-]*$/;
const SUMS = '.md5sums';
/** Third word of `Status` for packages of which (nearly) nothing is there. */
const GONE = new Set(['not-installed', 'config-files']);
const SUM_LINE = /^[0-9a-f]{32} [ *](.+)$/;

/** The packages of `status` with their `info/NAME.list`. */
export async function readStatus(home: TreePath, input: ManagerInput): Promise<Installed[]> {
  const status = fileIn(input.tree, home, 'status');
  const info = folderAt(input.tree, joinPath(home, 'info'));
  if (status === undefined) return [];
  const stanzas = await tolerated(status.path, input.warn, async () =>
    parseDeb822(await readRecord(input.content, status), textOfBytes(status.path)),
  );
  const diversions = (await readDiversions(home, input)) ?? new Map();
  return mapLimit((stanzas ?? []).filter(isInstalled), CONCURRENT_READS, async (stanza) => {
    const pkg = packageOf(stanza, status.path);
    const list = infoFile(input, info, stanza, '.list');
    const text =
      list === undefined ? '' : await tolerated(list.path, input.warn, () => readRecordText(input.content, list));
    const paths = (): TreePath[] => listedPaths(text ?? '', pkg.name, diversions);
    return { pkg, stanza, paths, source: 'list', sums: () => infoFile(input, info, stanza, SUMS) };
  });
}

/** The form of distroless images: `status.d/NAME`, one stanza each, with `status.d/NAME.md5sums`. */
export async function readStatusFolder(home: TreePath, input: ManagerInput): Promise<Installed[]> {
  const folder = folderAt(input.tree, joinPath(home, 'status.d'));
  if (folder === undefined) return [];
  const files = input.tree
    .children(folder)
    .filter((entry) => entry.content !== undefined && !nameOf(entry.path).endsWith(SUMS));
  const found = await mapLimit(files, CONCURRENT_READS, (file) =>
    tolerated(file.path, input.warn, async () => {
      const stanzas = parseDeb822(await readRecord(input.content, file), textOfBytes(file.path));
      const sums = fileIn(input.tree, folder, nameOf(file.path) + SUMS);
      const paths = sums === undefined ? [] : sumLines(await readRecordText(input.content, sums)).map(([path]) => path);
      return stanzas.filter(isInstalled).map((stanza): Installed => ({
        pkg: packageOf(stanza, file.path),
        stanza,
        paths: () => [...paths, ...conffilesOf(stanza).map(([path]) => path)],
        source: 'sums',
        sums: () => sums,
      }));
    }),
  );
  return found.flatMap((packages) => packages ?? []);
}

/** Lines of an `.md5sums` with their paths; others are passed over. */
export function sumLines(text: string): (readonly [path: TreePath, line: string])[] {
  return text.split('\n').flatMap((line) => {
    const path = recordedPath(SUM_LINE.exec(line)?.[1] ?? '');
    return path === undefined || path === '/' ? [] : [[path, line] as const];
  });
}

/** Configuration files with their lines in the stanza: path, checksum, perhaps `obsolete`. */
export function conffilesOf(stanza: Stanza): (readonly [path: TreePath, line: string])[] {
  return (fieldOf(stanza, 'Conffiles') ?? '').split('\n').flatMap((line) => {
    const name = /^(\/.*?) [0-9a-f]{32}(?: |$)/.exec(line)?.[1];
    const path = name === undefined ? undefined : recordedPath(name);
    return path === undefined ? [] : [[path, line] as const];
  });
}

function isInstalled(stanza: Stanza): boolean {
  const name = fieldOf(stanza, 'Package') ?? '';
  const state = fieldOf(stanza, 'Status')?.split(' ')[2] ?? 'installed';
  return PACKAGE_NAME.test(name) && !name.endsWith(SUMS) && !GONE.has(state);
}

function packageOf(stanza: Stanza, record: TreePath): Claim['pkg'] {
  const architecture = fieldOf(stanza, 'Architecture');
  return {
    manager: 'dpkg',
    name: fieldOf(stanza, 'Package') ?? '',
    version: textOfBytes(fieldOf(stanza, 'Version') ?? ''),
    ...(architecture === undefined ? {} : { architecture: textOfBytes(architecture) }),
    record,
  };
}

/** Packages that may be there for several architectures (`Multi-Arch: same`) have theirs in the name. */
function infoFile(input: ManagerInput, info: TreePath | undefined, stanza: Stanza, suffix: string): Entry | undefined {
  if (info === undefined) return undefined;
  const name = fieldOf(stanza, 'Package') ?? '';
  const architecture = fieldOf(stanza, 'Architecture') ?? '';
  const qualified = `${name}:${/^[a-z0-9-]+$/.test(architecture) ? architecture : 'all'}${suffix}`;
  const names = [`${name}${suffix}`, qualified];
  if (fieldOf(stanza, 'Multi-Arch') === 'same') names.reverse();
  for (const candidate of names) {
    const file = fileIn(input.tree, info, candidate);
    if (file !== undefined) return file;
  }
  return undefined;
}

/** The paths of a list, taken apart by the engine's own `split` alone: there are a hundred thousand and more. */
function listedPaths(text: string, name: string, diversions: Diversions): TreePath[] {
  const lines = text.split('\n') as TreePath[];
  if (diversions.size === 0) return lines;
  return lines.map((path) => {
    const diversion = diversions.get(path);
    return diversion === undefined || diversion.by === name ? path : diversion.to;
  });
}
