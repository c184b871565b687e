import { compareBytes, lastFolder, parentOf, ROOT, textOfBytes, type TreePath } from '../../base/path.ts';
import { ownerOf } from '../../packages/index.ts';
import type { Package, PackageDb } from '../../packages/types.ts';
import type { Tree } from '../../tree/types.ts';
import { fileTypeOf, folderTypeOf } from './file-types.ts';
import type { DirectoryPart, PackagePart, Part, TypePart } from './types.ts';

interface Sum {
  bytes: number;
  files: number;
}

/** A folder of which one folder holds so much is not named: that one is. */
const NEARLY_ALL = 0.9;

/** What the flattened image consists of, the largest parts first. */
export interface Parts {
  readonly files: number;
  readonly directories: readonly DirectoryPart[];
  readonly packages: readonly PackagePart[];
  readonly unowned: Part;
  readonly types: readonly TypePart[];
}

export function partsOf(tree: Tree, databases: readonly PackageDb[]): Parts {
  const folders = new Map<TreePath, Sum>();
  const packages = new Map<Package, Sum>();
  const types = new Map<string, Sum>();
  const unowned: Sum = { bytes: 0, files: 0 };
  let files = 0;
  const folderOf = lastFolder();
  let folder: TreePath | undefined;
  let folderType: string | undefined;
  let folderSum: Sum = { bytes: 0, files: 0 };
  for (const entry of tree.walk()) {
    if (entry.type === 'directory') continue;
    files += 1;
    // Another name of a file costs nothing.
    const bytes = entry.type === 'file' ? entry.size : 0;
    const parent = folderOf(entry.path);
    if (parent !== folder) {
      folder = parent;
      folderType = folderTypeOf(parent);
      folderSum = sumIn(folders, parent);
    }
    addTo(folderSum, bytes);
    const owner = ownerOf(databases, entry.path);
    if (owner === undefined) addTo(unowned, bytes);
    else add(packages, owner, bytes);
    add(types, entry.type === 'file' ? fileTypeOf(entry, folderType) : NOT_FILES[entry.type], bytes);
  }
  return {
    files,
    directories: directoriesOf(folders),
    packages: [...packages]
      .map(([{ manager, name, version }, sum]) => ({ manager, name, version, ...sum }))
      .sort((a, b) => b.bytes - a.bytes || compareBytes(`${a.manager} ${a.name}`, `${b.manager} ${b.name}`)),
    unowned,
    types: [...types]
      .map(([type, sum]) => ({ type, ...sum }))
      .sort((a, b) => b.bytes - a.bytes || compareBytes(a.type, b.type)),
  };
}

const NOT_FILES = {
  hardlink: 'hard links',
  symlink: 'symbolic links',
  char: 'devices',
  block: 'devices',
  fifo: 'pipes',
} as const;

/** From what lies directly in folders to what is below them. */
function directoriesOf(folders: Map<TreePath, Sum>): readonly DirectoryPart[] {
  const largestIn = new Map<TreePath, number>();
  const todo = new Set(folders.keys());
  for (const path of todo) if (path !== ROOT) todo.add(parentOf(path));
  // The longer path of two is below the other, or beside it.
  const paths = [...todo].sort((a, b) => b.length - a.length);
  for (const path of paths) {
    if (path === ROOT) continue;
    const { bytes, files } = folders.get(path) ?? { bytes: 0, files: 0 };
    const parent = parentOf(path);
    const sum = sumIn(folders, parent);
    sum.bytes += bytes;
    sum.files += files;
    largestIn.set(parent, Math.max(largestIn.get(parent) ?? 0, bytes));
  }
  return [...folders]
    .filter(([path, { bytes }]) => path !== ROOT && bytes > 0 && (largestIn.get(path) ?? 0) < bytes * NEARLY_ALL)
    .map(([path, sum]) => ({ path, ...sum }))
    .sort((a, b) => b.bytes - a.bytes || compareBytes(a.path, b.path))
    .map((part) => ({ ...part, path: textOfBytes(part.path) }));
}

function sumIn<K>(sums: Map<K, Sum>, key: K): Sum {
  let sum = sums.get(key);
  if (sum === undefined) sums.set(key, (sum = { bytes: 0, files: 0 }));
  return sum;
}

function add<K>(sums: Map<K, Sum>, key: K, bytes: number): void {
  addTo(sumIn(sums, key), bytes);
}

function addTo(sum: Sum, bytes: number): void {
  sum.bytes += bytes;
  sum.files += 1;
}
