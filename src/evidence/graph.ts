import { compareBytes, type TreePath } from '../base/path.ts';
import { CERTAINTIES, KINDS } from './kinds.ts';
import type { Certainty, Edge, EvidenceGraph, EvidenceNode } from './types.ts';

/** The edges with their ends as numbers: nodes are numbered in byte order, so numbers compare as names do. */
interface Indexed {
  readonly edges: readonly Edge[];
  readonly nodes: readonly EvidenceNode[];
  readonly idOf: ReadonlyMap<EvidenceNode, number>;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Of the certainty: 0 is the surest. */
  readonly rank: Uint8Array;
}

/** Shortest chains that use no edge less sure than one level. By node: steps from a root (-1: none), and the last edge (-1: none). */
interface Shortest {
  readonly distance: Int32Array;
  readonly last: Int32Array;
}

/**
 * A graph of the edges: each once, `settled` and `starts` left out (they are for the collector alone), in byte order of `from`, then `to`, then the surest first.
 * The same set of edges gives the same graph in whatever order it comes.
 */
export function createGraph(edges: Iterable<Edge>): EvidenceGraph {
  const indexed = indexEdges(edges);
  let levels: readonly Shortest[] | undefined;
  const searched = (): readonly Shortest[] => (levels ??= CERTAINTIES.map((_, level) => shortest(indexed, level)));
  return {
    edges: indexed.edges,
    has: (path) => {
      const id = indexed.idOf.get(path);
      return id !== undefined && searched().some((level) => (level.distance[id] as number) > 0);
    },
    chain: (path) => chainTo(indexed, searched(), path),
  };
}

function indexEdges(edges: Iterable<Edge>): Indexed {
  const given = [...edges];
  const names = new Set<EvidenceNode>();
  for (const edge of given) names.add(edge.from).add(edge.to);
  // The order of UTF-16 units, which for byte strings is that of bytes.
  const nodes = [...names].sort();
  const idOf = new Map(nodes.map((node, id) => [node, id]));
  const rows = given.map((edge) => {
    const from = idOf.get(edge.from) as number;
    const to = idOf.get(edge.to) as number;
    return { edge, from, to, rank: rankOf(edge.certainty), place: from * nodes.length + to };
  });
  rows.sort((a, b) => a.place - b.place || a.rank - b.rank || compareRest(a.edge, b.edge));
  const kept = rows.filter((row, at) => {
    const before = rows[at - 1];
    return (
      before === undefined ||
      before.place !== row.place ||
      before.rank !== row.rank ||
      compareRest(before.edge, row.edge) !== 0
    );
  });
  return {
    edges: kept.map(({ edge }) => recorded(edge)),
    nodes,
    idOf,
    from: Int32Array.from(kept, (row) => row.from),
    to: Int32Array.from(kept, (row) => row.to),
    rank: Uint8Array.from(kept, (row) => row.rank),
  };
}

function rankOf(certainty: Certainty): number {
  return CERTAINTIES.indexOf(certainty);
}

function compareRest(a: Edge, b: Edge): number {
  return (
    KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) ||
    compareBytes(a.because, b.because) ||
    (a.at?.line ?? 0) - (b.at?.line ?? 0)
  );
}

function recorded(edge: Edge): Edge {
  if (edge.settled === undefined && edge.starts === undefined) return edge;
  const { settled: _settled, starts: _starts, ...rest } = edge;
  return rest;
}

/** Breadth first from all roots. Of several last edges that are equally short the first in the order of the edges is taken. */
function shortest(graph: Indexed, level: number): Shortest {
  const { from, nodes, rank, to } = graph;
  const starts = startsOf(graph);
  const distance = new Int32Array(nodes.length).fill(-1);
  const last = new Int32Array(nodes.length).fill(-1);
  const queue = new Int32Array(nodes.length);
  let end = 0;
  for (const [id, node] of nodes.entries()) {
    if (node.startsWith('/')) continue;
    distance[id] = 0;
    queue[end++] = id;
  }
  for (let at = 0; at < end; at++) {
    const id = queue[at] as number;
    for (let edge = starts[id] as number; edge < (starts[id + 1] as number); edge++) {
      const next = to[edge] as number;
      if ((rank[edge] as number) > level || distance[next] !== -1) continue;
      distance[next] = (distance[id] as number) + 1;
      queue[end++] = next;
    }
  }
  for (let edge = 0; edge < to.length; edge++) {
    const target = to[edge] as number;
    const before = distance[from[edge] as number] as number;
    if (last[target] !== -1 || before === -1 || (rank[edge] as number) > level) continue;
    if (distance[target] === before + 1) last[target] = edge;
  }
  return { distance, last };
}

/** By node: where its edges start; they are sorted by `from`. */
function startsOf({ from, nodes }: Indexed): Int32Array {
  const starts = new Int32Array(nodes.length + 1);
  for (const id of from) starts[id + 1] = (starts[id + 1] as number) + 1;
  for (let id = 0; id < nodes.length; id++) starts[id + 1] = (starts[id + 1] as number) + (starts[id] as number);
  return starts;
}

function chainTo(graph: Indexed, levels: readonly Shortest[], path: TreePath): Edge[] {
  const id = graph.idOf.get(path);
  const level = id === undefined ? undefined : levels.find((item) => (item.distance[id] as number) > 0);
  if (id === undefined || level === undefined) return [];
  const chain: Edge[] = [];
  for (let at = level.last[id] as number; at !== -1; at = level.last[graph.from[at] as number] as number)
    chain.push(graph.edges[at] as Edge);
  return chain.reverse();
}
