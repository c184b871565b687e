import { pathOfText, ROOT, type TreePath } from '../../src/base/path.ts';
import type { Warning } from '../../src/base/events.ts';
import { elfAnalyser } from '../../src/evidence/elf/index.ts';
import type { Edge } from '../../src/evidence/types.ts';
import type { ContentReader, Tree } from '../../src/tree/types.ts';
import { memoryTree, type MemoryFile } from './memory-tree.ts';

export interface Answered {
  readonly edges: readonly Edge[];
  readonly warnings: readonly Warning[];
}

/** Asks a fresh ELF analyser about one path of a tree. */
export async function askElf(
  source: { readonly tree: Tree; readonly content: ContentReader } | Readonly<Record<string, MemoryFile>>,
  text: string,
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<Answered> {
  const { tree, content } = isTree(source) ? source : memoryTree(source);
  const path = pathOfText(text);
  const entry = tree.resolve(path)?.entry;
  if (entry === undefined) throw new Error(`${text} is not in the tree`);
  const analyser = elfAnalyser();
  const cwd: TreePath = options.cwd === undefined ? ROOT : pathOfText(options.cwd);
  const question = { path, entry, context: { argv: [text], env: options.env ?? {}, cwd } };
  const warnings: Warning[] = [];
  const edges = await analyser.edges(question, { tree, content, warn: (warning) => warnings.push(warning) });
  return { edges, warnings };
}

function isTree(source: object): source is { readonly tree: Tree; readonly content: ContentReader } {
  return 'tree' in source && 'content' in source;
}

/** Targets of the edges that a loader follows at start, sorted, each once. */
export function loadedPaths({ edges }: Answered): string[] {
  const targets = edges.filter(
    (edge) => ['interpreter', 'elf-needed'].includes(edge.kind) && edge.certainty === 'sure',
  );
  return [...new Set(targets.map((edge) => edge.to))].sort();
}
