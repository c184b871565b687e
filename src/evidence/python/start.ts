import { bytesOfText, showPath, textOfBytes, type TreePath } from '../../base/path.ts';
import type { ContentReader, Entry, Tree } from '../../tree/types.ts';
import { DEFAULT_PATH, findProgram, type Place } from '../shell/search.ts';
import { parseShebang } from '../shell/shebang.ts';
import type { ProcessContext } from '../types.ts';
import { isPython, parsePythonArgs, type PythonCommand } from './command.ts';
import { locate } from '../locate.ts';

/** How one process starts python. */
export interface Start {
  /** The interpreter as it was named, links as they are: a venv is found from there. */
  readonly executable: TreePath;
  readonly command: PythonCommand;
  /** The started file, when it is one. */
  readonly script?: Place;
  /** For people: `python3 -m app`, `gunicorn`. */
  readonly shown: string;
}

const HEAD_BYTES = 256;
/** Words of a command line that are tried as the program: what stands before them are wrappers. */
const MAX_WORDS = 24;

/**
 * Finds python in a command line: called itself, as the interpreter of a script that is called, or behind wrappers (`tini -- gunicorn app:app`).
 * Undefined when it starts something else.
 */
export async function startOf(tree: Tree, content: ContentReader, context: ProcessContext): Promise<Start | undefined> {
  const where = { searchPaths: [bytesOfText(context.env['PATH'] ?? DEFAULT_PATH)], folders: [context.cwd] };
  const words = context.argv.map(bytesOfText);
  for (const [at, word] of words.slice(0, MAX_WORDS).entries()) {
    if (word.startsWith('-') || word === '') continue;
    const program = findProgram(tree, word, where);
    if (program === undefined) continue;
    const args = words.slice(at + 1).map(textOfBytes);
    if (isPython(word) || isPython(program.entry.path)) return called(tree, context, program, args);
    const started = await scriptStart(tree, content, context, program, args);
    if (started !== undefined) return started;
  }
  return undefined;
}

/** A script by its `#!` line, with the arguments that it is given. */
export async function scriptStart(
  tree: Tree,
  content: ContentReader,
  context: ProcessContext,
  script: Place,
  args: readonly string[],
): Promise<Start | undefined> {
  const { entry } = script;
  if (entry.content === undefined) return undefined;
  const shebang = await shebangOf(tree, content, context, entry);
  if (shebang === undefined) return undefined;
  const command = parsePythonArgs([...shebang.options, textOfBytes(script.path), ...args]);
  return { executable: shebang.executable, command, script, shown: showPath(script.path) };
}

async function shebangOf(
  tree: Tree,
  content: ContentReader,
  context: ProcessContext,
  entry: Entry,
): Promise<{ readonly executable: TreePath; readonly options: readonly string[] } | undefined> {
  const head = await content.read(entry, { offset: 0, size: Math.min(HEAD_BYTES * 4, entry.size) });
  const shebang = parseShebang(head) ?? longShebang(head);
  if (shebang === undefined) return undefined;
  const where = { searchPaths: [bytesOfText(context.env['PATH'] ?? DEFAULT_PATH)], folders: [context.cwd] };
  // env(1): `-S` splits its argument, and assignments may come before the program.
  const viaEnv = /(?:^|\/)env$/.test(shebang.interpreter);
  const words = (shebang.argument ?? '').split(/[ \t]+/).filter((word) => word !== '');
  const first = viaEnv ? words.findIndex((word) => !/^-|^[A-Za-z_]\w*=/.test(word)) : 0;
  const [name = '', ...options] = viaEnv ? words.slice(first) : [shebang.interpreter, ...words];
  if (!isPython(name)) return undefined;
  const program = findProgram(tree, name, where);
  return program === undefined ? undefined : { executable: program.path, options: options.map(textOfBytes) };
}

/** pip writes `#!/bin/sh` and `'''exec' /long/path/python "$0" "$@"` where the kernel's line would be too long. */
function longShebang(head: Uint8Array): { readonly interpreter: string; readonly argument?: string } | undefined {
  const match = /^#!\/bin\/sh\n'''exec' "?([^"\n]*?\/python[\w.]*)"? "\$0" "\$@"/.exec(
    Buffer.from(head).toString('latin1'),
  );
  return match === null ? undefined : { interpreter: match[1] as string };
}

function called(tree: Tree, context: ProcessContext, program: Place, args: readonly string[]): Start {
  const command = parsePythonArgs(args);
  const { start } = command;
  const shown =
    start.kind === 'module' ? `python -m ${start.name}` : start.kind === 'script' ? `python ${start.path}` : 'python';
  const base = { executable: program.path, command, shown };
  if (start.kind !== 'script') return base;
  const path = locate(tree, context.cwd, bytesOfText(start.path))?.path;
  const entry = path === undefined ? undefined : tree.resolve(path)?.entry;
  return path === undefined || entry === undefined ? base : { ...base, script: { path, entry } };
}

/** The interpreter for files of which nobody says how they are run: the one on PATH, else one in a usual place. */
export function anyStart(tree: Tree, context: ProcessContext): Start | undefined {
  const searchPaths = [bytesOfText(context.env['PATH'] ?? DEFAULT_PATH), DEFAULT_PATH];
  for (const name of ['python3', 'python']) {
    const program = findProgram(tree, name, { searchPaths, folders: [context.cwd] });
    if (program !== undefined) return { executable: program.path, command: parsePythonArgs([]), shown: name };
  }
  return undefined;
}
