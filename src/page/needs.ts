import type { NeedEdgeRow, NeedTable } from '../explain/explore/types.ts';

/** The graph of needs, to be asked from both ends. Ids are rows of the table. */
export interface Needs {
  readonly table: NeedTable;
  /** What weighs anything, the most expensive first. */
  readonly expensive: readonly number[];
  /** What only it brings along, the heaviest first: the needs that it dominates directly. */
  drags(id: number): readonly number[];
  /** Why it is there: all of these must go before it can, but for what only it brings along itself. */
  neededBy(id: number): readonly NeedEdgeRow[];
  /** -1: there is no such package. */
  packageNamed(name: string): number;
}

export function createNeeds(table: NeedTable): Needs {
  const { dominator, edges, keeps, manager, name } = table;
  const heavier = (a: number, b: number): number => (keeps[b] as number) - (keeps[a] as number) || a - b;
  const reached = dominator.flatMap((above, id) => (id !== 0 && above !== -1 ? [id] : []));
  const below = new Map<number, number[]>();
  for (const id of reached) {
    const above = dominator[id] as number;
    const list = below.get(above);
    if (list === undefined) below.set(above, [id]);
    else list.push(id);
  }
  for (const list of below.values()) list.sort(heavier);
  const incoming = new Map<number, NeedEdgeRow[]>();
  for (const edge of edges) {
    const list = incoming.get(edge[1]);
    if (list === undefined) incoming.set(edge[1], [edge]);
    else list.push(edge);
  }
  const isBelow = (id: number, above: number): boolean => {
    let at = id;
    while (at !== above && at > 0) at = dominator[at] as number;
    return at === above;
  };
  return {
    table,
    expensive: reached.filter((id) => (keeps[id] as number) > 0).sort(heavier),
    drags: (id) => below.get(id) ?? [],
    neededBy: (id) => (incoming.get(id) ?? []).filter(([from]) => !isBelow(from, id)),
    packageNamed: (wanted) =>
      reached.filter((id) => manager[id] !== null && name[id] === wanted).sort(heavier)[0] ?? -1,
  };
}
