import type { Context, Warning } from '../base/events.ts';
import type { TreePath } from '../base/path.ts';
import { ownerOf } from '../packages/index.ts';
import type { Package, PackageDb } from '../packages/types.ts';
import type { ContentReader, Tree } from '../tree/types.ts';
import { START_ANALYSERS } from './analysers.ts';
import { createCollector, type RootPath } from './collect.ts';
import type { Facts } from './facts.ts';
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
const MAX_ROUNDS = 32;

/**
 * From the roots and the rules to everything that they need. With whole packages, those that own something kept are kept as they are: what loads their files is
 * followed (so that none is broken, and its packages are whole too), not what they may do when somebody uses them.
 */
export async function gather(input: GatherInput): Promise<Gathered> {
  const { content, context, ctx, excluded, facts, tree } = input;
  const collector = createCollector({
    analysers: input.analysers,
    loaders: input.wholePackages ? START_ANALYSERS.map((make) => make()) : [],
    tree,
    content,
    facts,
    ctx,
  });
  const parts = packageParts(input);
  const tried = new Set<TreePath>();
  let fresh = input.roots.filter((root) => !excluded(root.path));
  for (let round = 0; ; round += 1) {
    await collector.add(fresh);
    const { graph, warnings: found } = collector.collected();
    const warnings: Warning[] = [...found];
    const ruled = await applyRules(input.rules, {
      tree,
      content,
      graph,
      facts,
      context,
      options: input.ruleOptions,
      warn: (warning) => warnings.push(warning),
    });
    const isFresh = ({ path }: RootPath): boolean => !graph.has(path) && !tried.has(path) && !excluded(path);
    fresh = [
      ...ruled.edges.map(({ because, from, kind, to }) => ({ root: from, path: to, kind, because, context })),
      ...(input.more?.(graph) ?? []),
    ].filter(isFresh);
    // Last: what is needed for another reason is followed further.
    if (fresh.length === 0) fresh = parts(graph).filter(isFresh);
    if (fresh.length === 0 || round >= MAX_ROUNDS) return { graph, add: ruled.add, warnings, excluded };
    for (const { path } of fresh) tried.add(path);
  }
}

/** `--tightness packages`: whoever owns something kept is kept whole. Folders are no reason: many put files there. */
function packageParts({ context, databases, tree, wholePackages }: GatherInput): (graph: EvidenceGraph) => RootPath[] {
  const judged = new Set<TreePath>();
  const whole = new Set<Package>();
  const partsOf = (owner: Package): RootPath[] => {
    const database = databases.find((item) => item.manager === owner.manager);
    const because = `part of the ${owner.manager} package ${owner.name}`;
    const files = database?.files(owner) ?? [];
    return files.map((path) => ({ root: `package:${owner.name}`, path, kind: 'rule', because, context, spare: true }));
  };
  return (graph) => {
    if (!wholePackages) return [];
    const out: RootPath[] = [];
    for (const { to } of graph.edges) {
      if (judged.has(to)) continue;
      judged.add(to);
      if (tree.resolve(to)?.entry.type === 'directory') continue;
      const owner = ownerOf(databases, to);
      if (owner === undefined || whole.has(owner)) continue;
      whole.add(owner);
      out.push(...partsOf(owner));
    }
    return out;
  };
}
