import {
  ancestorsOf,
  compareBytes,
  nameOf,
  parentOf,
  pathOfText,
  ROOT,
  textOfBytes,
  type TreePath,
} from '../base/path.ts';
import { ownerOf } from '../packages/index.ts';
import type { PackageDb } from '../packages/types.ts';
import type { Plan } from '../plan/types.ts';
import type { Tree } from '../tree/types.ts';
import { isSystemTop } from './application.ts';
import type { UnownedFolder } from './types.ts';

/** Rows of the answer. */
export const MAX_UNOWNED = 100;

/** Folders whose children are things of their own: programs, libraries, data of one name. */
const SHELVES = new Set(
  `/ /etc /home /opt /srv /usr /usr/lib /usr/libexec /usr/local /usr/local/lib /usr/local/share /usr/local/src /usr/share /usr/src /var /var/cache /var/lib
    /var/opt /var/www`
    .split(/\s+/)
    .map(pathOfText),
);

interface Count {
  files: number;
  disk: number;
}
interface Tally {
  readonly kept: Count;
  readonly dropped: Count;
}

/**
 * Folders with files that go and that no package owns, the largest missing part first, and what stays of them: at most MAX_UNOWNED; the smallest
 * count together, as a part of the root. Folders themselves do not count.
 */
export function unownedFolders(plan: Plan, tree: Tree, databases: readonly PackageDb[]): readonly UnownedFolder[] {
  const tallies = new Map<TreePath, Tally>();
  for (const { package: owner, path, size } of plan.drop)
    if (owner === undefined && ownerOf(databases, path) === undefined) count(tallyOf(tallies, path).dropped, size);
  for (const { path, size } of plan.keep) {
    // Most of what stays lies where nothing goes.
    const kept = tallies.get(folderOf(path))?.kept;
    if (kept === undefined || tree.get(path)?.type === 'directory') continue;
    if (ownerOf(databases, path) === undefined) count(kept, size);
  }
  return limited([...tallies].sort(bySize))
    .sort(bySize)
    .map(([path, { dropped, kept }]) => ({ path: textOfBytes(path), kept, dropped }));
}

type Row = readonly [path: TreePath, tally: Tally];

const bySize = ([path, a]: Row, [other, b]: Row): number =>
  b.dropped.disk - a.dropped.disk || compareBytes(path, other);

function count(into: Count, size: number): void {
  into.files += 1;
  into.disk += size;
}

function tallyOf(tallies: Map<TreePath, Tally>, path: TreePath): Tally {
  const folder = folderOf(path);
  const known = tallies.get(folder);
  if (known !== undefined) return known;
  const fresh = { kept: { files: 0, disk: 0 }, dropped: { files: 0, disk: 0 } };
  tallies.set(folder, fresh);
  return fresh;
}

/** The deepest folder above a path that is itself a shelf or stands on one. Applications' folders at the top (`/app`) are shelves too. */
function folderOf(path: TreePath): TreePath {
  return ancestorsOf(path).findLast((folder) => isShelf(folder) || isShelf(parentOf(folder))) ?? ROOT;
}

function isShelf(folder: TreePath): boolean {
  return SHELVES.has(folder) || (parentOf(folder) === ROOT && !isSystemTop(nameOf(folder)));
}

/** Largest first; what is beyond the limit lies, at any rate, below the root. */
function limited(rows: readonly Row[]): Row[] {
  if (rows.length <= MAX_UNOWNED) return [...rows];
  const others = rows.filter(([path]) => path !== ROOT);
  const shown = others.slice(0, MAX_UNOWNED - 1);
  const rest = [...others.slice(MAX_UNOWNED - 1), ...rows.filter(([path]) => path === ROOT)];
  const sum = (of: keyof Tally): Count => ({
    files: rest.reduce((total, [, tally]) => total + tally[of].files, 0),
    disk: rest.reduce((total, [, tally]) => total + tally[of].disk, 0),
  });
  return [...shown, [ROOT, { kept: sum('kept'), dropped: sum('dropped') }]];
}
