import { TareError } from '../../base/error.ts';
import { bytesOfText, joinPath, nameOf, parentOf, pathOfText, textOfBytes, type TreePath } from '../../base/path.ts';
import { fileAt, folderAt } from '../../evidence/node/files.ts';
import { layoutOf, type Layout } from '../../evidence/python/layout.ts';
import { parsePythonArgs } from '../../evidence/python/command.ts';
import { siteOf } from '../../evidence/python/site.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';
import { findVenv, type Venv } from '../python/venv.ts';
import { fittedVenv, inImage, withoutCompiled } from '../python/venv-view.ts';
import { isBinary, programsNamed } from '../start/programs.ts';
import { isSystemPath, relocated } from './relocate.ts';
import type { Move, PythonRuntime } from './types.ts';

export interface PythonInput {
  /** The warehouse. */
  readonly tree: Tree;
  readonly content: ContentReader;
  readonly searchPath: readonly TreePath[];
  /** Of the host's files; false for those of an image, where paths of the host mean nothing. */
  readonly isHost: boolean;
  /** The application's own tree, not yet mounted. */
  readonly own: Tree;
  readonly hostRoot: TreePath;
  readonly mount: TreePath;
  /** The application's own folder in `own`. */
  readonly ownDir: TreePath;
}

export interface PythonFound {
  readonly runtime?: PythonRuntime;
  /** The application's own tree, fitted to the image. */
  readonly own: Tree;
}

/** What makes a folder worth looking for an interpreter. */
const SIGNS = /^(?:pyproject\.toml|requirements.*\.txt|setup\.(?:py|cfg)|Pipfile|uv\.lock|poetry\.lock|.*\.pyw?)$/;
const LOCAL = pathOfText('/usr/local');
/** No compiled files: the image's own are there, and nobody can write new ones. Lines of output come when they are printed. */
const ENV = { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' };

/**
 * The interpreter for a Python application: that of the environment beside it, else the first of PATH. One that lives in a home folder is offered below
 * /usr/local, with its library.
 * @throws TareError E_NO_RUNTIME when the environment is of another version than the interpreters of the warehouse
 */
export async function pythonOf(input: PythonInput): Promise<PythonFound> {
  const { content, ownDir } = input;
  const own = withoutCompiled(input.own);
  const venv = await findVenv(own, content, ownDir);
  const looks = venv !== undefined || own.children(ownDir).some((entry) => SIGNS.test(nameOf(entry.path)));
  if (!looks) return { own: input.own };
  const program = venv === undefined ? await firstOnPath(input) : await programOf(input, venv);
  const layout = program === undefined ? undefined : await layoutOf(input.tree, content, program, undefined);
  if (program === undefined || layout === undefined) return { own };
  const place = placeOf(input.tree, program, layout);
  const image = relocated(input.tree, place.moves);
  const shared = {
    program: place.program,
    homes: place.homes,
    env: place.env,
    moves: place.moves,
    version: layout.version,
  };
  const base = await packagesOf(image, content, place.program);
  if (venv === undefined) return { own, runtime: { ...shared, packages: base } };
  const packages = venv.packages.map((path) => inImage(input.mount, path));
  const dir = inImage(input.mount, venv.dir);
  return {
    own: await fittedVenv({ ...input, own, venv, program: place.program }),
    runtime: {
      ...shared,
      program: joinPath(joinPath(dir, 'bin'), 'python'),
      venv: dir,
      packages: venv.systemSitePackages ? [...packages, ...base] : packages,
    },
  };
}

/** Version managers put scripts of that name in front. */
async function firstOnPath({ content, searchPath, tree }: PythonInput): Promise<TreePath | undefined> {
  for (const path of ['python3', 'python'].flatMap((name) => programsNamed({ tree, searchPath }, name)))
    if (await isBinary(tree, content, path)) return path;
  return undefined;
}

async function programOf(input: PythonInput, venv: Venv): Promise<TreePath> {
  const { content, searchPath, tree } = input;
  const { version } = venv;
  const seen = new Set<string>();
  const candidates = [
    ...(input.isHost ? madeWith(input, venv) : []),
    ...[`python${version}`, 'python3', 'python'].flatMap((name) => programsNamed({ tree, searchPath }, name)),
  ];
  for (const path of candidates) {
    if (!(await isBinary(tree, content, path))) continue;
    const layout = await layoutOf(tree, content, path, undefined);
    if (layout?.version === version) return path;
    if (layout !== undefined) seen.add(layout.version);
  }
  const there = seen.size === 0 ? 'no Python' : `Python ${[...seen].join(', ')}`;
  throw new TareError(
    'E_NO_RUNTIME',
    `${textOfBytes(nameOf(venv.dir))} holds packages for Python ${version}, and the warehouse has ${there}`,
    {
      hint: `make the environment with that Python (\`python3 -m venv --clear ${textOfBytes(nameOf(venv.dir))}\`, then install again), or take Python ${version} from elsewhere: \`tare build --from IMAGE\``,
    },
  );
}

/** Where the links of the environment lead on this machine, then what its configuration names. */
function madeWith({ own, tree }: PythonInput, venv: Venv): TreePath[] {
  const bin = joinPath(venv.dir, 'bin');
  const links = own
    .children(bin)
    .flatMap(({ link }) => (link !== undefined && /^\/.*\/python[\d.]*t?$/.test(link) ? [link as TreePath] : []));
  const home = venv.home?.startsWith('/') === true ? [joinPath(pathOfText(venv.home), `python${venv.version}`)] : [];
  return [...links, ...home].flatMap((path) => {
    const real = fileAt(tree, path)?.path;
    return real === undefined ? [] : [isSystemPath(path) && isSystemPath(real) ? path : real];
  });
}

interface Place {
  readonly program: TreePath;
  readonly homes: readonly TreePath[];
  readonly env: Readonly<Record<string, string>>;
  readonly moves: readonly Move[];
}

function placeOf(tree: Tree, program: TreePath, layout: Layout): Place {
  const real = layout.binary?.path ?? program;
  if (isSystemPath(real) && isSystemPath(program))
    return { program, homes: [layout.stdlib, real], env: ENV, moves: [] };
  const { basePrefix, stdlib, version } = layout;
  const name = `python${version}`;
  const bin = joinPath(joinPath(LOCAL, 'bin'), name);
  const lib = joinPath(LOCAL, 'lib');
  // Built with --enable-shared it asks for its library by its old place.
  const shared = tree
    .children(folderAt(tree, joinPath(basePrefix, 'lib'))?.path ?? basePrefix)
    .filter((entry) => nameOf(entry.path).startsWith(bytesOfText(`libpython${version}.so`)));
  const moves = [
    { from: real, to: bin },
    { from: folderAt(tree, stdlib)?.path ?? stdlib, to: joinPath(lib, name) },
    ...shared.map(({ path }) => ({ from: path, to: joinPath(lib, nameOf(path)) })),
  ];
  const env = shared.length === 0 ? ENV : { ...ENV, LD_LIBRARY_PATH: textOfBytes(lib) };
  return { program: bin, homes: moves.map(({ to }) => to), env, moves };
}

async function packagesOf(tree: Tree, content: ContentReader, program: TreePath): Promise<TreePath[]> {
  const layout = await layoutOf(tree, content, program, undefined);
  if (layout === undefined) return [];
  const command = parsePythonArgs(['-s']);
  const site = await siteOf({ tree, content, layout, command, env: {} });
  return site.folders.map((folder) => folderAt(tree, folder)?.path ?? parentOf(folder));
}
