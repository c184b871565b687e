import type { Warning } from '../../src/base/events.ts';
import { pathOfText, textOfBytes } from '../../src/base/path.ts';
import { collect } from '../../src/evidence/collect.ts';
import { nodeAnalyser } from '../../src/evidence/node/index.ts';
import type { Edge, EvidenceGraph } from '../../src/evidence/types.ts';
import type { ContentReader, Tree } from '../../src/tree/types.ts';
import { memoryTree, type MemoryFile } from './memory-tree.ts';

export interface NodeClosure {
  /** Paths of files and links, sorted, without what only links or folders on the way are. */
  readonly paths: readonly string[];
  readonly warnings: readonly Warning[];
  readonly edges: readonly Edge[];
  readonly graph: EvidenceGraph;
}

export interface NodeStart {
  /** What `node` is given: flags, and last the script. */
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Files that are roots of their own. */
  readonly also?: readonly string[];
}

/** What `node ARGV` needs of a tree, by the node analyser alone. The working directory is /app. */
export async function nodeClosure(
  source: { readonly tree: Tree; readonly content: ContentReader } | Readonly<Record<string, MemoryFile>>,
  { also = [], argv, cwd = '/app', env = {} }: NodeStart,
): Promise<NodeClosure> {
  const { content, tree } = isTree(source) ? source : memoryTree(source);
  const context = { argv: ['/usr/bin/node', ...argv], env, cwd: pathOfText(cwd) };
  const last = argv.at(-1) ?? '';
  const script = last.startsWith('/') ? last : `${cwd}/${last}`;
  const { graph, warnings } = await collect({
    roots: [script, ...also].map((path) => ({
      root: path === script ? 'entrypoint' : 'app',
      path: pathOfText(path),
      kind: 'entrypoint',
      because: 'the test says so',
      context,
    })),
    analysers: [nodeAnalyser()],
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
