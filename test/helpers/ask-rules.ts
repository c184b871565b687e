import type { Warning } from '../../src/base/events.ts';
import { pathOfText } from '../../src/base/path.ts';
import { createGraph } from '../../src/evidence/graph.ts';
import { applyRules, NEW_IMAGE_RULES } from '../../src/evidence/rules/index.ts';
import type { RuleEntry } from '../../src/evidence/rules/types.ts';
import type { Edge } from '../../src/evidence/types.ts';
import { memoryTree, type MemoryFile } from './memory-tree.ts';

export interface Ruled {
  readonly edges: readonly Edge[];
  readonly add: readonly RuleEntry[];
  readonly warnings: readonly Warning[];
  /** `rule path`, of the edges and entries of one rule. */
  edgesOf(rule: string): string[];
  addedBy(rule: string): string[];
  /** Text of an entry that was made. */
  text(path: string): string | undefined;
}

export interface RuleQuestion {
  readonly kept?: readonly string[];
  readonly user?: string;
  readonly timezone?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly argv?: readonly string[];
  readonly cwd?: string;
}

/** Applies all rules to a tree in memory, of which `kept` is kept. */
export async function askRules(
  files: Readonly<Record<string, MemoryFile>>,
  { argv = [], cwd = '/app', env = {}, kept = [], timezone, user = '65532:65532' }: RuleQuestion = {},
): Promise<Ruled> {
  const edges = kept.map((path): Edge => ({
    from: 'app',
    to: pathOfText(path),
    kind: 'app',
    because: 'kept',
    certainty: 'sure',
  }));
  const warnings: Warning[] = [];
  const { add, edges: found } = await applyRules(NEW_IMAGE_RULES, {
    ...memoryTree(files),
    graph: createGraph(edges),
    context: { argv, env, cwd: pathOfText(cwd) },
    options: { user, ...(timezone !== undefined && { timezone }) },
    warn: (warning) => warnings.push(warning),
  });
  return {
    edges: found,
    add,
    warnings,
    edgesOf: (rule) => found.filter((edge) => edge.from === `rule:${rule}`).map((edge) => edge.to),
    addedBy: (rule) => add.filter((item) => item.reason.from === `rule:${rule}`).map((item) => item.entry.path),
    text: (path) => {
      const content = add.find((item) => item.entry.path === path)?.entry.content;
      return content?.in === 'memory' ? Buffer.from(content.bytes).toString('latin1') : undefined;
    },
  };
}
