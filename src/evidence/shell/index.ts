import { bytesOfText, parentOf, pathOfText, showPath, type TreePath } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';
import type { Analyser, AnalyserTools, Edge, ProcessContext, Question } from '../types.ts';
import { readExecline } from './execline.ts';
import { surroundingsOf } from './process.ts';
import { DEFAULT_PATH, findProgram } from './search.ts';
import { createSession, type Session, type Where } from './session.ts';
import { openArguments } from './arguments.ts';
import { readScript } from './script.ts';
import { runCommand, startProgram, startScript } from './start.ts';
import type { Argv } from './wrappers.ts';

/** Commands and scripts of one start. */
const MAX_JOBS = 100_000;
/** Where systems keep the programs that are run by name. */
const PROGRAM_FOLDERS = DEFAULT_PATH.split(':').map(pathOfText);

/**
 * What scripts need to run: the interpreter of their `#!` line, and of shell scripts the programs and files that they name by constants.
 * It answers for the program that the context starts (also for the command in `sh -c …`, and for what `env`, `tini` and their like start), and for scripts in
 * folders of programs; other scripts are files like any other, for nobody runs them. What a script leads to is answered at once, so its edges are `settled`.
 */
export function shellAnalyser(): Analyser {
  return {
    name: 'shell',
    wants: ({ entry }, head) => (entry.mode & 0o111) !== 0 || (head[0] === 0x23 && head[1] === 0x21),
    edges: analyse,
  };
}

async function analyse(question: Question, tools: AnalyserTools): Promise<readonly Edge[]> {
  const { context, path } = question;
  const session = createSession(context, tools);
  const inherited = surroundingsOf(context);
  const searchPaths = [inherited.env['PATH'] ?? DEFAULT_PATH];
  const where: Where = { ...inherited, searchPaths, folders: [context.cwd], depth: 0 };
  const origin = { from: path, certainty: 'sure' } as const;
  const started = startedProgram(context, session, where);
  if (started?.entry.path === question.entry.path) {
    const argv: Argv = context.argv.map((word) => [bytesOfText(word)]);
    await startProgram(session, started, argv, origin, where);
    openArguments(session, argv.slice(1), origin, where);
  } else if (isProgramFolder(tools.tree, parentOf(path), where)) {
    await startScript(session, { path, entry: question.entry }, [], origin, where);
  }
  await finish(session, path);
  return session.edges;
}

async function finish(session: Session, question: TreePath): Promise<void> {
  for (let done = 0; ; done += 1) {
    const job = session.jobs.pop();
    if (job === undefined) return;
    if (done >= MAX_JOBS) {
      const path = showPath(question);
      session.tools.warn({ code: 'shell-limit', message: `${path} starts too much: the rest was left out`, path });
      return;
    }
    if (job.kind === 'execline') await readExecline(session, job);
    else if (job.kind === 'script') await readScript(session, job);
    else await runCommand(session, job.argv, job.origin, job.where);
  }
}

function startedProgram(context: ProcessContext, { tools }: Session, where: Where) {
  const [program] = context.argv;
  return program === undefined ? undefined : findProgram(tools.tree, bytesOfText(program), where);
}

function isProgramFolder(tree: Tree, folder: TreePath, where: Where): boolean {
  const named = where.searchPaths.flatMap((path) => path.split(':')).filter((text) => text.startsWith('/'));
  return [...PROGRAM_FOLDERS, ...named.map((text) => text as TreePath)].some(
    (path) => path === folder || tree.resolve(path)?.entry.path === folder,
  );
}
