import type { Warning } from '../../base/events.ts';
import type { TreePath } from '../../base/path.ts';
import { nameOf } from '../../base/path.ts';
import { isElf } from '../../formats/elf/index.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';
import type { Analyser, AnalyserTools, Edge, ProcessContext, Question } from '../types.ts';
import { type Analysis, analyseSource } from './analyse.ts';
import { extensionNeeds } from './extension.ts';
import { surest } from './needs.ts';
import { isPython, parsePythonArgs } from './command.ts';
import { pythonProcess, type PythonProcess } from './process.ts';
import { anyStart, startOf } from './start.ts';
import { edgeOf, startNeeds } from './startup.ts';

const SOURCE = /\.pyw?$/;
/** Extension modules, by what finders accept; plain `.so` only where packages are installed. */
const EXTENSION =
  /\.(?:cpython-3\d+[a-z]*(?:-[\w-]+)?|abi3(?:-[\w-]+)?)\.so$|\/(?:(?:site|dist)-packages|lib-dynload)(?:\/.*)?\/[A-Za-z_]\w*\.so$/;
const SHEBANG = /^#![^\n]*\bpython|^#!\/bin\/sh\n'''exec' [^\n]*\/python/;

/** What is known of one way of starting python: every source is read once, whoever asks. */
interface Session {
  /** By the interpreter's command line; undefined when the context starts something else and the tree has no python. */
  readonly process: Promise<PythonProcess | undefined>;
  readonly analysis: (path: TreePath) => Promise<Analysis | undefined>;
}

/**
 * Which modules, extensions and data files a Python program asks for, by reading its sources: imports resolved inside the tree as CPython's
 * own finders do (venvs, `.pth` files, Debian's folders), modules named by texts, entry points, files beside a module. Rules know what
 * frameworks load by name. Nothing outside `tools` is read, and no Python is run.
 */
export function pythonAnalyser(): Analyser {
  const sessions = new WeakMap<Tree, WeakMap<ContentReader, Map<string, Session>>>();
  const sessionOf = (tools: AnalyserTools, context: ProcessContext): Session => {
    const readers = sessions.get(tools.tree) ?? new WeakMap<ContentReader, Map<string, Session>>();
    const contexts = readers.get(tools.content) ?? new Map<string, Session>();
    sessions.set(tools.tree, readers.set(tools.content, contexts));
    const env = Object.entries(context.env).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([context.argv, context.cwd, env]);
    const session = contexts.get(key) ?? createSession(tools, context);
    contexts.set(key, session);
    return session;
  };
  return {
    name: 'python',
    wants(question, head) {
      const { path } = question;
      if (isElf(head)) return isInterpreter(path) || EXTENSION.test(path);
      if (SOURCE.test(path)) return true;
      const text = Buffer.from(head.subarray(0, 512)).toString('latin1');
      return text.startsWith('#!') ? SHEBANG.test(text) : isStarted(question);
    },
    edges: (question, tools) => answer(question, tools, sessionOf(tools, question.context)),
  };
}

function isInterpreter(path: TreePath): boolean {
  return isPython(nameOf(path));
}

/** `python /app/run`: a script whose name and first line say nothing. */
function isStarted({ context, path }: Question): boolean {
  const at = context.argv.findIndex((word) => isPython(word));
  const { start } = parsePythonArgs(at === -1 ? [] : context.argv.slice(at + 1));
  return start.kind === 'script' && (start.path === path || path.endsWith(`/${start.path.replace(/^(?:\.?\/)+/, '')}`));
}

async function answer(question: Question, tools: AnalyserTools, session: Session): Promise<readonly Edge[]> {
  const process = await session.process;
  const { entry, path } = question;
  if (process === undefined) return [];
  const { binary } = process.layout;
  if (isInterpreter(path))
    return path === binary?.path ? (await startNeeds(process)).map((need) => edgeOf(path, need)) : [];
  if (EXTENSION.test(path)) return surest(await extensionNeeds(process, entry), path).map((need) => edgeOf(path, need));
  const analysis = await session.analysis(entry.path);
  const warnings: readonly Warning[] = analysis?.warnings ?? [];
  for (const warning of warnings) tools.warn(warning);
  const edges = (analysis?.needs ?? []).map((need) => edgeOf(path, need));
  if (process.start.script?.entry.path !== entry.path) return edges;
  const because = 'runs it';
  const { executable } = process.start;
  return [
    ...edges,
    { from: path, to: executable, kind: 'interpreter', because, certainty: 'sure' },
    ...(await startNeeds(process)).filter((need) => need.path !== path).map((need) => edgeOf(path, need)),
  ];
}

function createSession(tools: AnalyserTools, context: ProcessContext): Session {
  const { content, tree } = tools;
  const process = (async () => {
    const start = (await startOf(tree, content, context)) ?? anyStart(tree, context);
    return start === undefined ? undefined : pythonProcess(tools, context, start);
  })();
  const known = new Map<TreePath, Promise<Analysis | undefined>>();
  const analyse = async (path: TreePath): Promise<Analysis | undefined> => {
    const found = await process;
    const entry = tree.get(path);
    return found === undefined || entry === undefined ? undefined : analyseSource(found, entry);
  };
  return {
    process,
    analysis: (path) => {
      let found = known.get(path);
      if (found === undefined) {
        found = analyse(path);
        known.set(path, found);
      }
      return found;
    },
  };
}
