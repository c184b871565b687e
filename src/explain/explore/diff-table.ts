import { diffTrees } from '../../tree/diff.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import type { NumberedTree } from './file-table.ts';
import type { DiffSum, DiffTable } from './types.ts';

interface Side {
  readonly tree: Tree;
  readonly numbered: NumberedTree;
}

/** What became of each path of the original. Times do not count. */
export function diffTable(original: Side, image: Side): DiffTable {
  const found = diffTrees(original.tree, image.tree);
  const added = found.added.map(({ entry }) => entry);
  const removed = found.removed.map(({ entry }) => entry);
  // What nobody has compared may be another content.
  const changed = [...found.changed, ...found.unsure.map((item) => ({ ...item, what: ['content', ...item.what] }))];
  const fate = image.numbered.entries.map((entry) => (entry === undefined ? -1 : 0));
  const originalFate = original.numbered.entries.map((entry) => (entry === undefined ? -1 : 0));
  for (const { path } of added) mark(fate, image.numbered, path, 2);
  for (const { path } of removed) mark(originalFate, original.numbered, path, 2);
  const changes: (readonly [number, number, string])[] = [];
  for (const { after, what } of changed) {
    const { path } = after.entry;
    mark(fate, image.numbered, path, 1);
    mark(originalFate, original.numbered, path, 1);
    const [row, other] = [image.numbered.rowOf.get(path), original.numbered.rowOf.get(path)];
    if (row !== undefined && other !== undefined) changes.push([row, other, what.join(', ')]);
  }
  const changedPaths = new Set(changed.map(({ after }) => after.entry.path));
  const addedPaths = new Set(added.map(({ path }) => path));
  const here = [...image.tree.walk()];
  return {
    same: sumOf(here.filter(({ path }) => !changedPaths.has(path) && !addedPaths.has(path))),
    changed: sumOf(here.filter(({ path }) => changedPaths.has(path))),
    added: sumOf(added),
    dropped: sumOf(removed),
    fate,
    originalFate,
    changes,
  };
}

/** What is folded into one row has no fate of its own. */
function mark(fates: number[], { entries, rowOf }: NumberedTree, path: Entry['path'], fate: number): void {
  const row = rowOf.get(path);
  if (row !== undefined && entries[row] !== undefined) fates[row] = fate;
}

function sumOf(entries: readonly Entry[]): DiffSum {
  let files = 0;
  let bytes = 0;
  for (const { size, type } of entries) {
    if (type !== 'directory') files += 1;
    if (type === 'file') bytes += size;
  }
  return { files, bytes };
}
