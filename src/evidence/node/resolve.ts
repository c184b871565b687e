import { joinPath, nameOf, parentOf, type TreePath } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';
import { isBuiltin } from './builtins.ts';
import { exportsTarget, importsTarget } from './exports.ts';
import { fileAt, folderAt, resolveText } from './files.ts';
import { type Json, type Manifest, type Manifests, memberOf, textMember } from './manifest.ts';
import { isForeign, type Target } from './target.ts';

/** How a module is asked for: `require()` guesses extensions and folders, `import` does not, and packages may answer them differently. */
export type Mode = 'require' | 'import';

export interface Found {
  /** As node finds it, perhaps through links. */
  readonly path: TreePath;
  /** The package.json files that decided. */
  readonly manifests: readonly TreePath[];
  /** How it was found: `in node_modules/x`, `exports of x`. */
  readonly how?: string;
  /** Found only by a node that does not know a condition of the package (`module-sync`). */
  readonly otherwise?: true;
}

type Resolution =
  | { readonly kind: 'found'; readonly found: readonly Found[] }
  /** Part of node, or nothing in the file system (`data:`). */
  | { readonly kind: 'builtin' }
  /** Installed, but made for another machine. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'missing' };

export interface Resolver {
  /** `from` is the asking file, links resolved, as node does. */
  resolve(specifier: string, from: TreePath, mode: Mode): Promise<Resolution>;
  /** A path as `require(path)` would take it: the file, with an extension, or a folder's main file. */
  asFileOrFolder(path: TreePath): Promise<Found | undefined>;
}

export interface ResolverOptions {
  readonly tree: Tree;
  readonly manifests: Manifests;
  readonly target: Target;
  /** Of `--conditions`. */
  readonly conditions: readonly string[];
  /** Folders of NODE_PATH, which `require` alone looks at. */
  readonly nodePath: readonly TreePath[];
}

const MISSING: Resolution = { kind: 'missing' };
const BUILTIN: Resolution = { kind: 'builtin' };
/** `imports` may name a package whose own `imports` … : a real chain has two links. */
const MAX_HOPS = 8;

/**
 * Node's two resolution algorithms ("Modules: CommonJS modules" and "Modules: ECMAScript modules" in its documentation) inside a tree.
 * Where Node versions differ, both answers are given.
 */
export function createResolver(options: ResolverOptions): Resolver {
  const { tree, manifests, target } = options;
  const conditionSets = (mode: Mode): ReadonlySet<string>[] => {
    const set = new Set(['node', 'node-addons', mode, ...options.conditions]);
    return [new Set([...set, 'module-sync']), set];
  };

  const asFile = (path: TreePath): TreePath | undefined =>
    [path, `${path}.js`, `${path}.json`, `${path}.node`].find(
      (candidate): candidate is TreePath => fileAt(tree, candidate as TreePath) !== undefined,
    );

  async function asFolder(path: TreePath): Promise<Found | undefined> {
    if (folderAt(tree, path) === undefined) return undefined;
    const manifest = await manifests.at(path);
    const main = textMember(manifest?.json, 'main');
    const named = main === undefined || main === '' ? undefined : resolveText(path, main);
    if (manifest !== undefined && named !== undefined) {
      const file = asFile(named) ?? asFile(joinPath(named, 'index'));
      if (file !== undefined) return { path: file, manifests: [manifest.path], how: 'main of its package.json' };
    }
    const index = asFile(joinPath(path, 'index'));
    return index === undefined
      ? undefined
      : { path: index, manifests: manifest === undefined ? [] : [manifest.path], how: 'the index of its folder' };
  }

  async function asFileOrFolder(path: TreePath): Promise<Found | undefined> {
    const file = asFile(path);
    return file === undefined ? asFolder(path) : { path: file, manifests: [] };
  }

  async function byPath(path: TreePath, mode: Mode, folderOnly: boolean): Promise<Resolution> {
    if (mode === 'import') return fileAt(tree, path) === undefined ? MISSING : one({ path, manifests: [] });
    const found = folderOnly ? await asFolder(path) : await asFileOrFolder(path);
    return found === undefined ? MISSING : one(found);
  }

  /** A target of `exports` or `imports` inside a package. */
  async function byTarget(manifest: Manifest, text: string, mode: Mode, how: string): Promise<Found | undefined> {
    const path = resolveText(manifest.dir, mode === 'import' ? decoded(text) : text);
    if (path === undefined || fileAt(tree, path) === undefined) return undefined;
    return { path, manifests: [manifest.path], how };
  }

  async function byExports(manifest: Manifest, exports: Json, subpath: string, mode: Mode): Promise<Resolution> {
    const found: Found[] = [];
    for (const conditions of conditionSets(mode)) {
      const text = exportsTarget(exports, subpath, conditions);
      const how = `exports of ${nameOfPackage(manifest)}`;
      const item = text === undefined ? undefined : await byTarget(manifest, text, mode, how);
      if (item !== undefined && !found.some((known) => known.path === item.path))
        found.push(found.length === 0 ? item : { ...item, otherwise: true });
    }
    return found.length === 0 ? MISSING : { kind: 'found', found };
  }

  async function byImports(name: string, from: TreePath, mode: Mode, hops: number): Promise<Resolution> {
    const manifest = await manifests.of(from);
    const imports = memberOf(manifest?.json, 'imports');
    if (manifest === undefined || imports === undefined || hops > MAX_HOPS) return MISSING;
    const found: Found[] = [];
    for (const conditions of conditionSets(mode)) {
      const text = importsTarget(imports, name, conditions);
      if (text === undefined) continue;
      if (text.startsWith('./')) {
        const item = await byTarget(manifest, text, mode, `imports of ${nameOfPackage(manifest)}`);
        if (item !== undefined) found.push(item);
        continue;
      }
      const other = await bare(text, manifest.path, mode, hops + 1);
      if (other.kind !== 'found') return other;
      found.push(...other.found.map((item) => ({ ...item, manifests: [manifest.path, ...item.manifests] })));
    }
    const unique = found.filter((item, at) => found.findIndex(({ path }) => path === item.path) === at);
    return unique.length === 0 ? MISSING : { kind: 'found', found: unique };
  }

  async function bare(name: string, from: TreePath, mode: Mode, hops: number): Promise<Resolution> {
    if (isBuiltin(name)) return BUILTIN;
    if (name.startsWith('#')) return byImports(name, from, mode, hops);
    const match = /^(@[^/\\%]+\/[^/\\%]+|[^@./\\%][^/\\%]*)(\/.*)?$/.exec(name);
    if (match === null) return MISSING;
    const [, packageName = '', rest = ''] = match;
    const self = await manifests.of(from);
    const selfExports = memberOf(self?.json, 'exports');
    if (
      self !== undefined &&
      selfExports !== undefined &&
      selfExports !== null &&
      textMember(self.json, 'name') === packageName
    )
      return byExports(self, selfExports, `.${rest}`, mode);
    for (const folder of searchFolders(from, mode)) {
      const dir = resolveText(folder, packageName);
      if (dir === undefined || (folderAt(tree, dir) === undefined && asFile(dir) === undefined)) continue;
      const found = await inPackage(dir, rest, mode);
      if (found.kind !== 'missing') return found;
      if (mode === 'import') return MISSING;
    }
    return MISSING;
  }

  async function inPackage(dir: TreePath, rest: string, mode: Mode): Promise<Resolution> {
    const manifest = await manifests.at(dir);
    if (manifest !== undefined && isForeign(manifest.json, target)) return { kind: 'foreign' };
    const exports = memberOf(manifest?.json, 'exports');
    if (manifest !== undefined && exports !== undefined && exports !== null)
      return byExports(manifest, exports, `.${rest}`, mode);
    const path = resolveText(dir, `.${rest}`);
    if (path === undefined) return MISSING;
    if (rest !== '' && rest !== '/') return withManifest(await byPath(path, mode, rest.endsWith('/')), manifest);
    // LOAD_AS_DIRECTORY, which for `import` is LEGACY_MAIN_RESOLVE: the same candidates in the same order.
    const found = (await asFolder(path)) ?? (mode === 'require' ? await asFileOrFolder(path) : undefined);
    return found === undefined ? MISSING : withManifest(one(found), manifest);
  }

  function searchFolders(from: TreePath, mode: Mode): TreePath[] {
    const folders: TreePath[] = [];
    for (let dir = parentOf(from); ; dir = parentOf(dir)) {
      if (nameOf(dir) !== 'node_modules') folders.push(joinPath(dir, 'node_modules'));
      if (dir === '/') break;
    }
    return mode === 'require' ? [...folders, ...options.nodePath] : folders;
  }

  return {
    asFileOrFolder,
    resolve(specifier, from, mode) {
      const name = mode === 'import' ? urlPath(specifier) : specifier;
      if (name === undefined) return Promise.resolve(BUILTIN);
      if (!/^(?:\.{0,2}\/|\.{1,2}$)/.test(name)) return bare(name, from, mode, 0);
      const path = resolveText(parentOf(from), name);
      return path === undefined
        ? Promise.resolve(MISSING)
        : byPath(path, mode, /(?:^|\/)(?:\.{0,2})$/.test(name) && mode === 'require');
    },
  };
}

function one(found: Found): Resolution {
  return { kind: 'found', found: [found] };
}

/** A file of a package is worth nothing without the package.json that makes the folder a package. */
function withManifest(resolution: Resolution, manifest: Manifest | undefined): Resolution {
  if (resolution.kind !== 'found' || manifest === undefined) return resolution;
  return {
    kind: 'found',
    found: resolution.found.map((item) =>
      item.manifests.includes(manifest.path) ? item : { ...item, manifests: [manifest.path, ...item.manifests] },
    ),
  };
}

function nameOfPackage(manifest: Manifest): string {
  return textMember(manifest.json, 'name') ?? 'its package.json';
}

/** What `import` takes as a URL: `./a%20b.js?x#y` is the file `./a b.js`. Undefined for what is no file (`data:`, `https:`). */
function urlPath(specifier: string): string | undefined {
  if (specifier.startsWith('node:')) return specifier;
  if (specifier.startsWith('file://')) return decoded(specifier.slice('file://'.length).replace(/[?#].*$/, ''));
  if (/^[a-z][a-z0-9+.-]+:/i.test(specifier)) return undefined;
  return /^\.{0,2}\//.test(specifier) ? decoded(specifier.replace(/[?#].*$/, '')) : specifier;
}

function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

/** NODE_PATH: folders separated by colons. */
export function nodePathOf(value: string | undefined): TreePath[] {
  return (value ?? '')
    .split(':')
    .flatMap((dir) => (dir.startsWith('/') ? [resolveText('/' as TreePath, dir)] : []))
    .filter((dir): dir is TreePath => dir !== undefined);
}
