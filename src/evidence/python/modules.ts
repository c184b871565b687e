import { joinPath, parentOf, showPath, type TreePath } from '../../base/path.ts';
import type { Entry } from '../../tree/types.ts';
import { fileAt } from '../node/files.ts';
import type { Certainty } from '../types.ts';
import type { Need } from './needs.ts';
import { isOwn, isStdlib, type PythonProcess } from './process.ts';
import type { Found } from './resolve.ts';
import type { Import } from './scan/types.ts';
import { C_IMPORTS } from './stdlib.ts';
import { compiledFiles } from './compiled.ts';
import { isLeftOut } from './unfollowed.ts';

/** One source file that asks. */
export interface Asker {
  readonly file: Entry;
  readonly module: string | undefined;
  /** It is what the process starts: `__name__ == '__main__'`. */
  readonly main: boolean;
}

/** What a module's name leads to. */
export interface Reached {
  readonly needs: readonly Need[];
  /** The module itself; undefined when it, or a package above it, is nowhere. */
  readonly found: Found | undefined;
}

/** Built-in modules that import others, followed this deep. */
const MAX_BUILTIN_DEPTH = 8;

/** The files that make a module: itself and the packages above it. */
export function filesOfModule(
  process: PythonProcess,
  name: string,
  why: { readonly because: string; readonly certainty: Certainty; readonly line?: number },
  depth = 0,
): Reached {
  const chain = process.resolver.chain(name);
  const last = chain.at(-1);
  const needs: Need[] = [];
  for (const found of chain) {
    if (found.path !== undefined) needs.push({ path: found.path, kind: 'python-import', ...why });
    // Of a source that is a link the compiled form lies beside the link.
    if (found.path !== undefined && found.kind === 'source' && process.tree.get(found.path)?.type === 'symlink')
      for (const path of compiledFiles(process, found.path)) needs.push({ path, kind: 'python-import', ...why });
    if (found.kind === 'builtin' && depth < MAX_BUILTIN_DEPTH)
      for (const inner of C_IMPORTS[found.name] ?? [])
        needs.push(
          ...filesOfModule(
            process,
            inner,
            { ...why, because: `${why.because}, and ${found.name} imports ${inner}` },
            depth + 1,
          ).needs,
        );
  }
  return { needs, found: last?.name === name ? last : undefined };
}

/** The name that an import means, for a module that knows its own. Undefined above the top of its package. */
function absoluteName(
  { file, module }: Asker,
  { level, module: name }: Pick<Import, 'level' | 'module'>,
): string | undefined {
  if (level === 0) return name;
  if (module === undefined) return undefined;
  const parts = module.split('.');
  const up = /\/__init__\.[^/]*$/.test(file.path) ? level - 1 : level;
  if (up >= parts.length) return undefined;
  const base = parts.slice(0, parts.length - up);
  return name === '' ? base.join('.') : [...base, name].join('.');
}

/** What one import statement needs, and whether it is to be told that it leads nowhere. */
export async function resolveImport(
  process: PythonProcess,
  asker: Asker,
  item: Import,
): Promise<{ readonly needs: readonly Need[]; readonly missing?: string }> {
  if (item.main === true && !asker.main) return { needs: [] };
  const certainty: Certainty = item.lazy === true ? 'likely' : 'sure';
  const name = absoluteName(asker, item);
  const stdlib = isStdlib(process, asker.file.path);
  const importer = { module: asker.module, own: asker.main || isOwn(process, asker.file.path), stdlib };
  if (isLeftOut(importer, item, name ?? '')) return { needs: [] };
  if (name === undefined || name === '') return { needs: besideIt(process, asker, item, certainty) };
  const dots = '.'.repeat(item.level);
  const said =
    item.names === undefined ? `import ${item.module}` : `from ${dots}${item.module} import ${shown(item.names)}`;
  const why = { because: said, certainty, line: item.line };
  const { found, needs } = filesOfModule(process, name, why);
  if (found === undefined) {
    const beside = item.level > 0 ? besideIt(process, asker, item, certainty) : [];
    return beside.length > 0 ? { needs: beside } : { needs, missing: name };
  }
  const out = [...needs];
  for (const inner of await namesOf(process, found, item.names ?? [])) {
    if (isLeftOut(importer, item, `${name}.${inner}`)) continue;
    const submodule = process.resolver.find(`${name}.${inner}`);
    if (submodule?.path === undefined && submodule?.kind !== 'namespace') continue;
    out.push(...filesOfModule(process, `${name}.${inner}`, why).needs);
  }
  return { needs: out };
}

/** Names that `from` may mean submodules by; those of `*` are in `__all__`. */
async function namesOf(process: PythonProcess, found: Found, names: readonly string[]): Promise<readonly string[]> {
  if (found.search.length === 0) return [];
  if (!names.includes('*')) return names;
  const file = found.path === undefined ? undefined : fileAt(process.tree, found.path);
  const scan = file === undefined || found.kind !== 'source' ? undefined : await process.scan(file);
  return scan?.constants['__all__'] ?? [];
}

/** A relative import of a file that no search path leads to. */
function besideIt(process: PythonProcess, { file }: Asker, item: Import, certainty: Certainty): Need[] {
  let folder: TreePath = parentOf(file.path);
  for (let up = 1; up < item.level; up += 1) folder = parentOf(folder);
  const targets =
    item.module === ''
      ? (item.names ?? [])
      : [item.module, ...(item.names ?? []).map((name) => `${item.module}.${name}`)];
  const because = `a relative import of ${showPath(item.module === '' ? shown(item.names ?? []) : item.module)}`;
  const out: Need[] = [];
  for (const init of [joinPath(folder, '__init__.py')])
    if (fileAt(process.tree, init) !== undefined)
      out.push({ path: init, kind: 'python-import', because, certainty, line: item.line });
  for (const name of targets) {
    const found = process.resolver.findIn(folder, name);
    if (found?.path !== undefined)
      out.push({ path: found.path, kind: 'python-import', because, certainty, line: item.line });
  }
  return out;
}

function shown(names: readonly string[]): string {
  return names.length > 4 ? `${names.slice(0, 4).join(', ')}, …` : names.join(', ');
}
