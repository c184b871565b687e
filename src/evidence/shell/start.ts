import { type ByteString, nameOf, showPath, type TreePath } from '../../base/path.ts';
import { openArguments } from './arguments.ts';
import type { ProcessContext } from '../types.ts';
import { NOT_READING, SHELLS } from './builtins.ts';
import { folderWork } from './folder-runners.ts';
import { processesOf } from './process.ts';
import { findFile, findProgram, type Place } from './search.ts';
import { MAX_DEPTH, type Origin, type Session, type Where } from './session.ts';
import { parseShebang } from './shebang.ts';
import { afterOptions, type Argv, type Wrapped, wrappedCommands } from './wrappers.ts';

/** Options of shells that take the next word as their value. */
const SHELL_OPTIONS = ['-o', '+o', '-O', '+O', '--rcfile', '--init-file'];

/** A command line that somebody runs: the program, what it runs in turn, and the files among its arguments. */
export async function runCommand(session: Session, argv: Argv, origin: Origin, where: Where): Promise<void> {
  const { tree } = session.tools;
  const [names = [], ...args] = argv;
  if (where.depth > MAX_DEPTH || argv.length === 0) return;
  const starts: ProcessContext[] = [];
  for (const name of names) {
    const program = findProgram(tree, name, where);
    if (program === undefined) {
      if (origin.certainty === 'sure' && origin.tried !== true && names.length === 1)
        session.warn('shell-missing', origin, `runs ${showPath(name)}, which is not in this tree`);
      continue;
    }
    const certainty = names.length === 1 ? origin.certainty : 'likely';
    const own = processesOf([[name], ...args], where);
    starts.push(...own);
    session.edge({ ...origin, certainty }, program.path, 'command', `runs ${showPath(name)}`, own);
    await startProgram(session, program, argv, { ...origin, certainty }, { ...where, depth: where.depth + 1 });
  }
  if (!names.some((name) => NOT_READING.has(nameOf(name as TreePath))))
    openArguments(session, args, origin, where, starts);
}

/** What a program does as soon as it is started: a script its lines, a shell what its arguments say, a wrapper another command. */
export async function startProgram(
  session: Session,
  program: Place,
  argv: Argv,
  origin: Origin,
  where: Where,
): Promise<void> {
  if (where.depth > MAX_DEPTH) return;
  const name = nameOf(program.path);
  workThrough(session, program, argv, origin, where);
  // A wrapper may itself be a script: `with-contenv` is.
  if (await startScript(session, program, argv.slice(1), origin, where))
    return startWrapped(session, name, argv, { origin, where });
  // Called by its own name, busybox takes the applet's name as an argument.
  if (name === 'busybox') return startApplet(session, argv[1]?.[0] ?? '', argv.slice(1), { origin, where });
  return startApplet(session, name, argv, { origin, where });
}

/** What a program finds in folders, whether it is a script itself or not. */
function workThrough(session: Session, program: Place, argv: Argv, origin: Origin, where: Where): void {
  const likely: Origin = { ...origin, certainty: 'likely' };
  const { commands, lines, parts } = folderWork(session.tools.tree, program.path, argv, where);
  for (const command of commands) session.jobs.push({ kind: 'command', argv: command, origin: likely, where });
  for (const script of lines) session.jobs.push({ kind: 'execline', script, where });
  for (const path of parts) session.edge(likely, path, 'opened', 'lies in a folder that it works through');
}

function startApplet(
  session: Session,
  name: ByteString,
  argv: Argv,
  { origin, where }: { readonly origin: Origin; readonly where: Where },
): void {
  if (SHELLS.has(name)) return startShell(session, argv, origin, where);
  if (name === 'execlineb') return startExecline(session, argv, origin, where);
  return startWrapped(session, name, argv, { origin, where });
}

function startWrapped(
  session: Session,
  name: ByteString,
  argv: Argv,
  { origin, where }: { readonly origin: Origin; readonly where: Where },
): void {
  for (const wrapped of wrappedCommands(name, argv))
    session.jobs.push({ kind: 'command', argv: wrapped.argv, origin, where: within(session, where, wrapped) });
}

/** Where a wrapper's command runs: env(1) and others change the environment and the folder. */
function within({ tools }: Session, where: Where, { chdir, env }: Wrapped): Where {
  const folder = chdir === undefined ? undefined : findFile(tools.tree, chdir, where.folders)?.entry;
  const moved =
    folder?.type === 'directory' ? { cwd: folder.path, folders: [folder.path, ...where.folders] } : undefined;
  const path = env?.['PATH'];
  return {
    ...where,
    ...moved,
    ...(env !== undefined && { env: { ...where.env, ...env } }),
    ...(path !== undefined && { searchPaths: [path] }),
  };
}

/** A `#!` line, as the kernel follows it. @returns false when it is no script */
export async function startScript(
  session: Session,
  script: Place,
  args: Argv,
  origin: Origin,
  where: Where,
): Promise<boolean> {
  const shebang = parseShebang(await session.head(script.entry));
  if (shebang === undefined) return false;
  const { path } = script.entry;
  const own: Origin = { from: path, line: 1, certainty: 'sure' };
  const line = `#!${showPath(shebang.interpreter)}${shebang.argument === undefined ? '' : ` ${showPath(shebang.argument)}`}`;
  const interpreter = findFile(session.tools.tree, shebang.interpreter, where.folders);
  if (interpreter?.entry.content === undefined) {
    const blank = shebang.interpreter.endsWith('\r') ? ': the line ends in a carriage return' : '';
    session.warn('shell-interpreter', own, `cannot be started by its line ${line}: there is no such program${blank}`);
    return true;
  }
  const argv: Argv = [
    [shebang.interpreter],
    ...(shebang.argument === undefined ? [] : [[shebang.argument]]),
    [path],
    ...args,
  ];
  session.edge(own, interpreter.path, 'interpreter', line, processesOf(argv, where));
  const inner = { ...where, depth: where.depth + 1 };
  const name = nameOf(interpreter.path);
  if (name !== 'env') {
    await startProgram(session, interpreter, argv, { ...origin, from: path, line: 1 }, inner);
    return true;
  }
  for (const wrapped of wrappedCommands('env', argv)) {
    const [names = [], ...rest] = wrapped.argv;
    const there = within(session, inner, wrapped);
    const program = findProgram(session.tools.tree, names[0] ?? '', there);
    if (program === undefined) {
      session.warn(
        'shell-interpreter',
        own,
        `cannot be started by its line ${line}: PATH has no ${showPath(names[0] ?? '')}`,
      );
      continue;
    }
    const words: Argv = [names, ...rest];
    session.edge(own, program.path, 'interpreter', `${line}, found on PATH`, processesOf(words, there));
    await startProgram(session, program, words, { ...origin, from: path, line: 1 }, there);
  }
  return true;
}

/** `execlineb [options] FILE [args…]`. */
function startExecline(session: Session, argv: Argv, origin: Origin, where: Where): void {
  for (const text of argv[afterOptions(argv, [])] ?? []) {
    const script = findFile(session.tools.tree, text, where.folders)?.entry;
    if (script?.content === undefined) continue;
    if (script.path !== origin.from) session.edge(origin, script.path, 'opened', 'is run by execlineb');
    session.jobs.push({ kind: 'execline', script, where });
  }
}

/** `sh [options] -c STRING [name args…]`, `sh [options] FILE [args…]`. */
function startShell(session: Session, argv: Argv, origin: Origin, where: Where): void {
  const first = afterOptions(argv, SHELL_OPTIONS);
  const isCommand = argv.slice(1, first).some(([word]) => /^-[a-zA-Z]*c[a-zA-Z]*$/.test(word ?? ''));
  const rest = argv.slice(first + 1).map((values) => values[0] ?? '');
  for (const text of argv[first] ?? []) {
    if (isCommand) {
      const [program = 'sh', ...parameters] = rest;
      session.jobs.push({ kind: 'script', script: text, program, parameters, origin, where });
      continue;
    }
    const script = findFile(session.tools.tree, text, where.folders);
    if (script?.entry.content === undefined) continue;
    if (script.entry.path !== origin.from) session.edge(origin, script.path, 'opened', 'is run by the shell');
    const own: Origin = { from: script.entry.path, certainty: 'sure' };
    session.jobs.push({
      kind: 'script',
      script: script.entry,
      program: script.entry.path,
      parameters: rest,
      origin: own,
      where,
    });
  }
}
