import type { Context, Warning } from '../base/events.ts';
import type { TreePath } from '../base/path.ts';
import { ownerOf } from '../packages/index.ts';
import type { PackageDb } from '../packages/types.ts';
import type { ContentReader, Tree } from '../tree/types.ts';
import { collect, type RootPath } from './collect.ts';
import type { Facts } from './facts.ts';
import { memoised } from './memoised.ts';
import { applyRules } from './rules/index.ts';
import type { Rule, RuleEntry, RuleOptions } from './rules/types.ts';
import type { Analyser, EvidenceGraph, ProcessContext } from './types.ts';

export interface GatherInput {
  readonly tree: Tree;
  readonly content: ContentReader;
  /** What is needed from the start. */
  readonly roots: readonly RootPath[];
  readonly analysers: readonly Analyser[];
  readonly rules: readonly Rule[];
  readonly ruleOptions: RuleOptions;
  /** Of the process that the image starts, for the rules. */
  readonly context: ProcessContext;
  /** Whoever owns something that is kept is kept whole. */
  readonly wholePackages: boolean;
  readonly databases: readonly PackageDb[];
  readonly excluded: (path: TreePath) => boolean;
  /** What else is needed because of what was found; asked in every round. */
  readonly more?: (graph: EvidenceGraph) => readonly RootPath[];
  readonly facts: Facts;
  readonly ctx: Context;
}

export interface Gathered {
  readonly graph: EvidenceGraph;
  readonly add: readonly RuleEntry[];
  readonly warnings: readonly Warning[];
  readonly excluded: (path: TreePath) => boolean;
}

/** Most rounds of "rules and whole packages need more": each round adds paths, two are the rule. */
const MAX_ROUNDS = 8;

/** From the roots and the rules to everything that they need. */
export async function gather(input: GatherInput): Promise<Gathered> {
  const analysers = input.analysers.map(memoised);
  const { content, context, excluded, tree } = input;
  const roots = input.roots.filter((root) => !excluded(root.path));
  let extra: readonly RootPath[] = [];
  for (let round = 0; ; round += 1) {
    const found = await collect({
      roots: [...roots, ...extra],
      analysers,
      tree,
      content,
      facts: input.facts,
      ctx: input.ctx,
    });
    const warnings: Warning[] = [...found.warnings];
    const ruled = await applyRules(input.rules, {
      tree,
      content,
      graph: found.graph,
      facts: input.facts,
      context,
      options: input.ruleOptions,
      warn: (warning) => warnings.push(warning),
    });
    const wanted = [
      ...ruled.edges.map(({ because, from, kind, to }) => ({ root: from, path: to, kind, because, context })),
      ...wholePackages(input, found.graph),
      ...(input.more?.(found.graph) ?? []),
    ];
    const known = new Set(extra.map((item) => item.path));
    const fresh = wanted.filter((item) => !found.graph.has(item.path) && !known.has(item.path) && !excluded(item.path));
    if (fresh.length === 0 || round >= MAX_ROUNDS) return { graph: found.graph, add: ruled.add, warnings, excluded };
    extra = [...extra, ...fresh];
  }
}

/** `--tightness packages`: whoever owns something kept is kept whole. */
function wholePackages(input: GatherInput, graph: EvidenceGraph): RootPath[] {
  if (!input.wholePackages) return [];
  const out: RootPath[] = [];
  const seen = new Set<string>();
  for (const edge of graph.edges) {
    const owner = ownerOf(input.databases, edge.to);
    if (owner === undefined || seen.has(`${owner.manager}:${owner.name}`)) continue;
    seen.add(`${owner.manager}:${owner.name}`);
    const database = input.databases.find((item) => item.manager === owner.manager);
    for (const path of database?.files(owner) ?? []) {
      out.push({
        root: `package:${owner.name}`,
        path,
        kind: 'rule',
        because: `part of the ${owner.manager} package ${owner.name}`,
        context: input.context,
      });
    }
  }
  return out;
}
