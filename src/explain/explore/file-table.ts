import { nameOf, parentOf, ROOT, textOfBytes, type TreePath } from '../../base/path.ts';
import { ownerOf } from '../../packages/index.ts';
import type { PackageDb } from '../../packages/types.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import { fileTypeOf, folderTypeOf } from '../layers/file-types.ts';
import { foldSmall } from './fold.ts';
import { numbering } from './numbering.ts';
import type { FileTable, NodeKind, PackageRow } from './types.ts';

/** Rows that a browser draws and searches without effort; smaller files of larger images are taken together. */
const MAX_ROWS = 150_000;

export interface NumberedTree {
  readonly nodes: FileTable;
  readonly packages: readonly PackageRow[];
  readonly types: readonly string[];
  /** The row of a path; of one that is folded the row that it is part of. */
  readonly rowOf: ReadonlyMap<TreePath, number>;
  /** By row; undefined for what is folded. */
  readonly entries: readonly (Entry | undefined)[];
}

const KINDS: Readonly<Record<Entry['type'], NodeKind>> = {
  file: 0,
  directory: 1,
  symlink: 2,
  hardlink: 3,
  char: 4,
  block: 4,
  fifo: 4,
};

/** Names of what is no file, as `tare layers` has them. */
const NOT_FILES = {
  directory: '',
  hardlink: 'hard links',
  symlink: 'symbolic links',
  char: 'devices',
  block: 'devices',
  fifo: 'pipes',
} as const;

/** What is still to be numbered: a path, or the small ones of a folder. */
interface Pending {
  readonly depth: number;
  readonly entries: readonly Entry[];
  readonly folded: boolean;
}

/** Numbers all paths, a folder before what it holds. */
export function fileTable(tree: Tree, databases: readonly PackageDb[], maxRows = MAX_ROWS): NumberedTree {
  const fold = foldSmall(tree, maxRows);
  const packages = numbering<PackageRow>();
  const types = numbering<string>();
  const entries: (Entry | undefined)[] = [];
  const rowOf = new Map<TreePath, number>();
  const columns = emptyColumns();
  const links: (readonly [number, string])[] = [];
  const folded: (readonly [number, number])[] = [];

  const add = (entry: Entry, depth: number): void => {
    const isFolder = entry.type === 'directory';
    const type = entry.type === 'file' ? fileTypeOf(entry, folderTypeOf(parentOf(entry.path))) : NOT_FILES[entry.type];
    const owner = isFolder ? undefined : ownerOf(databases, entry.path);
    const row = entries.push(entry) - 1;
    rowOf.set(entry.path, row);
    columns.name.push(textOfBytes(nameOf(entry.path)));
    columns.depth.push(depth);
    columns.kind.push(KINDS[entry.type]);
    columns.size.push(entry.type === 'file' ? entry.size : 0);
    columns.mode.push(entry.mode);
    columns.layer.push(entry.layer ?? -1);
    columns.package.push(
      owner === undefined
        ? -1
        : // Two versions of one package may lie in two folders.
          packages.of(`${owner.manager} ${owner.name} ${owner.record}`, () => ({
            manager: owner.manager,
            name: owner.name,
            version: owner.version,
          })),
    );
    columns.type.push(isFolder ? -1 : types.of(type, () => type));
    if (entry.link !== undefined) links.push([row, textOfBytes(entry.link)]);
  };

  const addFolded = (small: readonly Entry[], depth: number): void => {
    const row = entries.push(undefined) - 1;
    let size = 0;
    let files = 0;
    const open = [...small];
    for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
      rowOf.set(entry.path, row);
      if (entry.type === 'file') size += entry.size;
      if (entry.type !== 'directory') files += 1;
      for (const child of tree.children(entry.path)) open.push(child);
    }
    columns.name.push(`${files} small files`);
    columns.depth.push(depth);
    columns.kind.push(5);
    columns.size.push(size);
    for (const column of [columns.layer, columns.package, columns.type]) column.push(-1);
    columns.mode.push(0);
    folded.push([row, files]);
  };

  const root = tree.get(ROOT) ?? ROOT_FOLDER;
  const open: Pending[] = [{ depth: 0, entries: [root], folded: false }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [entry] = next.entries;
    if (next.folded) addFolded(next.entries, next.depth);
    else if (entry !== undefined) {
      add(entry, next.depth);
      if (entry.type === 'directory')
        for (const pending of pendingIn(tree.children(entry.path), next.depth + 1, fold.isSmall)) open.push(pending);
    }
  }
  return {
    nodes: { ...columns, links, folded: fold.below === 0 ? null : { below: fold.below, rows: folded } },
    packages: packages.values,
    types: types.values,
    rowOf,
    entries,
  };
}

const ROOT_FOLDER: Entry = { path: ROOT, type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 0 };

/** The last comes first: they are taken from the end. One small file alone stands for itself: nothing would be saved. */
function pendingIn(children: readonly Entry[], depth: number, isSmall: (path: TreePath) => boolean): Pending[] {
  const small = children.filter(({ path }) => isSmall(path));
  const together = small.length > 1 || small.some(({ type }) => type === 'directory');
  const alone = together ? children.filter(({ path }) => !isSmall(path)) : children;
  const pending = alone.map((entry) => ({ depth, entries: [entry], folded: false })).reverse();
  return together ? [{ depth, entries: small, folded: true }, ...pending] : pending;
}

function emptyColumns(): { [K in Exclude<keyof FileTable, 'links' | 'folded'>]: FileTable[K][number][] } {
  return { name: [], depth: [], kind: [], size: [], mode: [], layer: [], package: [], type: [] };
}
