import { bytesOfText, joinPath, nameOf, parentOf, pathOfText, ROOT, type TreePath } from '../../base/path.ts';
import type { ContentReader, Entry, Tree } from '../../tree/types.ts';
import { locate } from '../locate.ts';
import { fileAt, folderAt, readText } from '../node/files.ts';

/** Where one interpreter finds its own library. */
export interface Layout {
  /** "3.11", or "3.13t" of a build without the global lock. */
  readonly version: string;
  /** What compiled files carry in their names: "cpython-311". */
  readonly tag: string;
  /** The binary, links resolved; undefined when there is none. */
  readonly binary: Entry | undefined;
  /** `sys.base_prefix`. */
  readonly basePrefix: TreePath;
  /** `sys.prefix`: the folder of a venv, else the base. */
  readonly prefix: TreePath;
  /** lib/python3.X, links as they are. */
  readonly stdlib: TreePath;
  /** Folders of the standard library as `sys.path` has them. */
  readonly libraryPath: readonly TreePath[];
  /** pyvenv.cfg, where there is one. */
  readonly venv?: Venv;
  /** Links and files that the interpreter looks at on the way. */
  readonly landmarks: readonly TreePath[];
}

interface Venv {
  readonly config: TreePath;
  readonly systemSitePackages: boolean;
}

const MAX_CONFIG_BYTES = 64 * 1024; // 64 KiB
/** Links from a venv to an interpreter, one after the other. */
const MAX_LINKS = 40;
/** Prefixes that interpreters are compiled for, when the tree does not tell. */
const COMPILED_PREFIXES: readonly TreePath[] = ['/usr', '/usr/local'].map(pathOfText);

/**
 * CPython's search for its prefix (Modules/getpath.py, 3.11; getpath.c before): `pyvenv.cfg` beside the executable as it was named or one
 * folder up, PYTHONHOME, then lib/pythonX.Y/os.py in the folders above the executable, links followed, then where it was compiled for.
 */
export async function layoutOf(
  tree: Tree,
  content: ContentReader,
  executable: TreePath,
  home: string | undefined,
): Promise<Layout | undefined> {
  const venv = await venvOf(tree, content, executable);
  const chain = linksOf(tree, executable);
  const binary = fileAt(tree, executable);
  const starts = [
    ...(venv?.home === undefined ? [] : [venv.home]),
    ...chain.map(parentOf),
    ...(binary === undefined ? [] : [parentOf(binary.path)]),
  ];
  const versions = versionsOf([...(binary === undefined ? [] : [binary.path]), ...chain, executable]);
  const homePrefix = home?.split(':')[0];
  const given =
    homePrefix === undefined || homePrefix === '' ? undefined : locate(tree, ROOT, bytesOfText(homePrefix))?.path;
  const found =
    (given === undefined ? undefined : libraryBelow(tree, given, versions)) ??
    searchUp(tree, starts.toReversed(), versions) ??
    COMPILED_PREFIXES.map((prefix) => libraryBelow(tree, prefix, versions)).find((item) => item !== undefined);
  if (found === undefined) return undefined;
  const { prefix, stdlib, version } = found;
  const zip = joinPath(parentOf(stdlib), `python${version.replace('.', '')}.zip`);
  const dynamic = joinPath(stdlib, 'lib-dynload');
  return {
    version,
    tag: `cpython-${version.replace('.', '').replace(/t$/, '')}`,
    binary,
    basePrefix: prefix,
    prefix: venv?.dir ?? prefix,
    stdlib,
    libraryPath: [zip, stdlib, dynamic],
    ...(venv === undefined ? {} : { venv: { config: venv.config, systemSitePackages: venv.systemSitePackages } }),
    landmarks: [
      ...(venv === undefined ? [] : [venv.config]),
      joinPath(stdlib, 'os.py'),
      ...(folderAt(tree, dynamic) === undefined ? [] : [dynamic]),
    ],
  };
}

/** The executable and what each link of it leads to, links of folders as they are: the first is the name that python was called by. */
function linksOf(tree: Tree, executable: TreePath): TreePath[] {
  const out: TreePath[] = [executable];
  for (let at = executable; out.length <= MAX_LINKS;) {
    const entry = tree.get(at) ?? tree.get(joinPath(tree.resolve(parentOf(at))?.entry.path ?? ROOT, nameOf(at)));
    if (entry?.type !== 'symlink' || entry.link === undefined) return out;
    const next = locate(tree, parentOf(entry.path), entry.link)?.path;
    if (next === undefined) return out;
    out.push(next);
    at = next;
  }
  return out;
}

/** Versions that the names of the binary speak of; `python3` says nothing. */
function versionsOf(paths: readonly TreePath[]): string[] {
  return [...new Set(paths.flatMap((path) => /python(\d\.\d+t?)[dm]*$/.exec(nameOf(path))?.[1] ?? []))];
}

interface Library {
  readonly prefix: TreePath;
  readonly stdlib: TreePath;
  readonly version: string;
}

function searchUp(tree: Tree, folders: readonly TreePath[], versions: readonly string[]): Library | undefined {
  for (const folder of folders) {
    for (let at = folder; ; at = parentOf(at)) {
      const found = libraryBelow(tree, at, versions);
      if (found !== undefined) return found;
      if (at === ROOT) break;
    }
  }
  return undefined;
}

/** lib/pythonX.Y with its landmark. Without a version in the binary's name, the newest that is there. */
function libraryBelow(tree: Tree, prefix: TreePath, versions: readonly string[]): Library | undefined {
  for (const lib of ['lib', 'lib64']) {
    const dir = joinPath(prefix, lib);
    const real = folderAt(tree, dir);
    if (real === undefined) continue;
    const candidates =
      versions.length > 0
        ? versions
        : tree
            .children(real.path)
            .flatMap((entry) => /^python(3\.\d+t?)$/.exec(nameOf(entry.path))?.[1] ?? [])
            .sort((a, b) => Number.parseInt(b.slice(2), 10) - Number.parseInt(a.slice(2), 10));
    for (const version of candidates) {
      const stdlib = joinPath(dir, `python${version}`);
      const landmark = ['os.py', 'os.pyc'].some((name) => fileAt(tree, joinPath(stdlib, name)) !== undefined);
      if (landmark) return { prefix, stdlib, version };
    }
  }
  return undefined;
}

async function venvOf(
  tree: Tree,
  content: ContentReader,
  executable: TreePath,
): Promise<(Venv & { readonly dir: TreePath; readonly home: TreePath | undefined }) | undefined> {
  const bin = parentOf(executable);
  for (const dir of [bin, parentOf(bin)]) {
    const config = joinPath(dir, 'pyvenv.cfg');
    const entry = fileAt(tree, config);
    if (entry === undefined || entry.size > MAX_CONFIG_BYTES) continue;
    const values = new Map(
      (await readText(content, entry)).split('\n').flatMap((line) => {
        const [, key = '', value = ''] = /^([^=]+)=(.*)$/.exec(line) ?? [];
        return key === '' ? [] : [[key.trim().toLowerCase(), value.trim()] as const];
      }),
    );
    const home = values.get('home');
    return {
      config,
      dir: dir === bin ? bin : parentOf(bin),
      home: home?.startsWith('/') === true ? locate(tree, ROOT, bytesOfText(home))?.path : undefined,
      systemSitePackages: values.get('include-system-site-packages')?.toLowerCase() === 'true',
    };
  }
  return undefined;
}
