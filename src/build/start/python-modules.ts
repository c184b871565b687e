import { bytesOfText, joinPath, nameOf, type TreePath } from '../../base/path.ts';
import { fileAt, folderAt, readText } from '../../evidence/node/files.ts';
import type { Entry } from '../../tree/types.ts';
import type { PythonProject } from '../python/project.ts';
import { sketchOf, type ModuleSketch } from './python-source.ts';
import type { StartInput } from './types.ts';

/** A module of the application that may be what a server, or python, is given. */
export interface OwnModule extends ModuleSketch {
  /** As it is imported. */
  readonly name: string;
  readonly file: TreePath;
  /** The folder that has to be on the search path. */
  readonly root: TreePath;
}

/** Made for servers: when one of them is there, the others are what it is made of. */
const WRAPPERS = ['wsgi', 'asgi'];
const NAMES = [...WRAPPERS, 'app', 'main', 'server', 'application', 'api'];
const MAX_BYTES = 2 * 1024 * 1024; // 2 MiB
/** Sources at the top of the folder that are looked at for a script. */
const MAX_SCRIPTS = 500;

type Where = Pick<StartInput, 'app' | 'content' | 'tree'>;

/** Folders that modules are imported from: the application's own, and `src` where there is one. */
export function sourceRoots({ app, tree }: Pick<StartInput, 'app' | 'tree'>): TreePath[] {
  return [app, joinPath(app, 'src')].filter((folder) => folderAt(tree, folder) !== undefined);
}

/** Modules with names of convention, at the top and in the application's packages; those of Django by its manage.py. */
export async function conventionalModules(input: Where, project: PythonProject | undefined): Promise<OwnModule[]> {
  const out: OwnModule[] = [];
  for (const root of sourceRoots(input)) {
    for (const name of NAMES) out.push(...(await moduleAt(input, root, name)));
    for (const folder of ownPackages(input, root, project)) {
      out.push(...(await moduleAt(input, root, folder)));
      for (const name of NAMES) out.push(...(await moduleAt(input, root, `${folder}.${name}`)));
    }
  }
  const seen = new Set<TreePath>();
  return out.filter(({ file }) => !seen.has(file) && seen.add(file) !== undefined);
}

/** Packages that are named like the project, like applications are, or by the settings of Django. */
function ownPackages({ tree }: Where, root: TreePath, project: PythonProject | undefined): string[] {
  const named = project?.name?.replaceAll(/[-.]+/g, '_');
  const django =
    fileAt(tree, joinPath(root, 'manage.py')) === undefined
      ? []
      : tree
          .children(root)
          .filter((entry) => WRAPPERS.some((name) => fileAt(tree, joinPath(entry.path, `${name}.py`)) !== undefined))
          .map((entry) => nameOf(entry.path));
  const names = [...(named === undefined ? [] : [named, named.toLowerCase()]), 'app', 'server', 'api', ...django];
  return [...new Set(names)].filter((name) => /^\w+$/.test(name));
}

/** A module by its dotted name, in one folder. */
export async function moduleAt({ content, tree }: Where, root: TreePath, name: string): Promise<OwnModule[]> {
  const path = `${root === '/' ? '' : root}/${bytesOfText(name.replaceAll('.', '/'))}` as TreePath;
  const file = [`${path}.py` as TreePath, joinPath(path, '__init__.py')].find(
    (item) => fileAt(tree, item) !== undefined,
  );
  const entry = file === undefined ? undefined : fileAt(tree, file);
  if (file === undefined || entry === undefined || entry.size > MAX_BYTES) return [];
  const wrapper = WRAPPERS.includes(name.slice(name.lastIndexOf('.') + 1));
  return [{ name, file, root, ...sketchOf(await readText(content, entry), { wrapper }) }];
}

/** What a server could be given. A module made for servers leaves the others out, and those that it finds in packages the ones at the top. */
export function webCandidates(modules: readonly OwnModule[], prefersAsync: boolean): OwnModule[] {
  const able = modules.filter((item) => item.instance !== undefined || item.factory !== undefined);
  const order = prefersAsync ? WRAPPERS.toReversed() : WRAPPERS;
  for (const name of order) {
    const made = able.filter((item) => item.name === name || item.name.endsWith(`.${name}`));
    if (made.length > 0) return made;
  }
  return able;
}

/** Sources at the top of the folder with `if __name__ == "__main__"`, or with a mode and a first line that make them programs; in byte order. */
export async function scripts({ app, content, tree }: Where): Promise<Entry[]> {
  const out: Entry[] = [];
  const sources = tree.children(app).filter((entry) => entry.type === 'file' && /\.pyw?$/.test(entry.path));
  for (const entry of sources.slice(0, MAX_SCRIPTS)) {
    if (/^(?:setup|conftest|noxfile|tasks|fabfile|manage)\.py$|^test_|_test\.py$/.test(nameOf(entry.path))) continue;
    if (entry.size > MAX_BYTES) continue;
    const text = await readText(content, entry);
    const isProgram = (entry.mode & 0o111) !== 0 && /^#![^\n]*\bpython/.test(text);
    if (isProgram || sketchOf(text, { wrapper: false }).runs) out.push(entry);
  }
  return out;
}
