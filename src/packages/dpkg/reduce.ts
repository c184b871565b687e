import { mapLimit } from '../../base/concurrency.ts';
import { compareBytes, joinPath, type TreePath } from '../../base/path.ts';
import { encodeDeb822, fieldOf, type Stanza } from '../../formats/deb822/index.ts';
import type { Entry } from '../../tree/types.ts';
import type { ManagerInput } from '../manager.ts';
import type { Ownership } from '../ownership.ts';
import { CONCURRENT_READS, readRecordText, recordEntry, tolerated } from '../record-files.ts';
import { conffilesOf, sumLines, type Installed } from './installed.ts';

/**
 * What says which package it is, and what scanners match advisories by. What speaks of the whole package (its size, its
 * dependencies, its description) would no longer be true.
 */
const FIELDS = ['Package', 'Status', 'Maintainer', 'Architecture', 'Multi-Arch', 'Source', 'Version'];

/**
 * `status.d/NAME` and `status.d/NAME.md5sums` for each package that owns something kept: the form of distroless images, which
 * scanners read.
 */
export async function reduceRecords(
  home: TreePath,
  packages: readonly Installed[],
  kept: (path: TreePath) => boolean,
  { input, owners }: { readonly input: ManagerInput; readonly owners: Ownership },
): Promise<Entry[]> {
  if (kept(joinPath(home, 'status'))) return [];
  const folder = joinPath(home, 'status.d');
  const wanted = packages.filter((item) => owners.keepsAny(item, kept));
  const names = recordNames(wanted);
  const entries = await mapLimit(wanted, CONCURRENT_READS, async (item) => {
    const record = joinPath(folder, names.get(item) as string);
    if (kept(record)) return [];
    const isKept = ([path]: readonly [TreePath, string]): boolean => owners.keeps(path, kept);
    const sums = await keptSums(item, input, isKept);
    const stanza = recordEntry(record, encodeDeb822([reducedStanza(item.stanza, isKept)]));
    return sums === '' ? [stanza] : [stanza, recordEntry(`${record}.md5sums` as TreePath, Buffer.from(sums, 'latin1'))];
  });
  return entries.flat().sort((a, b) => compareBytes(a.path, b.path));
}

/** The package's name, with its architecture where two of one name are kept. */
function recordNames(packages: readonly Installed[]): Map<Installed, string> {
  const count = new Map<string, number>();
  const names = new Map<Installed, string>();
  for (const item of packages) {
    const { architecture = 'none', name } = item.pkg;
    const before = count.get(name) ?? 0;
    count.set(name, before + 1);
    const qualifier = /^[a-z0-9-]+$/.test(architecture) ? architecture : 'none';
    names.set(item, before === 0 ? name : `${name}:${qualifier}${before === 1 ? '' : `.${before}`}`);
  }
  return names;
}

function reducedStanza(stanza: Stanza, isKept: (line: readonly [TreePath, string]) => boolean): Stanza {
  const fields = FIELDS.flatMap((name) => {
    const value = fieldOf(stanza, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const conffiles = conffilesOf(stanza)
    .filter(isKept)
    .map(([, line]) => line);
  return new Map(conffiles.length === 0 ? fields : [...fields, ['Conffiles', ['', ...conffiles].join('\n')]]);
}

async function keptSums(
  item: Installed,
  input: ManagerInput,
  isKept: (line: readonly [TreePath, string]) => boolean,
): Promise<string> {
  const sums = item.sums();
  if (sums === undefined) return '';
  const text = await tolerated(sums.path, input.warn, () => readRecordText(input.content, sums));
  const lines = sumLines(text ?? '').filter(isKept);
  return lines
    .sort((a, b) => compareBytes(a[0], b[0]))
    .map(([, line]) => `${line}\n`)
    .join('');
}
