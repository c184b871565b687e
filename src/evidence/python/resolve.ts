import { compareBytes, joinPath, nameOf, type TreePath } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';
import { fileAt, folderAt } from '../node/files.ts';
import { ALWAYS_BUILTIN, STDLIB_NAMES } from './stdlib.ts';

/** One module, as its finder finds it. */
export interface Found {
  readonly name: string;
  readonly kind: 'source' | 'extension' | 'bytecode' | 'namespace' | 'builtin';
  /** The file; none of namespace packages and built-in modules. */
  readonly path?: TreePath;
  /** Of packages: where submodules are searched. */
  readonly search: readonly TreePath[];
}

export interface Resolver {
  /** A module by its full name. Undefined when it is nowhere. */
  find(name: string): Found | undefined;
  /** The module and the packages above it, the outermost first; shorter when the rest is nowhere. */
  chain(name: string): readonly Found[];
  /** Names of the modules directly below a package. */
  children(name: string): readonly string[];
  /** Modules of a folder by themselves, for files that no search path leads to. */
  findIn(folder: TreePath, name: string): Found | undefined;
}

export interface ResolverOptions {
  readonly tree: Tree;
  /** `sys.path`. */
  readonly path: readonly TreePath[];
  readonly editable: ReadonlyMap<string, TreePath>;
  /** "cpython-311". */
  readonly tag: string;
}

/** No module's name is longer, in characters, or deeper. */
const MAX_NAME_LENGTH = 512;
const MAX_PARTS = 32;
/** Modules of one package; a real one has a few hundred. */
const MAX_CHILDREN = 5000;

/** CPython's path based finder (Lib/importlib/_bootstrap_external.py, FileFinder.find_spec) inside a tree. */
export function createResolver({ editable, path, tag, tree }: ResolverOptions): Resolver {
  const known = new Map<string, Found | undefined>();
  const chains = new Map<string, readonly Found[]>();
  const extensions = extensionSuffixes(tag);
  const names = new Map<TreePath, ReadonlySet<string>>();

  const namesIn = (folder: TreePath): ReadonlySet<string> => {
    let set = names.get(folder);
    if (set === undefined) {
      const real = folderAt(tree, folder);
      set = new Set(real === undefined ? [] : tree.children(real.path).map((entry) => nameOf(entry.path)));
      names.set(folder, set);
    }
    return set;
  };

  const fileIn = (folder: TreePath, last: string): { kind: Found['kind']; path: TreePath } | undefined => {
    const there = namesIn(folder);
    for (const [suffix, kind] of SUFFIXES(there, last, extensions)) {
      const file = joinPath(folder, last + suffix);
      if (fileAt(tree, file) !== undefined) return { kind, path: file };
    }
    return undefined;
  };

  const findInFolders = (folders: readonly TreePath[], name: string): Found | undefined => {
    const last = name.slice(name.lastIndexOf('.') + 1);
    const portions: TreePath[] = [];
    for (const folder of folders) {
      const there = namesIn(folder);
      const dir = joinPath(folder, last);
      const isFolder = there.has(last) && folderAt(tree, dir) !== undefined;
      const init = isFolder ? fileIn(dir, '__init__') : undefined;
      if (init !== undefined) return { name, ...init, search: [dir] };
      const file = fileIn(folder, last);
      if (file !== undefined) return { name, ...file, search: [] };
      if (isFolder) portions.push(dir);
    }
    return portions.length === 0 ? undefined : { name, kind: 'namespace', search: portions };
  };

  const look = (name: string): Found | undefined => {
    if (name.length > MAX_NAME_LENGTH || !/^[^\s./\0]+(?:\.[^\s./\0]+)*$/.test(name)) return undefined;
    const cut = name.lastIndexOf('.');
    const mapped = editable.get(name);
    if (mapped !== undefined) return findMapped(name, mapped);
    if (cut === -1) {
      if (ALWAYS_BUILTIN.has(name)) return { name, kind: 'builtin', search: [] };
      const found = findInFolders(path, name);
      if ((found === undefined || found.kind === 'namespace') && STDLIB_NAMES.has(name))
        return { name, kind: 'builtin', search: [] };
      return found;
    }
    const parent = find(name.slice(0, cut));
    if (parent === undefined) return undefined;
    // `pkgutil.extend_path` and old namespace packages have parts of one package in several places.
    const inside = name.slice(0, cut).replaceAll('.', '/');
    const direct = findInFolders(parent.search, name);
    if (direct !== undefined || parent.kind !== 'source' || parent.search.length === 0) return direct;
    const others = path.map((folder) => joinPath(folder, inside)).filter((folder) => !parent.search.includes(folder));
    return findInFolders(others, name);
  };

  const findMapped = (name: string, place: TreePath): Found | undefined => {
    const init = fileIn(place, '__init__');
    if (init !== undefined) return { name, ...init, search: [place] };
    if (folderAt(tree, place) !== undefined) return { name, kind: 'namespace', search: [place] };
    const file = [place, `${place}.py` as TreePath].find((item) => fileAt(tree, item) !== undefined);
    return file === undefined ? undefined : { name, kind: 'source', path: file, search: [] };
  };

  function find(name: string): Found | undefined {
    if (known.has(name)) return known.get(name);
    if (name.split('.').length > MAX_PARTS) return undefined;
    const found = look(name);
    known.set(name, found);
    return found;
  }

  const chainTo = (name: string): readonly Found[] => {
    const parts = name.split('.').slice(0, MAX_PARTS);
    const out: Found[] = [];
    for (let at = 1; at <= parts.length; at += 1) {
      const found = find(parts.slice(0, at).join('.'));
      if (found === undefined) break;
      out.push(found);
    }
    return out;
  };

  return {
    find,
    chain: (name) => {
      let chain = chains.get(name);
      if (chain === undefined) {
        chain = chainTo(name);
        chains.set(name, chain);
      }
      return chain;
    },
    children: (name) => {
      const found = find(name);
      const out = new Set<string>();
      for (const folder of found?.search ?? [])
        for (const item of moduleNames(tree, folder, namesIn(folder))) out.add(`${name}.${item}`);
      return [...out].sort(compareBytes).slice(0, MAX_CHILDREN);
    },
    findIn: (folder, name) => {
      let at: Found | undefined = { name: '', kind: 'namespace', search: [folder] };
      for (const part of name.split('.').slice(0, MAX_PARTS))
        at = at === undefined ? undefined : findInFolders(at.search, part);
      return at;
    },
  };
}

/** In the order of the finder's loaders. An extension may be for any machine of the tag: an image holds those of its own. */
function extensionSuffixes(tag: string): RegExp {
  return new RegExp(`^\\.(?:${tag}[a-z]*-[\\w-]+\\.so|${tag}[a-z]*\\.so|abi3(?:-[\\w-]+)?\\.so|so)$`);
}

function SUFFIXES(
  there: ReadonlySet<string>,
  last: string,
  extensions: RegExp,
): (readonly [suffix: string, kind: Found['kind']])[] {
  const out: (readonly [string, Found['kind']])[] = [];
  for (const suffix of suffixesOf(there, last)) if (extensions.test(suffix)) out.push([suffix, 'extension']);
  out.sort(([a], [b]) => b.length - a.length || compareBytes(a, b));
  if (there.has(`${last}.py`)) out.push(['.py', 'source']);
  if (there.has(`${last}.pyc`)) out.push(['.pyc', 'bytecode']);
  return out;
}

const BY_STEM = new WeakMap<ReadonlySet<string>, ReadonlyMap<string, readonly string[]>>();

/** Endings in `.so` by the name before the first dot. */
function suffixesOf(there: ReadonlySet<string>, last: string): readonly string[] {
  let stems = BY_STEM.get(there);
  if (stems === undefined) {
    const map = new Map<string, string[]>();
    for (const name of there) {
      const dot = name.indexOf('.');
      if (dot > 0 && name.endsWith('.so'))
        map.set(name.slice(0, dot), [...(map.get(name.slice(0, dot)) ?? []), name.slice(dot)]);
    }
    stems = map;
    BY_STEM.set(there, stems);
  }
  return stems.get(last) ?? [];
}

function moduleNames(tree: Tree, folder: TreePath, there: ReadonlySet<string>): string[] {
  const out: string[] = [];
  for (const name of there) {
    const [, stem = ''] = /^(\w+)(?:\.py|\.pyc|(?:\.[\w-]+)*\.so)$/.exec(name) ?? [];
    if (stem !== '' && stem !== '__init__') out.push(stem);
    else if (/^\w+$/.test(name) && name !== '__pycache__' && folderAt(tree, joinPath(folder, name)) !== undefined)
      out.push(name);
  }
  return out;
}
