import type { Warning } from '../../src/base/events.ts';
import { pathOfText, textOfBytes } from '../../src/base/path.ts';
import { collect } from '../../src/evidence/collect.ts';
import { elfAnalyser } from '../../src/evidence/elf/index.ts';
import { pythonAnalyser } from '../../src/evidence/python/index.ts';
import { findProgram } from '../../src/evidence/shell/search.ts';
import { shellAnalyser } from '../../src/evidence/shell/index.ts';
import type { Analyser, Edge, EvidenceGraph } from '../../src/evidence/types.ts';
import type { ContentReader, Tree } from '../../src/tree/types.ts';
import { memoryTree, type MemoryFile } from './memory-tree.ts';

export interface PythonClosure {
  /** Paths of files and links, sorted. */
  readonly paths: readonly string[];
  readonly warnings: readonly Warning[];
  readonly edges: readonly Edge[];
  readonly graph: EvidenceGraph;
}

export interface PythonStart {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Default: the one for Python alone. */
  readonly analysers?: readonly Analyser[];
}

export const WHOLE: readonly (() => Analyser)[] = [elfAnalyser, shellAnalyser, pythonAnalyser];

const PATH = '/usr/local/bin:/usr/bin:/bin';

/** What a command line needs of a tree; its program is found on PATH. */
export async function pythonClosure(
  source: { readonly tree: Tree; readonly content: ContentReader } | Readonly<Record<string, MemoryFile>>,
  { analysers = [pythonAnalyser()], argv, cwd = '/app', env = {} }: PythonStart,
): Promise<PythonClosure> {
  const { content, tree } = isTree(source) ? source : memoryTree(source);
  const context = { argv, env: { PATH, ...env }, cwd: pathOfText(cwd) };
  const program = findProgram(tree, argv[0] ?? '', { searchPaths: [context.env.PATH], folders: [context.cwd] });
  if (program === undefined) throw new Error(`the tree of the test has no ${argv[0] ?? ''}`);
  const { graph, warnings } = await collect({
    roots: [{ root: 'entrypoint', path: program.path, kind: 'entrypoint', because: 'the test says so', context }],
    analysers,
    tree,
    content,
    ctx: { onEvent: () => undefined, signal: new AbortController().signal, concurrency: 4 },
  });
  const paths = [...new Set(graph.edges.map((edge) => edge.to))].filter((path) => tree.get(path)?.type !== 'directory');
  return { paths: paths.map(textOfBytes).sort(), warnings, edges: graph.edges, graph };
}

function isTree(source: object): source is { readonly tree: Tree; readonly content: ContentReader } {
  return 'tree' in source && 'content' in source;
}

const LIB = '/usr/lib/python3.11';

/** A Python of a few files: an interpreter, the landmarks of its library, and what the test adds. Keys are paths in the tree. */
export function smallPython(files: Readonly<Record<string, MemoryFile>>): Record<string, MemoryFile> {
  return {
    '/usr/bin/python3': { link: 'python3.11' },
    '/usr/bin/python3.11': { content: '\u007fELF, as far as anybody looks', mode: 0o755 },
    [`${LIB}/os.py`]: '',
    [`${LIB}/site.py`]: '',
    [`${LIB}/encodings/__init__.py`]: '',
    [`${LIB}/encodings/utf_8.py`]: '',
    ...files,
  };
}

/** Where `smallPython` has its packages. */
export const PACKAGES = `${LIB}/site-packages`;
