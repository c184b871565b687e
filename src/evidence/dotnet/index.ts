import { canonicalJson } from '../../base/json.ts';
import { joinPath, nameOf, parentOf, showPath, textOfBytes, type TreePath } from '../../base/path.ts';
import { isElf } from '../../formats/elf/index.ts';
import { isPe } from '../../formats/pe/index.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';
import { fileAt } from '../node/files.ts';
import type { Analyser, AnalyserTools, Edge, ProcessContext, Question } from '../types.ts';
import { createClosure } from './closure.ts';
import { type DotnetProcess, dotnetProcess } from './process.ts';
import { addApplication, addRuntime } from './runtime.ts';
import { baseOf, isDotnetRoot, NO_OPTIONS, rootsOf, type Start, startOf, startOfContext } from './start.ts';

/**
 * What a .NET application needs: host, shared frameworks at the versions that roll-forward selects, assemblies by their references and by
 * deps.json, native libraries by P/Invoke, settings. It answers for the executable that starts one (`dotnet app.dll`, or the application's
 * own) with all of it, for what an assembly finds depends on who is started; for a single assembly with what that one leads to.
 */
export function dotnetAnalyser(): Analyser {
  const trees = new WeakMap<Tree, WeakMap<ContentReader, Map<string, Promise<DotnetProcess | undefined>>>>();
  const processOf = (tools: AnalyserTools, context: ProcessContext): Promise<DotnetProcess | undefined> => {
    const readers =
      trees.get(tools.tree) ?? new WeakMap<ContentReader, Map<string, Promise<DotnetProcess | undefined>>>();
    const processes = readers.get(tools.content) ?? new Map<string, Promise<DotnetProcess | undefined>>();
    trees.set(tools.tree, readers.set(tools.content, processes));
    const key = canonicalJson(context);
    const process = processes.get(key) ?? startedBy(tools, context);
    processes.set(key, process);
    return process;
  };
  return {
    name: 'dotnet',
    wants: (_question, head) => isElf(head) || isPe(head),
    async edges(question, tools) {
      const known = await processOf(tools, question.context);
      const head = await tools.content.read(question.entry, { offset: 0, size: Math.min(4, question.entry.size) });
      return isElf(head) ? forExecutable(question, tools, known) : forAssembly(question, tools, known);
    },
  };
}

async function startedBy(tools: AnalyserTools, context: ProcessContext): Promise<DotnetProcess | undefined> {
  const start = await startOfContext(tools.tree, tools.content, context);
  return start === undefined ? undefined : dotnetProcess(tools, start, context);
}

/** An executable that nobody is seen to start; most are no hosts, and what they lie beside tells before they are read. */
async function aloneProcess({ entry, context }: Question, tools: AnalyserTools): Promise<DotnetProcess | undefined> {
  const { content, tree } = tools;
  const muxer = nameOf(entry.path) === 'dotnet' && isDotnetRoot(tree, parentOf(entry.path));
  if (!muxer && fileAt(tree, `${entry.path}.dll` as TreePath) === undefined) return undefined;
  const alone = { ...context, argv: [entry.path] };
  const start = await startOf(tree, content, { host: entry, context: alone });
  return start === undefined ? undefined : dotnetProcess(tools, start, alone);
}

async function forExecutable(
  question: Question,
  tools: AnalyserTools,
  known: DotnetProcess | undefined,
): Promise<readonly Edge[]> {
  const process = known?.start.host === question.entry.path ? known : await aloneProcess(question, tools);
  if (process === undefined) return [];
  const { start } = process;
  const path = showPath(question.path);
  if (start.kind === 'bundle') {
    const message = `${path} has its application packed inside: what that needs of the system besides its libraries is not known`;
    tools.warn({ code: 'dotnet-bundle', message, path });
  } else if (start.command !== undefined) {
    const message = `${path} is asked for ${JSON.stringify(start.command)}, which is no assembly: commands of the SDK are not followed`;
    tools.warn({ code: 'dotnet-command', message, path });
  }
  return answer(tools, process, process.app);
}

async function forAssembly(
  question: Question,
  tools: AnalyserTools,
  known: DotnetProcess | undefined,
): Promise<readonly Edge[]> {
  const path = question.entry.path;
  if (known?.app !== undefined) return known.app === path ? [] : answer(tools, known, path);
  // Started by something that cannot be followed, or named by a script: the usual host of such an application.
  const startable = fileAt(tools.tree, `${baseOf(path)}.runtimeconfig.json` as TreePath) !== undefined;
  const [root] = startable ? await rootsOf(tools.tree, tools.content, { arch: 'x64', context: question.context }) : [];
  const muxer = root === undefined ? undefined : fileAt(tools.tree, joinPath(root.folder, 'dotnet'));
  const context = { ...question.context, argv: ['dotnet', textOfBytes(path)] };
  const start = muxer === undefined ? undefined : await startOf(tools.tree, tools.content, { host: muxer, context });
  const because = 'the host that can start it';
  if (muxer === undefined || start === undefined)
    return answer(tools, await dotnetProcess(tools, loneStart(path), context), path);
  const process = await dotnetProcess(tools, start, context);
  return [
    { from: path, to: muxer.path, kind: 'interpreter', because, certainty: 'guess', settled: true },
    ...(await answer(tools, process, path)),
  ];
}

/** An assembly that no host of the tree starts: what lies beside it is all that can be said. */
function loneStart(path: TreePath): Start {
  return { host: path, elf: undefined, kind: 'library', app: path, options: NO_OPTIONS };
}

/** The whole process for the assembly that is started, else that assembly alone. */
async function answer(
  tools: AnalyserTools,
  process: DotnetProcess,
  assembly: TreePath | undefined,
): Promise<readonly Edge[]> {
  const closure = createClosure(tools, process);
  for (const warning of process.warnings) tools.warn(warning);
  const alone = assembly !== process.app || process.start.kind === 'library';
  if (assembly !== undefined && alone) {
    await closure.addAssembly(assembly);
    return closure.edges;
  }
  await addRuntime(tools, process, closure);
  await addApplication(tools, process, closure);
  return [...process.edges, ...closure.edges];
}
