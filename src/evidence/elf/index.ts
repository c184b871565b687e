import { bytesOfText, parentOf, showPath, type TreePath } from '../../base/path.ts';
import { isElf } from '../../formats/elf/index.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';
import type { Analyser, AnalyserTools, Edge, Question } from '../types.ts';
import { type Closure, createClosure } from './closure.ts';
import { findOpenings } from './dlopen.ts';
import { closureEdges, missingWarnings, openingEdges } from './edges.ts';
import { LD_SO_CACHE } from './glibc.ts';
import { libraryOf } from './library.ts';
import { findPlugins } from './plugins.ts';
import { firstLoaded, loaderOf, processOf, type TreeSettings, treeSettings } from './process.ts';
import type { Loaded, Opening, Process } from './types.ts';

/**
 * Which libraries a program or library loads, found as its own loader (glibc's or musl's) finds them inside the tree.
 * A program is answered with its whole closure, for what a library finds depends on who loads it; such edges are `settled`, and their `from` is the object
 * that asks. A library by itself is answered with the closure that it has under the tree's own loader.
 */
export function elfAnalyser(): Analyser {
  const trees = new WeakMap<Tree, WeakMap<ContentReader, TreeSettings>>();
  const settingsOf = ({ tree, content, facts }: AnalyserTools): TreeSettings => {
    const readers = trees.get(tree) ?? new WeakMap<ContentReader, TreeSettings>();
    const settings = readers.get(content) ?? treeSettings(libraryOf(tree, content, facts));
    trees.set(tree, readers.set(content, settings));
    return settings;
  };
  return {
    name: 'elf',
    wants: (_question, head) => isElf(head),
    edges: (question, tools) => analyse(question, tools, settingsOf(tools)),
  };
}

async function analyse(question: Question, tools: AnalyserTools, settings: TreeSettings): Promise<readonly Edge[]> {
  const { library } = settings;
  const opened = await library.open(question.path);
  const path = showPath(question.path);
  if (opened === undefined) return [];
  if ('broken' in opened) {
    tools.warn({
      code: 'elf-broken',
      message: `${path} looks like a program but cannot be loaded: ${opened.broken}`,
      path,
    });
    return [];
  }
  const { elf } = opened;
  if ((elf.type !== 'executable' && elf.type !== 'shared') || !elf.dynamic || elf.static) return [];
  const first = firstLoaded(opened, question.path);
  const process = await processOf(library, first, question.context);
  const interpreter = await openInterpreter(process);
  if (elf.interpreter !== undefined && interpreter === undefined) {
    const message = `${path} cannot start: its interpreter ${showPath(elf.interpreter)} is not there`;
    tools.warn({ code: 'elf-missing', message, path });
    return [];
  }
  const closure = createClosure(process, await loaderOf(settings, process, first));
  closure.add(first);
  if (interpreter !== undefined) closure.add(interpreter);
  for (const name of process.main === undefined ? [] : preloads(question))
    await closure.request({ from: first, name, word: 'LD_PRELOAD' });
  await closure.settle();
  if (process.main === undefined && isForeign(closure)) {
    const message = `${path} is for another C library than the one of this tree: what it needs was left out`;
    tools.warn({ code: 'elf-foreign', message, path });
    return [];
  }
  const atStart = closure.missing.length;
  const extra = await openAll(closure);
  for (const warning of missingWarnings(closure, atStart)) tools.warn(warning);
  const problem = atStart === 0 ? undefined : (await settings.glibc()).problem;
  if (problem !== undefined) tools.warn({ code: 'elf-cache', message: problem, path: LD_SO_CACHE });
  return [...interpreterEdge(process, question.path), ...closureEdges(closure), ...extra];
}

async function openInterpreter(process: Process): Promise<Loaded | undefined> {
  const { interpreter, library } = process;
  const opened = interpreter === undefined ? undefined : await library.open(interpreter);
  if (interpreter === undefined || opened === undefined || 'broken' in opened) return undefined;
  return { ...opened, path: interpreter, origin: parentOf(interpreter), how: 'which is the interpreter' };
}

function interpreterEdge(process: Process, from: TreePath): Edge[] {
  if (process.main === undefined || process.interpreter === undefined) return [];
  const because = `PT_INTERP ${showPath(process.main.elf.interpreter ?? '')}`;
  return [{ from, to: process.interpreter, kind: 'interpreter', because, certainty: 'sure', settled: true }];
}

/** ld.so(8): separated by spaces or colons. */
function preloads(question: Question): string[] {
  return bytesOfText(question.context.env['LD_PRELOAD'] ?? '')
    .split(/[ :\n\t]+/)
    .filter((name) => name !== '');
}

/** Without its C library nothing that it needs can be put to use: prebuilt addons come for glibc and for musl side by side. */
function isForeign(closure: Closure): boolean {
  return closure.missing.some(({ name }) => /^libc\.(?:so$|so\.\d|musl-)|^ld(?:-linux.*|64)\.so/.test(name));
}

/** Adds what the objects open at run time, and what that needs, until nothing is new. */
async function openAll(closure: Closure): Promise<Edge[]> {
  const edges: Edge[] = [];
  for (let at = 0; at < closure.objects.length; at++) {
    const from = closure.objects[at] as Loaded;
    const plugins = await findPlugins(closure, from);
    const openings: Opening[] = [...(await findOpenings(closure, from)), ...plugins.openings];
    for (const config of plugins.configs) edges.push({ ...config, from: config.from.entry.path, kind: 'config' });
    for (const opening of openings) {
      const { found } = opening;
      if (closure.objects.some((object) => object.entry.path === found.object.entry.path)) continue;
      closure.add({
        ...found.object,
        path: found.path,
        origin: parentOf(found.path),
        requester: opening.from,
        how: found.how,
      });
      edges.push(...openingEdges(closure, opening));
    }
    await closure.settle();
  }
  return edges;
}
