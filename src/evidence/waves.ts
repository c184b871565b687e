import { canonicalJson } from '../base/json.ts';
import { compareBytes, showPath, type TreePath } from '../base/path.ts';
import type { Warning } from '../base/events.ts';
import type { Entry } from '../tree/types.ts';
import type { EdgeSet } from './edge-set.ts';
import type { Certainty, Edge, Kind, ProcessContext, Root } from './types.ts';

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
  /** Only the loaders are asked, about it and about what they find: nobody says that it is used, but it shall not be broken. */
  readonly spare?: true;
}

/** Processes that one file is asked about in, of those that scripts start. */
const MAX_STARTS = 256;
/** Analysers by position: bit n is the n-th. */
type AnalyserSet = number;

/** A file, and whom to ask about it. */
export interface Task {
  readonly path: TreePath;
  readonly entry: Entry;
  readonly context: ProcessContext;
  readonly ask: AnalyserSet;
}

export interface Answer {
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

/** Whom there is to ask, and what was asked. */
export interface Waves {
  /** The analysers, and the loaders. */
  readonly everyone: AnalyserSet;
  readonly loading: AnalyserSet;
  readonly gathered: EdgeSet;
  readonly asked: Map<TreePath, Asked>;
  readonly keyOf: (context: ProcessContext) => string;
}

export function createWaves(analysers: number, loaders: number, gathered: EdgeSet): Waves {
  const everyone = 2 ** analysers - 1;
  const loading = 2 ** (analysers + loaders) - 1 - everyone;
  return { everyone, loading, gathered, asked: new Map(), keyOf: contextKeys() };
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

/** The tasks that roots make. */
export function rootTasks(work: Waves, roots: readonly RootPath[]): Task[] {
  const { asked, everyone, gathered, keyOf, loading } = work;
  const tasks = new Map<string, Task>();
  for (const { because, certainty = 'sure', context, kind, path, root, settled, spare } of roots) {
    const entry = gathered.add({ from: root, to: path, kind, because, certainty });
    if (entry === undefined || settled === true) continue;
    const key = `${entry.path}\0${keyOf(context)}`;
    const ask = (spare === true ? loading : everyone) | (tasks.get(key)?.ask ?? 0);
    tasks.set(key, { path: entry.path, entry, context, ask });
  }
  const sorted = [...tasks].sort(([a], [b]) => compareBytes(a, b)).map(([, task]) => task);
  return sorted.flatMap((task) => {
    const key = keyOf(task.context);
    const ask = task.ask & ~(asked.get(task.path)?.started.get(key) ?? 0);
    noteAsked(work, task, key);
    return task.ask !== 0 && ask === 0 ? [] : [{ ...task, ask }];
  });
}

function arrivalsOf(
  { everyone, gathered, keyOf, loading }: Waves,
  answers: readonly Answer[],
): Map<TreePath, Arrivals> {
  const arrivals = new Map<TreePath, Arrivals>();
  for (const { analyser, context, edges } of answers) {
    const bit = 1 << analyser;
    const all = (bit & loading) === 0 ? everyone : loading;
    for (const edge of edges) {
      const entry = gathered.add(edge);
      if (entry === undefined) continue;
      const ask = edge.settled === true ? all & ~bit : all;
      const inner = edge.starts ?? context;
      arrive(arrivals, entry, { context: inner, key: keyOf(inner), ask, fresh: edge.starts === undefined ? 0 : ask });
    }
  }
  return arrivals;
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

/**
 * The tasks that answers make. Contexts by bytes; those that a file is started in come first, so that it is not asked about in a context that only passes by.
 */
export function nextTasks(work: Waves, answers: readonly Answer[]): Task[] {
  const { asked } = work;
  const arrivals = arrivalsOf(work, answers);
  const tasks: Task[] = [];
  const add = (task: Task, key?: string): void => {
    if (task.ask === 0) return;
    tasks.push(task);
    noteAsked(work, task, key);
  };
  for (const [path, { byContext, entry }] of [...arrivals].sort(([a], [b]) => compareBytes(a, b))) {
    const sorted = [...byContext].sort(([a], [b]) => compareBytes(a, b));
    for (const [key, { context, fresh }] of sorted) {
      const before = asked.get(path)?.started;
      const ask = fresh & ~(before?.get(key) ?? 0);
      if (before !== undefined && before.size >= MAX_STARTS && !before.has(key)) {
        if (ask !== 0) work.gathered.warn(tooManyStarts(path));
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

function noteAsked({ asked, everyone, loading }: Waves, { ask: now, path }: Task, key?: string): void {
  // Whatever a loader would find, the analysers find too.
  const ask = (now & everyone) === 0 ? now : now | loading;
  const there: Asked = asked.get(path) ?? { any: 0, started: new Map() };
  asked.set(path, there);
  there.any |= ask;
  if (key !== undefined) there.started.set(key, (there.started.get(key) ?? 0) | ask);
}
