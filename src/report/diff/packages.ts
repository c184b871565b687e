import { onOneLine } from '../printable.ts';
import type { ImageDiff } from '../../explain/diff/types.ts';
import { moreRows, type DiffTableOptions } from './table.ts';
import { formatSize, signedSize } from '../format.ts';
import { formatTable, type Column } from '../table.ts';

interface Row {
  readonly title: string;
  before: number;
  after: number;
  readonly versions: string[];
}

const right = (title: string): Column => ({ title, align: 'right' });

/** Packages that came, went, are there in another version or have more or fewer bytes; the largest difference first. */
export function diffPackageTable(
  { packages, packageSizes }: Pick<ImageDiff, 'packages' | 'packageSizes'>,
  { limit, style }: DiffTableOptions,
): string {
  const all = new Map<string, Row>();
  const rowOf = (manager: string | null, name: string | null): Row => {
    const title = manager === null || name === null ? 'of no package' : `${manager} ${name}`;
    let row = all.get(title);
    if (row === undefined) all.set(title, (row = { title, before: 0, after: 0, versions: [] }));
    return row;
  };
  for (const { after, before, manager, name } of packageSizes) Object.assign(rowOf(manager, name), { before, after });
  const tell = (
    list: readonly { readonly manager: string; readonly name: string }[],
    text: (at: number) => string,
  ): void => {
    for (const [at, { manager, name }] of list.entries()) rowOf(manager, name).versions.push(text(at));
  };
  tell(packages.changed, (at) => `${packages.changed[at]?.from ?? ''} → ${packages.changed[at]?.to ?? ''}`);
  tell(packages.removed, (at) => `${packages.removed[at]?.version ?? ''} removed`);
  tell(packages.added, (at) => `${packages.added[at]?.version ?? ''} added`);
  if (all.size === 0) return '';
  const rows = [...all.values()]
    .sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before))
    .slice(0, limit || undefined)
    .map(({ after, before, title, versions }) => [
      `  ${signedSize(after - before)}`,
      before === 0 ? '' : formatSize(before),
      after === 0 ? '' : formatSize(after),
      onOneLine([title, versions.join(', ')].filter((text) => text !== '').join(' ')),
    ]);
  const columns = [right('  disk'), right('before'), right('after'), { title: 'package' }];
  return formatTable(columns, rows, style.dim) + moreRows(all.size, rows.length, style);
}
