import type { Context } from '../base/events.ts';
import { groupBy } from '../base/group-by.ts';
import { textOfBytes } from '../base/path.ts';
import type { Image } from '../oci/types.ts';
import type { Store } from '../store/types.ts';
import { needsOfImage, type Need, type NeedEdge, type NeedGraph } from './needs.ts';

/** One reason to have something: the file (or rule) that needs it. */
export interface Needer {
  /** The package or path that needs it, or where a chain starts (`entrypoint`, `rule:…`, `include`). */
  readonly name: string;
  /** The file itself. */
  readonly path: string;
  readonly to: string;
  readonly kind: string;
  readonly because: string;
  readonly certainty: string;
  readonly line?: number;
}

export interface Expense {
  readonly name: string;
  readonly manager?: string;
  readonly version?: string;
  /** Bytes of its own files. */
  readonly size: number;
  readonly files: number;
  /** Bytes that would go, its own included, if nothing needed it any more. */
  readonly keeps: number;
  /** All of these must go for that: what needs it, but for what only it brings along. */
  readonly needed: readonly Needer[];
  /** What it brings along that nothing else needs: the heaviest of those, then the heaviest of what that one brings along, and so on. */
  readonly drags: readonly { readonly name: string; readonly keeps: number }[];
}

export interface MostExpensive {
  readonly reference: string;
  /** Bytes of all files of the image. */
  readonly size: number;
  /** By `keeps`, largest first. */
  readonly expenses: readonly Expense[];
}

/**
 * What would save the most bytes if it were not needed: dominators of the record of reasons, each package taken as one.
 * @throws TareError E_NO_EVIDENCE when tare did not make the image, and what reading it throws
 */
export async function mostExpensive(options: {
  readonly image: Image;
  readonly store: Store;
  readonly ctx: Context;
}): Promise<MostExpensive> {
  const graph = await needsOfImage(options);
  return { reference: options.image.reference, size: graph.needs[0]?.keeps ?? 0, expenses: expensesOf(graph) };
}

/** @returns all but what weighs nothing, the most expensive first */
export function expensesOf(graph: NeedGraph): readonly Expense[] {
  const told = expenseTeller(graph);
  return graph.needs
    .filter((need) => need.id !== 0 && need.keeps > 0 && graph.dominators[need.id] !== -1)
    .toSorted(heavier)
    .map(told);
}

/** Tells of each need what it costs, whatever it weighs. */
export function expenseTeller(graph: NeedGraph): (need: Need) => Expense {
  const incoming = groupBy(graph.edges, (edge) => edge.to);
  const below = groupBy(
    graph.needs.filter((need) => need.id !== 0),
    (need) => graph.dominators[need.id] as number,
  );
  for (const list of below.values()) list.sort(heavier);
  const dominated = (need: Need, by: number): boolean => {
    let id = need.id;
    while (id !== by && id > 0) id = graph.dominators[id] as number;
    return id === by;
  };
  return (need) => ({
    name: need.name,
    ...(need.package === undefined ? {} : { manager: need.package.manager, version: need.package.version }),
    size: need.size,
    files: need.files,
    keeps: need.keeps,
    needed: (incoming.get(need.id) ?? [])
      .filter((edge) => !dominated(graph.needs[edge.from] as Need, need.id))
      .map((edge) => neederOf(graph, edge)),
    drags: heaviestWay(below, need),
  });
}

function heaviestWay(below: ReadonlyMap<number, readonly Need[]>, need: Need): Expense['drags'] {
  const way = [];
  for (let next = below.get(need.id)?.[0]; next !== undefined && next.keeps > 0; next = below.get(next.id)?.[0])
    way.push({ name: next.name, keeps: next.keeps });
  return way;
}

export function neederOf(graph: NeedGraph, { edge, from }: NeedEdge): Needer {
  const { at, because, certainty, kind, to } = edge;
  const path = textOfBytes(edge.from);
  return {
    name: from === 0 ? path : (graph.needs[from]?.name ?? path),
    path,
    to: textOfBytes(to),
    kind,
    because,
    certainty,
    ...(at === undefined ? {} : { line: at.line }),
  };
}

const heavier = (a: Need, b: Need): number => b.keeps - a.keeps || a.id - b.id;
