import { TareError } from '../base/error.ts';
import { bytesOfText, joinPath, pathOfText, ROOT, type TreePath } from '../base/path.ts';
import { locate } from '../evidence/locate.ts';
import type { ProcessContext } from '../evidence/types.ts';
import type { Image } from '../oci/types.ts';
import type { Tree } from '../tree/types.ts';

/** A process that somebody starts in the image: the engine, its health check, the user. */
export interface StartedProcess {
  /** `entrypoint`, `healthcheck`, `exec`. */
  readonly root: string;
  readonly because: string;
  readonly program: TreePath;
  readonly context: ProcessContext;
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * What an engine starts: Entrypoint and Cmd (image-spec config.md), the health check, and the commands that the user names.
 * @throws TareError E_NO_ENTRY when the image starts nothing, E_PATH_NOT_FOUND when the program is not in it, E_ENTRYPOINT when nobody may execute it
 */
export function startedProcesses(
  image: Image,
  tree: Tree,
  exec: readonly (readonly string[])[],
): readonly StartedProcess[] {
  const { config = {} } = image.config;
  const argv = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  if (argv.length === 0 && exec.length === 0) {
    throw new TareError('E_NO_ENTRY', `${image.reference} has neither an entry point nor a command`, {
      hint: 'nothing could be kept: name what is run in it with --exec',
    });
  }
  const context = contextOf(image);
  const started: StartedProcess[] = [];
  if (argv.length > 0)
    started.push(processOf(image, tree, { root: 'entrypoint', because: 'what the image starts', argv, context }));
  const check = healthCheck(image);
  if (check !== undefined && findProgram(tree, check[0] ?? '', context) !== undefined)
    started.push(
      processOf(image, tree, { root: 'healthcheck', because: 'the health check of the image', argv: check, context }),
    );
  for (const command of exec)
    started.push(
      processOf(image, tree, { root: 'exec', because: `--exec ${command[0] ?? ''}`, argv: command, context }),
    );
  return started;
}

/** Where the processes of an image find themselves. */
export function contextOf(image: Image): Omit<ProcessContext, 'argv'> {
  const { config = {} } = image.config;
  const env = Object.fromEntries(
    (config.Env ?? [])
      .filter((item) => item.includes('='))
      .map((item) => {
        const at = item.indexOf('=');
        return [item.slice(0, at), item.slice(at + 1)];
      }),
  );
  return { env: { PATH: DEFAULT_PATH, ...env }, cwd: workingFolder(image) };
}

export function workingFolder(image: Image): TreePath {
  const text = image.config.config?.WorkingDir ?? '';
  return text.startsWith('/') ? clampedPath(text) : ROOT;
}

/** A path that a config names; the parent of the root is the root. What no path can hold (NUL) names the root. */
export function clampedPath(text: string): TreePath {
  const parts: string[] = [];
  for (const part of text.includes('\0') ? [] : text.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return pathOfText(`/${parts.join('/')}`);
}

/** `CMD` and `CMD-SHELL` of the health check; `NONE` and an inherited one are none. */
function healthCheck(image: Image): readonly string[] | undefined {
  const [kind, ...words] = image.config.config?.Healthcheck?.Test ?? [];
  if (kind === 'CMD' && words.length > 0) return words;
  return kind === 'CMD-SHELL' && words.length > 0
    ? [...(image.config.config?.Shell ?? ['/bin/sh', '-c']), ...words]
    : undefined;
}

function processOf(
  image: Image,
  tree: Tree,
  start: Pick<StartedProcess, 'because' | 'root'> & { argv: readonly string[]; context: Omit<ProcessContext, 'argv'> },
): StartedProcess {
  const { argv, because, context, root } = start;
  const name = argv[0] ?? '';
  const program = findProgram(tree, name, context);
  const hint = 'see what is inside with `tare files`; nothing can be kept for a program that cannot be started';
  if (program === undefined)
    throw new TareError(
      'E_PATH_NOT_FOUND',
      `${image.reference} starts ${JSON.stringify(name)}, which is ${isFolder(tree, name, context) ? 'a folder' : 'not in it'}`,
      { hint },
    );
  // Not even root may execute what nobody may.
  const mode = tree.resolve(program)?.entry.mode ?? 0;
  if ((mode & 0o111) === 0)
    throw new TareError(
      'E_ENTRYPOINT',
      `${image.reference} starts ${JSON.stringify(name)}, which is not executable: its mode is ${(mode & 0o7777).toString(8).padStart(4, '0')}`,
      { hint: 'make it executable where the image is made, e.g. `RUN chmod +x`' },
    );
  return { root, because, program, context: { ...context, argv } };
}

function isFolder(tree: Tree, name: string, { cwd }: Omit<ProcessContext, 'argv'>): boolean {
  const path = name.includes('/') ? locate(tree, cwd, bytesOfText(name))?.path : undefined;
  return path !== undefined && tree.resolve(path)?.entry.type === 'directory';
}

/** As execvpe(3): a name without a slash is looked up on PATH, all others start at the working folder. */
export function findProgram(
  tree: Tree,
  name: string,
  { cwd, env }: Omit<ProcessContext, 'argv'>,
): TreePath | undefined {
  const isFile = (path: TreePath): boolean => tree.resolve(path)?.entry.content !== undefined;
  if (name === '' || name.includes('\0')) return undefined;
  if (name.includes('/')) {
    const path = locate(tree, cwd, bytesOfText(name))?.path;
    return path !== undefined && isFile(path) ? path : undefined;
  }
  const folders = (env['PATH'] ?? DEFAULT_PATH).split(':').filter((folder) => folder.startsWith('/'));
  const found = folders.map((folder) => joinPath(clampedPath(folder), bytesOfText(name))).filter(isFile);
  return found.find((path) => ((tree.resolve(path)?.entry.mode ?? 0) & 0o111) !== 0) ?? found[0];
}
