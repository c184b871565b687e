import { mapLimit } from '../../base/concurrency.ts';
import { compareBytes, joinPath, nameOf, parentOf, textOfBytes, type TreePath } from '../../base/path.ts';
import { TareError } from '../../base/error.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import type { Manager, ManagerInput } from '../manager.ts';
import { CONCURRENT_READS, fileIn, readRecord, tolerated } from '../record-files.ts';
import type { Package } from '../types.ts';

const MAX_PACKAGE_JSON_BYTES = 16 * 1024 * 1024; // 16 MiB
const MODULES = '/node_modules/';

/** Packages of npm, pnpm and yarn: folders in `node_modules` that have a `package.json`. */
export const npmDb: Manager = async (input) => {
  const found = await mapLimit(input.places().modules, CONCURRENT_READS, (root) => packageAt(root, input));
  const byRoot = new Map(found.flatMap((item) => (item === undefined ? [] : [item])));
  if (byRoot.size === 0) return undefined;
  const owner = (path: TreePath): Package | undefined => ownerIn(byRoot, path);
  return {
    manager: 'npm',
    packages: [...byRoot.values()],
    owner,
    files: (pkg) => filesBelow(input.tree, parentOf(pkg.record), (path) => owner(path) === pkg),
    lacks: () => 0,
    // A package.json is its own record, and Node reads it: it is kept with the files.
    // oxlint-disable-next-line typescript/require-await -- a Manager's answer is a promise, and others do read
    reduced: async () => [],
  };
};

async function packageAt(root: TreePath, input: ManagerInput): Promise<readonly [TreePath, Package] | undefined> {
  const record = fileIn(input.tree, root, 'package.json');
  if (record === undefined) return undefined;
  const manifest = await tolerated(record.path, input.warn, async () =>
    parseManifest(await readRecord(input.content, record, MAX_PACKAGE_JSON_BYTES), record),
  );
  const { name, version } = manifest ?? {};
  return [
    root,
    {
      manager: 'npm',
      name: typeof name === 'string' && name !== '' ? name : nameInModules(root),
      version: typeof version === 'string' ? version : '',
      record: joinPath(root, 'package.json'),
    },
  ];
}

function parseManifest(bytes: Uint8Array, record: Entry): { readonly name?: unknown; readonly version?: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(
      Buffer.from(bytes)
        .toString('utf8')
        .replace(/^\ufeff/, ''),
    );
  } catch (error) {
    throw new TareError('E_PACKAGE_DB', `${textOfBytes(record.path)} is not JSON`, { cause: error });
  }
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value;
  throw new TareError('E_PACKAGE_DB', `${textOfBytes(record.path)} is not a JSON object`);
}

function nameInModules(root: TreePath): string {
  const scope = nameOf(parentOf(root));
  return textOfBytes(scope.startsWith('@') ? `${scope}/${nameOf(root)}` : nameOf(root));
}

/** The innermost package whose folder the path is in. */
function ownerIn(byRoot: ReadonlyMap<TreePath, Package>, path: TreePath): Package | undefined {
  for (let at = path.lastIndexOf(MODULES); at !== -1; at = at === 0 ? -1 : path.lastIndexOf(MODULES, at - 1)) {
    const start = at + MODULES.length;
    const first = endOfName(path, start);
    const end = path[start] === '@' && first < path.length ? endOfName(path, first + 1) : first;
    const pkg = byRoot.get(path.slice(0, end) as TreePath);
    if (pkg !== undefined) return pkg;
  }
  return undefined;
}

function endOfName(path: string, from: number): number {
  const slash = path.indexOf('/', from);
  return slash === -1 ? path.length : slash;
}

function filesBelow(tree: Tree, root: TreePath, owned: (path: TreePath) => boolean): TreePath[] {
  const out: TreePath[] = [];
  const pending = [root];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of tree.children(at)) {
      if (entry.type === 'directory') pending.push(entry.path);
      else if (owned(entry.path)) out.push(entry.path);
    }
  }
  return out.sort(compareBytes);
}
