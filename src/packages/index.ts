import { joinPath, nameOf, parentOf, type TreePath } from '../base/path.ts';
import type { ContentReader, Tree } from '../tree/types.ts';
import { apkDb } from './apk/index.ts';
import { dpkgDb } from './dpkg/index.ts';
import type { Manager } from './manager.ts';
import { npmDb } from './npm/index.ts';
import { searchPlaces, usualPlaces, type Places } from './places.ts';
import { pythonDb } from './python/index.ts';
import type { Package, PackageDb, PackageDbOptions } from './types.ts';

/** Every manager, one line each; the ones that say more of a file first. */
const MANAGERS: readonly (readonly [of: 'system' | 'language', manager: Manager])[] = [
  ['language', npmDb],
  ['language', pythonDb],
  ['system', dpkgDb],
  ['system', apkDb],
];

/**
 * The package databases of a Tree, the most specific manager first. A record that is malformed is told to `warn` and left out.
 * @throws TareError what the reader throws when content cannot be had or is not what it should be
 */
export async function packageDbs(
  tree: Tree,
  content: ContentReader,
  options: PackageDbOptions = {},
): Promise<readonly PackageDb[]> {
  let places: Places | undefined;
  const input = {
    tree,
    content,
    places: () => (places ??= searchPlaces(tree, options.under ?? usualPlaces(tree))),
    warn: options.warn ?? (() => undefined),
  };
  const wanted = MANAGERS.filter(([of]) => options.only === undefined || options.only === of);
  const databases = await Promise.all(wanted.map(([, manager]) => manager(input)));
  return databases.filter((database) => database !== undefined);
}

/** Who owns a path, the most specific manager asked first. Compiled Python belongs to whoever owns its source. */
export function ownerOf(databases: readonly PackageDb[], path: TreePath): Package | undefined {
  for (const database of databases) {
    const found = database.owner(path);
    if (found !== undefined) return found;
  }
  const source = sourceOf(path);
  return source === undefined ? undefined : ownerOf(databases, source);
}

/** `x/__pycache__/m.cpython-311.pyc` → `x/m.py` (PEP 3147). */
function sourceOf(path: TreePath): TreePath | undefined {
  const folder = parentOf(path);
  const name = /^([^.]+)\.[^/]+\.pyc$/.exec(nameOf(path))?.[1];
  if (name === undefined || nameOf(folder) !== '__pycache__') return undefined;
  return joinPath(parentOf(folder), `${name}.py`);
}
