import { isAbsolute } from 'node:path';
import { TareError } from '../base/error.ts';
import type { Warning } from '../base/events.ts';
import {
  bytesOfText,
  cleanPath,
  joinPath,
  nameOf,
  pathOfText,
  quotePath,
  textOfBytes,
  type TreePath,
} from '../base/path.ts';
import type { Config } from '../config/config.ts';
import { nodeProject } from '../evidence/node/project.ts';
import { isElf } from '../formats/elf/index.ts';
import type { ContentReader, Entry, Tree } from '../tree/types.ts';
import { folderKind, isJavaScript } from './folder-kind.ts';

/** How the application is started, and what it is called. Paths are those of the image. */
export interface Start {
  /** argv; the first is an absolute path in the image. */
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The interpreter outside the application folder, if one is used: it has a layer of its own. */
  readonly runtime?: TreePath;
  /** The module or binary of the application that is started, if it was told or detected. */
  readonly module?: TreePath;
  readonly name?: string;
  readonly version?: string;
  /** Which fact decided, for people: "scripts.start of package.json". */
  readonly because: string;
}

export interface EntryInput {
  readonly tree: Tree;
  readonly content: ContentReader;
  /** The application folder in the image. */
  readonly app: TreePath;
  readonly config: Config;
  /** Where programs are looked up, in order. */
  readonly searchPath: readonly TreePath[];
  readonly warn: (warning: Warning) => void;
}

/** Most entries of the application folder that are looked at for a binary. */
const MAX_LISTED = 10_000;
const HEAD_BYTES = 4096;

/**
 * Decides how the application starts: `entrypoint` of tare.yaml, else `entry`, else package.json, else the only ELF executable.
 * @throws TareError E_AMBIGUOUS_ENTRY listing the candidates, E_NO_ENTRY, E_PATH_NOT_FOUND
 */
export async function findStart(input: EntryInput): Promise<Start> {
  const { config } = input;
  const start = await decide(input);
  return { ...start, cmd: config.cmd ?? start.cmd, env: { ...start.env, ...config.env } };
}

async function decide(input: EntryInput): Promise<Start> {
  const { app, config, tree } = input;
  const manifest = tree.resolve(joinPath(app, 'package.json'))?.entry;
  if (config.entrypoint !== undefined) {
    const names = manifest?.type === 'file' ? await namesOf(input, manifest) : {};
    return { ...fromArgv(input, config.entrypoint), ...names };
  }
  if (config.entry !== undefined) return fromEntry(input, config.entry, manifest);
  if (manifest?.type === 'file') return fromPackage(input);
  return fromBinary(input);
}

function fromArgv(input: EntryInput, argv: readonly string[]): Start {
  const program = argv[0] ?? '';
  const path = program.includes('/') ? inApp(input.app, program) : findProgram(input, program);
  const entry = path === undefined ? undefined : input.tree.resolve(path)?.entry;
  if (path === undefined || entry?.type !== 'file') {
    throw new TareError(
      'E_PATH_NOT_FOUND',
      `entrypoint: the program ${JSON.stringify(program)} is not in the application, nor in ${input.searchPath.join(':')}`,
      {
        hint: 'install it, or name it by an absolute path in `entrypoint` of tare.yaml',
      },
    );
  }
  const inside = path.startsWith(`${input.app}/`);
  return {
    entrypoint: [textOfBytes(path), ...argv.slice(1)],
    cmd: [],
    env: {},
    ...(inside ? { module: path } : { runtime: path }),
    because: 'entrypoint of tare.yaml',
  };
}

async function fromEntry(input: EntryInput, name: string, manifest: Entry | undefined): Promise<Start> {
  const path = inApp(input.app, name);
  const found = input.tree.resolve(path)?.entry;
  if (found?.type !== 'file')
    throw new TareError('E_PATH_NOT_FOUND', `the entry ${JSON.stringify(name)} is not a file of the application`);
  const names = manifest?.type === 'file' ? await namesOf(input, manifest) : {};
  const head = await input.content.read(found, { offset: 0, size: Math.min(HEAD_BYTES, found.size) });
  if (isElf(head)) return { ...binaryStart(path, '--entry'), ...names };
  if (head[0] === 0x23 && head[1] === 0x21 && (found.mode & 0o111) !== 0)
    return { ...binaryStart(path, '--entry'), ...names };
  if (!isJavaScript(found.path)) {
    throw new TareError(
      'E_NO_ENTRY',
      `the entry ${JSON.stringify(name)} is neither JavaScript, an ELF binary, nor an executable script`,
      {
        hint: 'compile it, or let a script that starts with #! start it; `entrypoint:` in tare.yaml may name any program',
      },
    );
  }
  const node = nodeRuntime(input);
  return {
    entrypoint: [node, moduleWord(input.app, path)],
    cmd: [],
    env: {},
    runtime: pathOfText(node),
    module: path,
    because: '--entry',
    ...names,
  };
}

async function fromPackage(input: EntryInput): Promise<Start> {
  const project = await nodeProject(input.tree, input.content, input.app);
  const node = nodeRuntime(input);
  const [flags, rest] = project.args;
  return {
    entrypoint: [node, ...flags, moduleWord(input.app, project.entry), ...rest],
    cmd: [],
    env: project.env,
    runtime: pathOfText(node),
    module: project.entry,
    ...(project.name === undefined ? {} : { name: project.name }),
    ...(project.version === undefined ? {} : { version: project.version }),
    because: `${project.from} of package.json`,
  };
}

async function fromBinary(input: EntryInput): Promise<Start> {
  const candidates: TreePath[] = [];
  const scripts: TreePath[] = [];
  const listed = input.tree.children(input.app).slice(0, MAX_LISTED);
  for (const entry of listed) {
    if (entry.type !== 'file' || (entry.mode & 0o111) === 0) continue;
    const head = await input.content.read(entry, { offset: 0, size: Math.min(HEAD_BYTES, entry.size) });
    if (isElf(head) && !/\.so(\.\d+)*$/.test(entry.path)) candidates.push(entry.path);
    if (head[0] === 0x23 && head[1] === 0x21) scripts.push(entry.path);
  }
  if (candidates.length === 0) candidates.push(...scripts);
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1) return binaryStart(only, 'the only executable of the folder');
  if (candidates.length > 1) {
    const names = candidates.map((path) => quotePath(nameOf(path))).join(', ');
    throw new TareError('E_AMBIGUOUS_ENTRY', `the folder holds several executables: ${names}`, {
      hint: 'say which one: `tare build --entry FILE`, or `entry:` in tare.yaml',
    });
  }
  const kind = folderKind(input.tree, input.app);
  const nothing = 'the folder holds no package.json, no ELF binary and no executable script';
  const message = kind === undefined ? nothing : `${nothing}; it looks like ${kind.what}`;
  throw new TareError('E_NO_ENTRY', listed.length === 0 ? 'the application folder is empty' : message, {
    hint: kind?.hint ?? 'say what to start: `tare build --entry FILE`, or `entrypoint:` in tare.yaml',
  });
}

function binaryStart(path: TreePath, because: string): Start {
  return { entrypoint: [textOfBytes(path)], cmd: [], env: {}, module: path, because };
}

/** As short as can be: the process starts in the application's folder. A name like `-x.js` would be a flag. */
function moduleWord(app: TreePath, path: TreePath): string {
  const prefix = app === '/' ? '/' : `${app}/`;
  const word = path.startsWith(prefix) ? path.slice(prefix.length) : path;
  return textOfBytes(word.startsWith('-') ? `./${word}` : word);
}

function nodeRuntime(input: EntryInput): string {
  const path = findProgram(input, 'node');
  if (path !== undefined) return textOfBytes(path);
  throw new TareError(
    'E_NO_RUNTIME',
    `the application needs Node, and the warehouse has no \`node\` in ${input.searchPath.join(':')}`,
    {
      hint: 'put node on PATH, or take it from an image: `tare build --from IMAGE`',
    },
  );
}

function findProgram(input: EntryInput, name: string): TreePath | undefined {
  for (const dir of input.searchPath) {
    const path = joinPath(dir, bytesOfText(name));
    const entry = input.tree.resolve(path)?.entry;
    if (entry?.type === 'file' && (entry.mode & 0o111) !== 0) return path;
  }
  return undefined;
}

function inApp(app: TreePath, name: string): TreePath {
  try {
    return isAbsolute(name) ? pathOfText(name) : cleanPath(`${app}/${bytesOfText(name)}`);
  } catch (error) {
    throw new TareError('E_PATH_NOT_FOUND', `${JSON.stringify(name)} leads out of the image`, { cause: error });
  }
}

async function namesOf(input: EntryInput, manifest: Entry): Promise<{ name?: string; version?: string }> {
  if (manifest.size > 1024 * 1024) return {};
  try {
    const value: unknown = JSON.parse(Buffer.from(await input.content.read(manifest)).toString('utf8'));
    if (value === null || typeof value !== 'object') return {};
    const { name, version } = value as { name?: unknown; version?: unknown };
    return { ...(typeof name === 'string' ? { name } : {}), ...(typeof version === 'string' ? { version } : {}) };
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
