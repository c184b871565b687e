import { bytesOfText, compareBytes, showPath } from '../../base/path.ts';
import type { DiffAttributes, DiffChange, Difference, DiffPath, ImageDiff } from '../../explain/diff/types.ts';
import { isDated, moreRows, type DiffTableOptions } from './table.ts';
import { signedSize } from '../format.ts';
import { formatTable } from '../table.ts';

interface Row {
  readonly mark: '+' | '-' | '~';
  readonly item: DiffPath;
  readonly bytes: number;
  /** What it is sorted by. */
  readonly weight: number;
  readonly what: string;
}

const show = (path: string): string => showPath(bytesOfText(path));

/** The paths with the largest changes: what came, what went, and what was rewritten. */
export function diffPathTable(
  { added, changed, removed }: Pick<ImageDiff, 'added' | 'changed' | 'removed'>,
  { limit, style }: DiffTableOptions,
): string {
  const telling = changed.filter((change) => !isDated(change));
  const onlyDated = telling.length + added.length + removed.length === 0;
  const all: readonly Row[] = [
    ...added.map((item): Row => ({ mark: '+', item, bytes: item.size, weight: item.size, what: nameOf(item) })),
    ...removed.map((item): Row => ({ mark: '-', item, bytes: -item.size, weight: item.size, what: nameOf(item) })),
    ...(onlyDated ? changed : telling).map((item): Row => {
      const weight = item.what.includes('content') ? Math.max(item.size, Math.abs(item.growth)) : Math.abs(item.growth);
      return { mark: '~', item, bytes: item.growth, weight, what: changeText(item) };
    }),
  ];
  if (all.length === 0) return '';
  const colours = { '+': style.green, '-': style.red, '~': style.yellow };
  const rows = [...all]
    .sort((a, b) => b.weight - a.weight || compareBytes(a.item.path, b.item.path))
    .slice(0, limit || undefined)
    .map(({ bytes, item, mark, what }) => [
      `  ${colours[mark](mark)}`,
      bytes === 0 ? '' : signedSize(bytes),
      what,
      show(item.path),
    ]);
  const columns = [{ title: '  ' }, { title: 'disk', align: 'right' as const }, { title: 'what' }, { title: 'path' }];
  return formatTable(columns, rows, style.dim) + moreRows(all.length, rows.length, style);
}

const nameOf = ({ type }: DiffPath): string => (type === 'file' ? '' : type);

function changeText({ after, before, what }: DiffChange): string {
  return what.map((each) => TEXTS[each](before, after)).join(', ');
}

const octal = (mode: number | undefined): string => (mode ?? 0).toString(8).padStart(4, '0');
const owner = ({ gid, uid }: DiffAttributes): string => `${uid ?? '?'}:${gid ?? '?'}`;

const TEXTS: Readonly<Record<Difference, (before: DiffAttributes, after: DiffAttributes) => string>> = {
  type: (before, after) => `${before.type ?? '?'} → ${after.type ?? '?'}`,
  content: () => 'content',
  mode: (before, after) => `mode ${octal(before.mode)} → ${octal(after.mode)}`,
  owner: (before, after) => `owner ${owner(before)} → ${owner(after)}`,
  link: (before, after) => `link ${linkText(before)} → ${linkText(after)}`,
  device: (before, after) => `device ${before.device?.join() ?? '?'} → ${after.device?.join() ?? '?'}`,
  xattrs: () => 'attributes',
  mtime: () => 'time',
};

const linkText = ({ link }: DiffAttributes): string => (link === undefined ? 'none' : show(link));
