import { isCheckedManifest, reducedManifest } from '../dotnet/manifests.ts';
import { readJson } from '../dotnet/json.ts';
import { ruleEdge } from './make.ts';
import type { Findings, Rule, RuleEntry, RuleInput } from './types.ts';

const RULE = 'dotnet-manifests';

/**
 * The host of .NET before 8 does not start when one file is missing that a shared framework's deps.json lists, needed or not: the list is
 * written anew without what is not kept.
 */
export const dotnetManifests: Rule = {
  name: RULE,
  async apply({ content, graph, tree, warn }: RuleInput): Promise<Findings> {
    const add: RuleEntry[] = [];
    const paths = new Set(graph.edges.map((edge) => edge.to).filter(isCheckedManifest));
    for (const path of [...paths].sort()) {
      const entry = tree.get(path);
      const json = entry === undefined ? undefined : await readJson({ tree, content, warn }, path);
      const reduced = json === undefined ? undefined : reducedManifest(path, json, (file) => graph.has(file));
      if (entry?.type !== 'file' || reduced === undefined) continue;
      const bytes = Buffer.from(`${JSON.stringify(reduced, undefined, 2)}\n`, 'utf8');
      const { sha256: _, ...rest } = entry;
      add.push({
        entry: { ...rest, size: bytes.length, content: { in: 'memory', bytes } },
        reason: ruleEdge(RULE, path, 'lists the kept files only: the host does not start when a listed one is missing'),
        group: 'system',
      });
    }
    return { edges: [], add };
  },
};
