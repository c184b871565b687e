import type { TreePath } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';
import type { Analyser, Edge, EvidenceNode } from '../types.ts';

/**
 * The same analyser, of whose answers only that is taken which the kernel and the loader cannot do without: interpreters, and libraries that are NEEDED.
 * For tightness `used`, where everything else was observed: no tracer sees the kernel open an interpreter.
 */
export function startOnly(analyser: Analyser): Analyser {
  return {
    name: analyser.name,
    wants: (question, head) => analyser.wants(question, head),
    edges: async (question, tools) =>
      reachable(question.path, (await analyser.edges(question, tools)).filter(isStart), tools.tree),
  };
}

function isStart({ certainty, kind }: Edge): boolean {
  return certainty === 'sure' && (kind === 'interpreter' || kind === 'elf-needed');
}

/** Without what belongs to those that are not taken. An edge leads to a link, and the next one starts at the file behind it. */
function reachable(start: TreePath, edges: readonly Edge[], tree: Tree): readonly Edge[] {
  const byStart = new Map<EvidenceNode, Edge[]>();
  for (const edge of edges) {
    const same = byStart.get(edge.from);
    if (same === undefined) byStart.set(edge.from, [edge]);
    else same.push(edge);
  }
  const seen = new Set<TreePath>([start]);
  const pending: TreePath[] = [start];
  const out: Edge[] = [];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const edge of byStart.get(node) ?? []) {
      out.push(edge);
      for (const next of [edge.to, tree.resolve(edge.to)?.entry.path]) {
        if (next === undefined || seen.has(next)) continue;
        seen.add(next);
        pending.push(next);
      }
    }
  }
  return out;
}
