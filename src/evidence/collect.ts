import { mapLimit } from '../base/concurrency.ts';
import { throwIfCancelled } from '../base/context.ts';
import { TareError } from '../base/error.ts';
import type { Context, Warning } from '../base/events.ts';
import { canonicalJson } from '../base/json.ts';
import { compareBytes, ROOT, showPath, type TreePath } from '../base/path.ts';
import type { ContentReader, Entry, Tree } from '../tree/types.ts';
import type { Facts } from './facts.ts';
import { createGraph } from './graph.ts';
import { type Lead, leadTo } from './lead.ts';
import type { Analyser, Certainty, Edge, EvidenceGraph, Kind, ProcessContext, Root } from './types.ts';

/** A path that is needed from the start. */
export interface RootPath {
  readonly root: Root;
  readonly path: TreePath;
  readonly kind: Kind;
  readonly because: string;
  readonly context: ProcessContext;
  /** Default: sure. */
  readonly certainty?: Certainty;
  /** No analyser is asked about what it leads to because of this root: it is wanted as it is. */
  readonly settled?: true;
}

export interface CollectInput {
  readonly roots: readonly RootPath[];
  readonly analysers: readonly Analyser[];
  readonly tree: Tree;
  readonly content: ContentReader;
  readonly facts?: Facts;
  readonly ctx: Context;
}

export interface Collected {
  readonly graph: EvidenceGraph;
  /** Each once, in byte order. */
  readonly warnings: readonly Warning[];
}

/** No real image comes near it. */
const MAX_EDGES = 2_000_000;
/** What `Analyser.wants` sees of a file. */
const HEAD_BYTES = 4096; // 4 KiB
/** Processes that one file is asked about in, of those that scripts start. */
const MAX_STARTS = 256;
/** Questions between two reports of progress. */
const PROGRESS_STEP = 256;

/** Analysers by position: bit n is the n-th. */
type AnalyserSet = number;

interface Task {
  readonly path: TreePath;
  readonly entry: Entry;
  readonly context: ProcessContext;
  readonly ask: AnalyserSet;
}

interface Answer {
  readonly analyser: number;
  readonly context: ProcessContext;
  readonly edges: readonly Edge[];
}

/** Who leads to a file, in one wave: by the key of the context, what to ask in that context. */
interface Arrivals {
  readonly entry: Entry;
  readonly byContext: Map<string, Arrival>;
}

interface Arrival {
  readonly context: ProcessContext;
  ask: AnalyserSet;
  /** Whom to ask in this context whatever they were asked before: somebody starts the file so. */
  fresh: AnalyserSet;
}

/** What was asked about one file: at all, and in the contexts that it is started in, by their keys. */
interface Asked {
  any: AnalyserSet;
  readonly started: Map<string, AnalyserSet>;
}

/**
 * From the roots to everything that the analysers say is needed, in waves: a wave is all files that the one before led to first, so the
 * result depends on no order. A file is asked about once per analyser, in the context of whoever leads there (of several the first by bytes);
 * a root is asked about in each context that it is given with, and so is what an edge `starts`. What only `settled` edges of an analyser lead to, that analyser is not asked about.
 * Edges to what is not in the tree are dropped; a link that leads nowhere is kept as a link.
 * @throws TareError E_LIMIT on more than 2 million edges, E_CANCELLED, and what reading throws
 */
export async function collect(input: CollectInput): Promise<Collected> {
  const { analysers, ctx } = input;
  const everyone = 2 ** analysers.length - 1;
  const keyOf = contextKeys();
  const gathered = gatherer(input);
  const asked = new Map<TreePath, Asked>();
  let wave: Task[] = rootTasks(input, gathered, keyOf, everyone);
  for (const task of wave) noteAsked(asked, task, keyOf(task.context));
  let done = 0;
  while (wave.length > 0) {
    const answers = await mapLimit(wave, ctx.concurrency, async (task) => {
      throwIfCancelled(ctx.signal);
      const answer = await askAll(input, task, gathered.warn);
      done += 1;
      if (done % PROGRESS_STEP === 0) ctx.onEvent({ kind: 'step.progress', step: 'evidence', done, unit: 'files' });
      return answer;
    });
    const arrivals = new Map<TreePath, Arrivals>();
    for (const { analyser, context, edges } of answers.flat()) {
      for (const edge of edges) {
        const entry = gathered.add(edge);
        if (entry === undefined) continue;
        const ask = edge.settled === true ? everyone & ~(1 << analyser) : everyone;
        const inner = edge.starts ?? context;
        arrive(arrivals, entry, { context: inner, key: keyOf(inner), ask, fresh: edge.starts === undefined ? 0 : ask });
      }
    }
    wave = nextTasks(arrivals, asked, gathered.warn);
  }
  ctx.onEvent({ kind: 'step.progress', step: 'evidence', done, unit: 'files' });
  return { graph: createGraph(gathered.edges()), warnings: gathered.warnings() };
}

/** A context's place in the order, and what makes two contexts the same. */
function contextKeys(): (context: ProcessContext) => string {
  const keys = new WeakMap<ProcessContext, string>();
  return (context) => {
    const known = keys.get(context);
    if (known !== undefined) return known;
    const key = canonicalJson([context.argv, context.cwd, context.env]);
    keys.set(context, key);
    return key;
  };
}

function rootTasks(
  input: CollectInput,
  gathered: Gatherer,
  keyOf: (context: ProcessContext) => string,
  everyone: AnalyserSet,
): Task[] {
  const tasks = new Map<string, Task>();
  for (const { because, certainty = 'sure', context, kind, path, root, settled } of input.roots) {
    const entry = gathered.add({ from: root, to: path, kind, because, certainty });
    if (entry === undefined || settled === true) continue;
    tasks.set(`${entry.path}\0${keyOf(context)}`, { path: entry.path, entry, context, ask: everyone });
  }
  return [...tasks].sort(([a], [b]) => compareBytes(a, b)).map(([, task]) => task);
}

function arrive(
  arrivals: Map<TreePath, Arrivals>,
  entry: Entry,
  { key, ...by }: Arrival & { readonly key: string },
): void {
  const there: Arrivals = arrivals.get(entry.path) ?? { entry, byContext: new Map() };
  arrivals.set(entry.path, there);
  const same = there.byContext.get(key);
  if (same === undefined) {
    there.byContext.set(key, by);
    return;
  }
  same.ask |= by.ask;
  same.fresh |= by.fresh;
}

/** Contexts by bytes; those that the file is started in come first, so that it is not asked about in a context that only passes by. */
function nextTasks(
  arrivals: ReadonlyMap<TreePath, Arrivals>,
  asked: Map<TreePath, Asked>,
  warn: (warning: Warning) => void,
): Task[] {
  const tasks: Task[] = [];
  const add = (task: Task, key?: string): void => {
    if (task.ask === 0) return;
    tasks.push(task);
    noteAsked(asked, task, key);
  };
  for (const [path, { byContext, entry }] of [...arrivals].sort(([a], [b]) => compareBytes(a, b))) {
    const sorted = [...byContext].sort(([a], [b]) => compareBytes(a, b));
    for (const [key, { context, fresh }] of sorted) {
      const before = asked.get(path)?.started;
      const ask = fresh & ~(before?.get(key) ?? 0);
      if (before !== undefined && before.size >= MAX_STARTS && !before.has(key)) {
        if (ask !== 0) warn(tooManyStarts(path));
        continue;
      }
      add({ path, entry, context, ask }, key);
    }
    for (const [, { ask, context }] of sorted) add({ path, entry, context, ask: ask & ~(asked.get(path)?.any ?? 0) });
  }
  return tasks;
}

function tooManyStarts(path: TreePath): Warning {
  const shown = showPath(path);
  const message = `${shown} is started in more than ${MAX_STARTS} ways: the others were left out`;
  return { code: 'start-limit', message, path: shown };
}

function noteAsked(asked: Map<TreePath, Asked>, { ask, path }: Task, key?: string): void {
  const there: Asked = asked.get(path) ?? { any: 0, started: new Map() };
  asked.set(path, there);
  there.any |= ask;
  if (key !== undefined) there.started.set(key, (there.started.get(key) ?? 0) | ask);
}

async function askAll(input: CollectInput, task: Task, warn: (warning: Warning) => void): Promise<Answer[]> {
  const { analysers, content, facts, tree } = input;
  const { context, entry, path } = task;
  if (entry.content === undefined || (entry.type !== 'file' && entry.type !== 'hardlink')) return [];
  const head = await content.read(entry, { offset: 0, size: Math.min(HEAD_BYTES, entry.size) });
  const answers: Answer[] = [];
  for (const [at, analyser] of analysers.entries()) {
    if ((task.ask & (1 << at)) === 0 || !analyser.wants({ path, entry, context }, head)) continue;
    const edges = await analyser.edges(
      { path, entry, context },
      { tree, content, warn, ...(facts === undefined ? {} : { facts }) },
    );
    answers.push({ analyser: at, context, edges });
  }
  return answers;
}

interface Gatherer {
  /** @returns what the edge leads to in the end, when there is something */
  add(edge: Edge): Entry | undefined;
  edges(): Iterable<Edge>;
  warn(this: void, warning: Warning): void;
  warnings(): Warning[];
}

function gatherer({ tree }: CollectInput): Gatherer {
  const leads = new Map<TreePath, Lead>();
  const edges: Edge[] = [];
  /** One edge per link on the way and who goes it, whatever for: the reason that comes first by bytes. */
  const ways = new Map<string, Edge>();
  const warnings = new Map<string, Warning>();
  const warn = (warning: Warning): void => void warnings.set(canonicalJson(warning), warning);

  const lead = (path: TreePath): Lead => {
    const known = leads.get(path);
    if (known !== undefined) return known;
    const found = leadTo(tree, path);
    leads.set(path, found);
    if (found.loop) {
      const shown = showPath(path);
      warn({ code: 'symlink-loop', message: `${shown} leads nowhere: the symbolic links form a circle`, path: shown });
    }
    return found;
  };
  const push = (edge: Edge): void => {
    if (edge.from === edge.to || edge.to === ROOT) return;
    if (edges.length + ways.size >= MAX_EDGES)
      throw new TareError('E_LIMIT', `the evidence has more than ${MAX_EDGES} edges`);
    edges.push(edge);
  };
  const way = (edge: Edge): void => {
    const key = `${edge.from}\0${edge.to}\0${edge.certainty}\0${edge.kind}`;
    const known = ways.get(key);
    if (known === undefined || compareBytes(edge.because, known.because) < 0) ways.set(key, edge);
  };
  const add = (edge: Edge, depth: number): Entry | undefined => {
    const { entry, hops } = lead(edge.to);
    let { from } = edge;
    let step: Edge = edge;
    for (const hop of hops) {
      const { certainty } = step;
      push({ ...step, from, to: hop.path });
      for (const link of hop.links) {
        const because = `a link on the way to ${showPath(step.to)}`;
        way({ from, to: link, kind: 'symlink', because, certainty });
      }
      for (const to of depth > 0 ? [] : hop.folders) {
        const because = `the link ${showPath(from)} goes through it`;
        add({ from, to, kind: 'looked-up', because, certainty: 'sure' }, depth + 1);
      }
      from = hop.path;
      const because = `a link to ${showPath(hop.link ?? '')}`;
      step = { from, to: hop.path, kind: 'symlink', because, certainty: 'sure' };
    }
    return entry;
  };
  return {
    add: (edge) => add(edge, 0),
    *edges() {
      yield* edges;
      yield* ways.values();
    },
    warn,
    warnings: () => [...warnings].sort(([a], [b]) => compareBytes(a, b)).map(([, warning]) => warning),
  };
}
