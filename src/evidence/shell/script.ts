import { type Command, parse, type ParsedScript, type Redirect } from 'unbash';
import { type ByteString, showPath, textOfBytes } from '../../base/path.ts';
import type { Entry } from '../../tree/types.ts';
import { openArguments, openFile, weaker } from './arguments.ts';
import { BUILTINS } from './builtins.ts';
import type { Surroundings } from './process.ts';
import { findFile, findProgram, mayBeTaken } from './search.ts';
import { type Job, MAX_DEPTH, type Origin, type Session, type Where } from './session.ts';
import { initialState, type State, stateFor } from './state.ts';
import { scopeOf, type Shell, surveyed, wordsOf } from './survey.ts';
import { type Reach, walkScript } from './walk.ts';
import { argvsOf, type Scope, valuesOf } from './words.ts';
import { afterOptions, type Argv } from './wrappers.ts';

/** Larger scripts carry something else along. */
const MAX_SCRIPT_BYTES = 512 * 1024; // 512 KiB
/** The parser's time grows with the square of the here-documents of one line. */
const MAX_HERE_DOCUMENTS = 1000;
/** Expansions that are tried for one script. */
const MAX_EXPANSIONS = 100_000;

/** Reads a script that is started: its commands become jobs of the session, the files that it reads become edges. */
export async function readScript(session: Session, job: Extract<Job, { kind: 'script' }>): Promise<void> {
  const { origin, parameters, program, script, where } = job;
  const shell: Shell = {
    session,
    functions: new Set(),
    assigned: new Map(),
    program,
    parameters: [parameters],
    where,
    listed: new Map(),
    state: initialState({ cwd: where.cwd, env: where.env }),
    budget: { left: MAX_EXPANSIONS },
    gaps: { any: false },
  };
  if (typeof script === 'string')
    return readLines(shell, textOfBytes(script), { ...origin, nested: true }, origin.from);
  if (!session.enter(script.path, parameters)) return;
  const text = await readText(session, script, origin);
  if (text !== undefined) await readLines(shell, text, origin, script.path);
}

async function readText(session: Session, entry: Entry, origin: Origin): Promise<string | undefined> {
  if (entry.content === undefined) return undefined;
  if (entry.size > MAX_SCRIPT_BYTES) {
    session.warn('shell-too-large', origin, `has ${entry.size} bytes: what it runs was not looked at`);
    return undefined;
  }
  return textOfBytes(Buffer.from(await session.tools.content.read(entry)).toString('latin1'));
}

/** `nested`: a text within another: its lines are not those of a file. */
type TextOrigin = Origin & { readonly nested?: boolean };

async function readLines(shell: Shell, text: string, origin: TextOrigin, source: ByteString): Promise<void> {
  const { session, where } = shell;
  if (where.depth > MAX_DEPTH) return;
  if (text.split('<<').length > MAX_HERE_DOCUMENTS) {
    session.warn('shell-too-large', origin, 'has too many here-documents: what it runs was not looked at');
    return;
  }
  const script = reachable(parse(text));
  const lineOf = origin.nested === true ? () => origin.line : lineFinder(text);
  const [error] = script.errors ?? [];
  if (error !== undefined && error.pos <= script.end) {
    const line = lineOf(error.pos);
    session.warn(
      'shell-syntax',
      { ...origin, ...(line !== undefined && { line }) },
      `is not fully understood: ${error.message}`,
    );
  }
  await follow(surveyed(shell, script, source), script, { origin, source, lineOf });
}

/** What follows an `exit`, or an `exec` of a program, is not read any more: often an archive that the script unpacks. */
function reachable(script: ParsedScript): ParsedScript {
  const last = script.commands.findIndex(({ background, command }) => {
    if (command.type !== 'Command' || background === true) return false;
    return command.name?.value === 'exit' || (command.name?.value === 'exec' && command.args.length > 0);
  });
  const end = script.commands[last]?.end;
  return end === undefined ? script : { ...script, end, commands: script.commands.slice(0, last + 1) };
}

function lineFinder(text: string): (pos: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (pos) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as number) <= pos) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

interface File {
  readonly origin: TextOrigin;
  readonly source: ByteString;
  readonly lineOf: (pos: number) => number | undefined;
}

/** A command, or where a part begins or ends that has its own working folder, or its own of everything. */
type Step =
  | 'subshell'
  | 'folder'
  | 'leave'
  | { readonly command: Command; readonly reach: Reach; readonly origin: Origin };

/** @returns what sets the state back to what it is now */
function remembered(state: State, part: 'subshell' | 'folder'): () => void {
  const { exportsAll, now } = state;
  return () => {
    state.now = part === 'subshell' ? now : { ...state.now, cwd: now.cwd };
    if (part === 'subshell') state.exportsAll = exportsAll;
  };
}

/** What is known of this moment is the likeliest. */
function whereNow(where: Where, inherited: Surroundings): Where {
  const path = inherited.env['PATH'];
  const searchPaths = path === undefined ? where.searchPaths : [path, ...where.searchPaths];
  return {
    ...where,
    ...inherited,
    searchPaths: [...new Set(searchPaths)],
    folders: [...new Set([inherited.cwd, ...where.folders])],
  };
}

async function follow(shell: Shell, script: ParsedScript, file: File): Promise<void> {
  const found: Step[] = [];
  const { session, where } = shell;
  const originAt = (pos: number, { certain, tried }: Reach): Origin => {
    const line = file.lineOf(pos);
    const { certainty, from } = file.origin;
    return { from, certainty: certain ? certainty : weaker(certainty), tried, ...(line !== undefined && { line }) };
  };
  const scope = scopeOf(shell, file.source);
  walkScript(script, {
    command: (command, reach) => void found.push({ command, reach, origin: originAt(command.pos, reach) }),
    pipeline: () => undefined,
    enter: (subshell) => void found.push(subshell ? 'subshell' : 'folder'),
    leave: () => void found.push('leave'),
    redirect: (redirect, reach) => redirected(shell, scope, redirect, originAt(redirect.pos, reach)),
    tested: (word) =>
      openArguments(session, [valuesOf(word, scope)], originAt(word.pos, { certain: false, tried: true }), where),
    assignment: () => undefined,
    define: () => undefined,
    loop: () => undefined,
  });
  const outer: (() => void)[] = [];
  for (const step of found) {
    if (step === 'leave') outer.pop()?.();
    else if (typeof step === 'string') outer.push(remembered(shell.state, step));
    if (typeof step === 'string') continue;
    const { command, origin, reach } = step;
    const inherited = stateFor(shell.state, command, reach, scope, session.tools.tree);
    const argvs = argvsOf(wordsOf(command), scope);
    const certainty = argvs.length === 1 ? origin.certainty : weaker(origin.certainty);
    const there = { ...shell, where: whereNow(where, inherited) };
    for (const argv of argvs) await shellCommand(there, argv, { ...origin, certainty }, file);
  }
}

/** What is read is needed; of what is written the folder. */
function redirected(shell: Shell, scope: Scope, redirect: Redirect, origin: Origin): void {
  const { session, where } = shell;
  const { operator, target } = redirect;
  if (target === undefined || operator === '<&' || operator === '>&') return;
  for (const text of valuesOf(target, scope)) {
    if (operator === '<') openFile(session, text, origin, where);
    if (operator === '<' || !text.startsWith('/')) continue;
    const folder = findFile(session.tools.tree, text.slice(0, text.lastIndexOf('/') + 1), where.folders);
    if (folder?.entry.type !== 'directory' || !mayBeTaken(folder, session.context.cwd)) continue;
    session.edge({ ...origin, certainty: 'likely' }, folder.path, 'looked-up', `writes ${showPath(text)}`);
  }
}

/** A command as a shell takes it: function, builtin, or program (POSIX XCU 2.9.1.4). */
async function shellCommand(shell: Shell, argv: Argv, origin: Origin, file: File): Promise<void> {
  const { session, where } = shell;
  const [names = [], ...args] = argv;
  const [name] = names;
  if (name === undefined) return openArguments(session, args, origin, where);
  if (shell.functions.has(textOfBytes(name))) return openArguments(session, args, origin, where);
  const certainty = shell.gaps.any ? weaker(origin.certainty) : origin.certainty;
  const run = (words: Argv): void =>
    void session.jobs.push({ kind: 'command', argv: words, origin: { ...origin, certainty }, where });
  if (!BUILTINS.has(name)) return run(argv);
  switch (name) {
    case '.':
    case 'source':
      if (args[0]?.length !== 1) shell.gaps.any = true;
      for (const text of args[0] ?? []) await sourceFile(shell, text, origin);
      return;
    case 'exec':
      return run(argv.slice(afterOptions(argv, ['-a'])));
    case 'command':
      if (argv.slice(1, afterOptions(argv, [])).some(([word]) => /^-.*[vV]/.test(word ?? ''))) return;
      return shellCommand({ ...shell, functions: new Set() }, argv.slice(afterOptions(argv, [])), origin, file);
    case 'eval':
    case 'trap': {
      const text = (name === 'eval' ? args : args.slice(0, 1)).map((values) => values[0] ?? '').join(' ');
      return text === '' || text === '-'
        ? undefined
        : readLines(shell, textOfBytes(text), { ...origin, nested: true }, file.source);
    }
    case '[':
    case 'test':
      return openArguments(session, args, { ...origin, certainty: weaker(origin.certainty) }, where);
  }
}

/** A sourced file is searched on PATH when its name has no slash, and then in the working folder (bash(1), `source`). */
async function sourceFile(shell: Shell, text: ByteString, origin: Origin): Promise<void> {
  const { session, where } = shell;
  const { tree } = session.tools;
  const found =
    (text.includes('/') ? undefined : findProgram(tree, text, where)) ?? findFile(tree, text, where.folders);
  if (found?.entry.content === undefined) {
    shell.gaps.any = true;
    if (origin.certainty === 'sure' && origin.tried !== true)
      session.warn('shell-missing', origin, `reads ${showPath(text)}, which is not in this tree`);
    return;
  }
  session.edge(origin, found.path, 'opened', `sources ${showPath(text)}`);
  const { path } = found.entry;
  if (!session.enter(path, ['.'])) return;
  const inner: Origin = { from: path, certainty: 'sure' };
  const content = await readText(session, found.entry, inner);
  if (content !== undefined)
    await readLines({ ...shell, where: { ...where, depth: where.depth + 1 } }, content, inner, path);
}
