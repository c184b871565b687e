import { mapLimit } from '../base/concurrency.ts';
import { throwIfCancelled } from '../base/context.ts';
import type { Context, Warning } from '../base/events.ts';
import type { ContentReader, Tree } from '../tree/types.ts';
import { createEdgeSet } from './edge-set.ts';
import type { Facts } from './facts.ts';
import { createGraph } from './graph.ts';
import type { Analyser, EvidenceGraph } from './types.ts';
import { type Answer, createWaves, nextTasks, type RootPath, rootTasks, type Task } from './waves.ts';

export type { RootPath };

export interface CollectorInput {
  readonly analysers: readonly Analyser[];
  /** Asked about spare roots instead of the analysers; they find nothing that the analysers would not. */
  readonly loaders?: readonly Analyser[];
  readonly tree: Tree;
  readonly content: ContentReader;
  readonly facts?: Facts;
  readonly ctx: Context;
}

export interface CollectInput extends CollectorInput {
  readonly roots: readonly RootPath[];
}

export interface Collected {
  readonly graph: EvidenceGraph;
  /** Each once, in byte order. */
  readonly warnings: readonly Warning[];
}

/** What `Analyser.wants` sees of a file. */
const HEAD_BYTES = 4096; // 4 KiB
/** Questions between two reports of progress. */
const PROGRESS_STEP = 256;

/** Evidence that grows: what was asked is not asked again. */
export interface Collector {
  /** Follows more roots. One at a time. @throws TareError E_LIMIT on more than 2 million edges, E_CANCELLED, and what reading throws */
  add(roots: readonly RootPath[]): Promise<void>;
  /** All that is known so far. */
  collected(): Collected;
}

/** Everything that the roots need, as `Collector` finds it. @throws what `Collector.add` throws */
export async function collect({ roots, ...input }: CollectInput): Promise<Collected> {
  const collector = createCollector(input);
  await collector.add(roots);
  return collector.collected();
}

/**
 * From roots to everything that the analysers say is needed, in waves: a wave is all files that the one before led to first, so the
 * result depends on no order but that of the calls of `add`. A file is asked about once per analyser, in the context of whoever leads there (of several the
 * first by bytes); a root is asked about in each context that it is given with, and so is what an edge `starts`. What only `settled` edges of an analyser lead to,
 * that analyser is not asked about. Edges to what is not in the tree are dropped; a link that leads nowhere is kept as a link.
 */
export function createCollector(input: CollectorInput): Collector {
  const { analysers, ctx, loaders = [] } = input;
  const asking = [...analysers, ...loaders];
  const gathered = createEdgeSet(input.tree);
  const waves = createWaves(analysers.length, loaders.length, gathered);
  let done = 0;
  const report = (): void => ctx.onEvent({ kind: 'step.progress', step: 'evidence', done, unit: 'files' });
  const answerTo = async (task: Task): Promise<readonly Answer[]> => {
    throwIfCancelled(ctx.signal);
    const answer = await askAll(input, asking, task, gathered.warn);
    done += 1;
    if (done % PROGRESS_STEP === 0) report();
    return answer;
  };
  return {
    add: async (roots) => {
      let wave: readonly Task[] = rootTasks(waves, roots);
      while (wave.length > 0) {
        const answers = await mapLimit(wave, ctx.concurrency, answerTo);
        wave = nextTasks(waves, answers.flat());
      }
      report();
    },
    collected: () => ({ graph: createGraph(gathered.edges()), warnings: gathered.warnings() }),
  };
}

async function askAll(
  { content, facts, tree }: CollectorInput,
  asking: readonly Analyser[],
  task: Task,
  warn: (warning: Warning) => void,
): Promise<Answer[]> {
  const { context, entry, path } = task;
  if (entry.content === undefined || (entry.type !== 'file' && entry.type !== 'hardlink')) return [];
  const head = await content.read(entry, { offset: 0, size: Math.min(HEAD_BYTES, entry.size) });
  const answers: Answer[] = [];
  for (const [at, analyser] of asking.entries()) {
    if ((task.ask & (1 << at)) === 0 || !analyser.wants({ path, entry, context }, head)) continue;
    const edges = await analyser.edges(
      { path, entry, context },
      { tree, content, warn, ...(facts === undefined ? {} : { facts }) },
    );
    answers.push({ analyser: at, context, edges });
  }
  return answers;
}
