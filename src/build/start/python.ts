import { TareError } from '../../base/error.ts';
import { bytesOfText, joinPath, nameOf, quotePath, textOfBytes, type TreePath } from '../../base/path.ts';
import { fileAt } from '../../evidence/node/files.ts';
import { isElf } from '../../formats/elf/index.ts';
import { type PythonProject, pythonProject } from '../python/project.ts';
import { checkRequirements } from '../python/requirements.ts';
import type { PythonRuntime } from '../runtimes/types.ts';
import { packageNames } from './names.ts';
import { fileWord, headOf, inApp, portFor, runtimeStart } from './programs.ts';
import {
  conventionalModules,
  moduleAt,
  type OwnModule,
  scripts,
  sourceRoots,
  webCandidates,
} from './python-modules.ts';
import { installedServers, SERVER_NAMES, serverWords } from './python-servers.ts';
import type { Detector, Start, StartInput } from './types.ts';

const PORT = 8000;
const PROJECT_FILES = ['pyproject.toml', 'requirements.txt', 'setup.py', 'setup.cfg', 'manage.py', 'Pipfile'];
const SAY_WHICH = 'say which one: `tare build --entry FILE.py` or `--entry MODULE:CALLABLE`, or `entry:` in tare.yaml';

/**
 * A Python application: the only command of `[project.scripts]`, what a server that is installed can be given, a package or folder with `__main__`, the only
 * script that runs by itself.
 */
export const fromPython: Detector = async (input) => {
  const { app, tree } = input;
  const sources = tree.children(app).some((entry) => /\.pyw?$/.test(entry.path));
  const isProject = input.runtimes.python?.venv !== undefined || hasProjectFile(input);
  if (!isProject && (!sources || (await hasBinary(input)))) return undefined;
  const project = await pythonProject(input);
  if (isProject) await readyPython(input);
  const start =
    (await fromScript(input, project)) ??
    (await fromWeb(input, project)) ??
    (await fromMain(input, project)) ??
    (await fromOnlyScript(input));
  if (start !== undefined) return { ...start, ...(await packageNames(input)) };
  if (!isProject) return undefined;
  const names = 'app.py, main.py, wsgi.py, asgi.py, server.py or application.py';
  throw new TareError(
    'E_NO_ENTRY',
    `nothing says what to start of the Python application: no single command in [project.scripts], no application for a server (${SERVER_NAMES.join(', ')}) in ${names}, no __main__.py, and no script with \`if __name__ == "__main__"\``,
    {
      hint: 'say what to start: `tare build --entry FILE.py` or `--entry MODULE:CALLABLE`; install a server beside the application if it needs one',
    },
  );
};

/** A script that the user names. */
export async function pythonEntry(input: StartInput, path: TreePath): Promise<Start> {
  const python = await readyPython(input);
  const start = runtimeStart(python, [fileWord(input.app, path)], { module: path, because: '--entry' });
  return { ...start, ...(await packageNames(input)) };
}

/** `module:callable`, for whatever server is installed. Undefined when that is no such text. */
export async function pythonTarget(input: StartInput, text: string): Promise<Start | undefined> {
  const [, name, callable, call] = /^([\w.]+):(\w+)(\(\))?$/.exec(text) ?? [];
  if (name === undefined || callable === undefined) return undefined;
  for (const root of sourceRoots(input)) {
    const [module] = await moduleAt(input, root, name);
    if (module === undefined) continue;
    const factory = call !== undefined || module.factory === callable;
    const start = await served(input, module, { callable, factory, because: '--entry' });
    if (start !== undefined) return { ...start, ...(await packageNames(input)) };
    throw new TareError('E_NOT_INSTALLED', `no server is installed that could run ${JSON.stringify(text)}`, {
      hint: `install one of ${SERVER_NAMES.join(', ')} beside the application`,
    });
  }
  return undefined;
}

/** The interpreter, with all that the application asks for. @throws TareError E_NO_RUNTIME, E_NOT_INSTALLED */
async function readyPython(input: StartInput): Promise<PythonRuntime> {
  const { python } = input.runtimes;
  if (python === undefined) {
    throw new TareError(
      'E_NO_RUNTIME',
      `the application needs Python, and the warehouse has no \`python3\` in ${input.searchPath.join(':')}`,
      { hint: 'install python3, or take it from an image: `tare build --from IMAGE`' },
    );
  }
  await checkRequirements({ ...input, python });
  return python;
}

async function fromScript(input: StartInput, project: PythonProject | undefined): Promise<Start | undefined> {
  const [only, second] = project?.scripts ?? [];
  if (only === undefined || second !== undefined) return undefined;
  const [command, target] = only;
  const [, name, callable] = /^([\w.]+):([\w.]+)$/.exec(target.replace(/\s*\[.*$/, '')) ?? [];
  if (name === undefined || callable === undefined) return undefined;
  const because = `[project.scripts] of pyproject.toml: ${command}`;
  const { python } = input.runtimes;
  const installed =
    python?.venv === undefined ? undefined : joinPath(joinPath(python.venv, 'bin'), bytesOfText(command));
  if (python !== undefined && installed !== undefined && !command.includes('/') && fileAt(input.tree, installed)) {
    await readyPython(input);
    return { ...runtimeStart(python, [], { because, module: installed }), entrypoint: [textOfBytes(installed)] };
  }
  for (const root of sourceRoots(input)) {
    const [module] = await moduleAt(input, root, name);
    if (module === undefined) continue;
    const first = callable.split('.')[0] as string;
    const code = `import sys; from ${name} import ${first}; sys.argv[0] = ${JSON.stringify(command)}; sys.exit(${callable}())`;
    return runtimeStart(await readyPython(input), ['-c', code], {
      because,
      module: module.file,
      env: searchEnv(input, module),
    });
  }
  return undefined;
}

async function fromWeb(input: StartInput, project: PythonProject | undefined): Promise<Start | undefined> {
  const { python } = input.runtimes;
  const modules = await conventionalModules(input, project);
  const able = modules.filter((item) => item.instance !== undefined || item.factory !== undefined);
  if (able.length === 0 || python === undefined) return undefined;
  const servers = installedServers(input.tree, python);
  if (servers.length === 0) return undefined;
  const prefersAsync = servers.every((server) => server.serves === 'asgi');
  const candidates = webCandidates(modules, prefersAsync).filter(
    (item) =>
      serverWords(servers, { module: '', callable: '', factory: false }, { isAsync: isAsync(item), port: PORT }) !==
      undefined,
  );
  const [only] = candidates;
  if (only === undefined) return undefined;
  if (candidates.length > 1) {
    const names = candidates.map((item) => JSON.stringify(`${item.name}:${callableOf(item)}`)).join(', ');
    throw new TareError('E_AMBIGUOUS_ENTRY', `several modules hold an application: ${names}`, { hint: SAY_WHICH });
  }
  const callable = callableOf(only);
  const because = `${only.name}:${callable}, for the server that is installed`;
  return served(input, only, { callable, factory: only.instance === undefined, because });
}

const callableOf = (module: OwnModule): string => module.instance ?? module.factory ?? 'app';
const isAsync = (module: OwnModule): boolean => module.isAsync || /(?:^|\.)asgi$/.test(module.name);

async function served(
  input: StartInput,
  module: OwnModule,
  how: { readonly callable: string; readonly factory: boolean; readonly because: string },
): Promise<Start | undefined> {
  const python = await readyPython(input);
  const port = portFor(input.config, PORT);
  const target = { module: module.name, callable: how.callable, factory: how.factory };
  const words = serverWords(installedServers(input.tree, python), target, { isAsync: isAsync(module), port });
  if (words === undefined) return undefined;
  const { because } = how;
  const env = searchEnv(input, module);
  return runtimeStart(python, words, { because, module: module.file, expose: [`${port}/tcp`], env });
}

/** `-m` and `-c` look in the working folder. */
function searchEnv({ app }: StartInput, { root }: OwnModule): Readonly<Record<string, string>> {
  return root === app ? {} : { PYTHONPATH: textOfBytes(root) };
}

async function fromMain(input: StartInput, project: PythonProject | undefined): Promise<Start | undefined> {
  const { app, tree } = input;
  const main = joinPath(app, '__main__.py');
  if (fileAt(tree, main) !== undefined)
    return runtimeStart(await readyPython(input), ['__main__.py'], { because: '__main__.py', module: main });
  const named = project?.name?.replaceAll(/[-.]+/g, '_').toLowerCase();
  const packages = sourceRoots(input).flatMap((root) =>
    tree
      .children(root)
      .filter((entry) => entry.type === 'directory' && /^\w+$/.test(nameOf(entry.path)))
      .filter((entry) => fileAt(tree, joinPath(entry.path, '__main__.py')) !== undefined)
      .map((entry) => ({ root, name: nameOf(entry.path), file: joinPath(entry.path, '__main__.py') })),
  );
  const chosen = packages.filter((item) => item.name === named);
  const [only, second] = chosen.length > 0 ? chosen : packages;
  if (only === undefined) return undefined;
  if (second !== undefined) {
    const names = packages.map((item) => quotePath(item.name)).join(', ');
    throw new TareError('E_AMBIGUOUS_ENTRY', `several packages have a __main__.py: ${names}`, { hint: SAY_WHICH });
  }
  const env = only.root === app ? {} : { PYTHONPATH: textOfBytes(only.root) };
  const because = `__main__.py of the package ${only.name}`;
  return runtimeStart(await readyPython(input), ['-m', only.name], { because, module: only.file, env });
}

async function fromOnlyScript(input: StartInput): Promise<Start | undefined> {
  const found = await scripts(input);
  const [only] = found;
  if (only === undefined) return undefined;
  if (found.length > 1) {
    const names = found.map((entry) => quotePath(nameOf(entry.path))).join(', ');
    throw new TareError('E_AMBIGUOUS_ENTRY', `several scripts run by themselves: ${names}`, { hint: SAY_WHICH });
  }
  const path = inApp(input.app, textOfBytes(nameOf(only.path)));
  return runtimeStart(await readyPython(input), [fileWord(input.app, path)], {
    because: 'the only script that runs by itself',
    module: path,
  });
}

function hasProjectFile({ app, tree }: StartInput): boolean {
  return PROJECT_FILES.some((name) => fileAt(tree, joinPath(app, name)) !== undefined);
}

async function hasBinary({ app, content, tree }: StartInput): Promise<boolean> {
  for (const entry of tree.children(app))
    if (entry.type === 'file' && (entry.mode & 0o111) !== 0 && isElf(await headOf(content, entry))) return true;
  return false;
}
