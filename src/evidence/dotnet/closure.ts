import { bytesOfText, joinPath, nameOf, parentOf, showPath, textOfBytes, type TreePath } from '../../base/path.ts';
import { fileAt } from '../node/files.ts';
import type { AnalyserTools, Certainty, Edge } from '../types.ts';
import { type AssemblyFacts, readAssembly, readTypesFrom } from './assemblies.ts';
import { type Natives, nativesOf } from './natives.ts';
import type { DotnetProcess } from './process.ts';

/** Assemblies of one process; the rest would be an attack. */
const MAX_ASSEMBLIES = 16_384;
const MAX_EDGES = 500_000;
/** An assembly that forwards to one that forwards …; real chains have three links. */
const MAX_FORWARDS = 16;

/** Everything that a process needs, growing. */
export interface Closure {
  readonly edges: readonly Edge[];
  /** An assembly and all that it leads to. */
  addAssembly(path: TreePath): Promise<void>;
  /** A native library that somebody opens, and what it opens itself. */
  addNative(edge: Edge): Promise<void>;
  addEdge(edge: Edge): void;
}

/** Who asks an assembly for which of its types. */
interface Use {
  readonly by: string;
  readonly types: readonly string[];
}

export function createClosure(tools: AnalyserTools, process: DotnetProcess): Closure {
  const { content, facts, tree } = tools;
  const edges: Edge[] = [];
  const seen = new Set<TreePath>();
  const natives: Natives = nativesOf(tools, process);
  const pending: TreePath[] = [];
  const read = new Map<TreePath, AssemblyFacts | undefined>();
  const addEdge = (edge: Edge): void => {
    if (edges.length < MAX_EDGES) edges.push(edge);
  };
  const refer = (from: TreePath, to: TreePath, because: string, certainty: Certainty): void => {
    if (from !== to) addEdge({ from, to, kind: 'dotnet-reference', because, certainty, settled: true });
    pending.push(to);
  };

  async function factsOf(path: TreePath): Promise<AssemblyFacts | undefined> {
    if (read.has(path)) return read.get(path);
    const entry = fileAt(tree, path);
    const found = entry === undefined ? undefined : await readAssembly(content, entry, facts);
    if (found !== undefined && 'broken' in found) {
      const shown = showPath(path);
      const message = `${shown} looks like an assembly but cannot be loaded: ${found.broken}`;
      tools.warn({ code: 'dotnet-broken', message, path: shown });
    }
    const good = found === undefined || 'broken' in found ? undefined : found;
    read.set(path, good);
    return good;
  }

  /** An assembly that only forwards leads to what is asked of it, and not to all that somebody else might ask. */
  async function follow(path: TreePath, use: Use, depth = 0): Promise<void> {
    const forwards = (await factsOf(path))?.forwards;
    if (forwards === undefined || depth > MAX_FORWARDS) return;
    const places = new Map(forwards);
    const own = textOfBytes(nameOf(path));
    const byAssembly = new Map<string, string[]>();
    for (const type of use.types) {
      const assembly = places.get(type);
      if (assembly !== undefined) byAssembly.set(assembly, [...(byAssembly.get(assembly) ?? []), type]);
    }
    for (const [assembly, types] of byAssembly) {
      const to = assemblyOf(tools, process, assembly, path);
      if (to === undefined) continue;
      refer(path, to, `${own} forwards ${types[0] ?? ''} to it, which ${use.by} uses`, 'sure');
      await follow(to, { ...use, types }, depth + 1);
    }
  }

  async function visit(path: TreePath): Promise<void> {
    const found = await factsOf(path);
    const entry = fileAt(tree, path);
    if (found === undefined || entry === undefined) return;
    const own = textOfBytes(nameOf(path));
    for (const name of found.forwards === undefined ? found.references : []) {
      const to = assemblyOf(tools, process, name, path);
      if (to === undefined) continue;
      refer(path, to, `referenced by ${own}`, 'sure');
      if ((await factsOf(to))?.forwards !== undefined)
        await follow(to, { by: own, types: await readTypesFrom(content, entry, { facts, name }) });
    }
    for (const [type, name] of found.named) {
      const to = assemblyOf(tools, process, name, undefined);
      if (to === undefined) continue;
      refer(path, to, `${own} names ${type === '' ? 'it' : type}`, 'likely');
      await follow(to, { by: own, types: [type] });
    }
    await openNatives(path, found);
  }

  async function addNative(edge: Edge): Promise<void> {
    addEdge(edge);
    const path = fileAt(tree, edge.to)?.path;
    if (path === undefined || seen.has(path)) return;
    seen.add(path);
    for (const further of await natives.edges(path)) addEdge(further);
    for (const warning of natives.warnings.splice(0)) tools.warn(warning);
  }

  async function openNatives(path: TreePath, found: AssemblyFacts): Promise<void> {
    const own = textOfBytes(nameOf(path));
    const open = async (name: string, word: string, certainty: Certainty): Promise<void> => {
      const native = await natives.find(name, path);
      if (native === undefined) return;
      const because = `${own} ${word} ${name}, ${native.how}`;
      await addNative({ from: path, to: native.path, kind: 'elf-dlopen', because, certainty });
    };
    for (const name of found.nativeLibraries) await open(name, 'calls', 'likely');
    for (const name of found.namedLibraries) await open(name, 'names', 'guess');
    for (const file of found.files) {
      if (file.includes('/')) continue;
      const to = joinPath(parentOf(path), bytesOfText(file));
      addEdge({ from: path, to, kind: 'dotnet-reference', because: `a part of ${own}`, certainty: 'sure' });
    }
  }

  return {
    edges,
    addEdge,
    addNative,
    async addAssembly(first) {
      pending.push(first);
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
        const path = fileAt(tree, next)?.path;
        if (path === undefined || seen.has(path) || seen.size >= MAX_ASSEMBLIES) continue;
        seen.add(path);
        await visit(path);
      }
    },
  };
}

/** By the lists of the process; what is in none of them may still lie beside the assembly that asks. */
function assemblyOf(
  { tree }: AnalyserTools,
  process: DotnetProcess,
  name: string,
  asking: TreePath | undefined,
): TreePath | undefined {
  const offered = process.assemblies.get(name.toLowerCase());
  if (offered !== undefined) return offered.path;
  if (asking === undefined || name.includes('/') || name.includes('\0') || name.length > 255) return undefined;
  return fileAt(tree, joinPath(parentOf(asking), bytesOfText(`${name}.dll`)))?.path;
}
