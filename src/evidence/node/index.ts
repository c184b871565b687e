import type { Warning } from '../../base/events.ts';
import type { TreePath } from '../../base/path.ts';
import { isElf } from '../../formats/elf/index.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';
import type { Analyser, AnalyserTools, Edge, ProcessContext, Question } from '../types.ts';
import type { Facts } from '../facts.ts';
import { type Analysis, analyseModule, commandLineNeeds, NOTHING } from './analyse.ts';
import { fileAt } from './files.ts';
import type { Need } from './needs.ts';
import { type NodeProcess, nodeProcess, scriptOf } from './process.ts';

const MODULE = /\.(?:[cm]?js|[cm]?ts)$/;
const DECLARATIONS = /\.d\.[cm]?ts$/;
const SHEBANG = /^#![^\n]*\bnode(?:js)?\b/;

/** What is known of one way of starting node: every module is read once, whoever asks. */
interface Session {
  readonly process: Promise<NodeProcess>;
  readonly analysis: (path: TreePath) => Promise<Analysis>;
  /** The modules that the started one reaches. Undefined when nobody knows what is started. */
  readonly reached: () => Promise<ReadonlySet<TreePath> | undefined>;
}

/**
 * Which modules, package.json files, addons and assets a JavaScript module asks for, by reading it: `import`, `require`, workers, files
 * named from its own place; resolved inside the tree as node does. What cannot be told from the source is guessed by rules, and said in
 * a warning when it matters. Nothing outside `tools` is read, and the node that runs this does not influence the answer.
 */
export function nodeAnalyser(): Analyser {
  const sessions = new WeakMap<Tree, WeakMap<ContentReader, Map<string, Session>>>();
  const sessionOf = ({ content, facts, tree }: AnalyserTools, context: ProcessContext): Session => {
    const readers = sessions.get(tree) ?? new WeakMap<ContentReader, Map<string, Session>>();
    const contexts = readers.get(content) ?? new Map<string, Session>();
    sessions.set(tree, readers.set(content, contexts));
    const key = JSON.stringify([
      context.argv,
      context.cwd,
      context.env['NODE_OPTIONS'],
      context.env['NODE_PATH'],
      context.env['PATH'],
    ]);
    const session = contexts.get(key) ?? createSession(tree, content, context, facts);
    contexts.set(key, session);
    return session;
  };
  return {
    name: 'node',
    wants(question, head) {
      if (MODULE.test(question.path)) return !DECLARATIONS.test(question.path) && !isElf(head);
      const text = Buffer.from(head.subarray(0, 256)).toString('latin1');
      if (text.startsWith('#!')) return SHEBANG.test(text);
      return scriptOf(question.context) === question.path && !isElf(head);
    },
    edges: (question, tools) => answer(question, tools, sessionOf(tools, question.context)),
  };
}

async function answer(question: Question, tools: AnalyserTools, session: Session): Promise<readonly Edge[]> {
  const { analysis, process, reached } = session;
  const file = question.entry;
  const { needs, warnings } = await analysis(file.path);
  const { start } = await process;
  const first = start === file.path ? await commandLineNeeds(await process) : [];
  // A file that lies in the folder but is never loaded (a script for the workshop) may ask for what is not installed.
  const heard: readonly Warning[] = warnings.length > 0 && (await reached())?.has(file.path) !== false ? warnings : [];
  for (const warning of heard) tools.warn(warning);
  return [...needs, ...first].map((need) => edgeOf(question.path, need));
}

function edgeOf(from: TreePath, need: Need): Edge {
  const { because, certainty, kind, line, path } = need;
  return { from, to: path, kind, because, certainty, ...(line === undefined ? {} : { at: { line } }) };
}

function createSession(tree: Tree, content: ContentReader, context: ProcessContext, facts: Facts | undefined): Session {
  const process = nodeProcess(tree, content, context, facts);
  const known = new Map<TreePath, Promise<Analysis>>();
  const analysis = (path: TreePath): Promise<Analysis> => {
    let found = known.get(path);
    if (found === undefined) {
      found = (async () => {
        const entry = fileAt(tree, path);
        return entry === undefined ? NOTHING : analyseModule(await process, entry);
      })();
      known.set(path, found);
    }
    return found;
  };
  let closure: Promise<ReadonlySet<TreePath> | undefined> | undefined;
  return { process, analysis, reached: () => (closure ??= reachedFrom(tree, process, analysis)) };
}

async function reachedFrom(
  tree: Tree,
  process: Promise<NodeProcess>,
  analysis: (path: TreePath) => Promise<Analysis>,
): Promise<ReadonlySet<TreePath> | undefined> {
  const { start } = await process;
  if (start === undefined) return undefined;
  const out = new Set<TreePath>();
  const pending: TreePath[] = [start, ...(await commandLineNeeds(await process)).map((need) => need.path)];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const path = fileAt(tree, next)?.path;
    if (path === undefined || out.has(path)) continue;
    out.add(path);
    if (path !== start && (!MODULE.test(path) || DECLARATIONS.test(path))) continue;
    for (const need of (await analysis(path)).needs) pending.push(need.path);
  }
  return out;
}
