import type { Context } from '../base/events.ts';
import { groupBy } from '../base/group-by.ts';
import { compareBytes, ROOT, textOfBytes, type TreePath } from '../base/path.ts';
import type { Evidence } from '../evidence/codec.ts';
import { CERTAINTIES } from '../evidence/kinds.ts';
import { evidenceOf } from '../evidence/image-evidence.ts';
import type { Edge, EvidenceNode } from '../evidence/types.ts';
import type { Image } from '../oci/types.ts';
import { ownerOf, packageDbs } from '../packages/index.ts';
import type { Package, PackageDb } from '../packages/types.ts';
import type { Store } from '../store/types.ts';
import { treeOfImage } from '../tree/image-tree.ts';
import type { Tree } from '../tree/types.ts';
import { immediateDominators, postorder } from './dominators.ts';

/** What needs, and is needed, as a whole: a package, a path that no package owns, or (first of all) everything that a chain may start with. */
export interface Need {
  readonly id: number;
  readonly name: string;
  readonly package?: Package;
  /** Bytes of its files that are in the image. */
  readonly size: number;
  readonly files: number;
  /** Bytes that would go with it: its own, and those of all that nothing else needs. */
  readonly keeps: number;
}

/** Why one needs the other: the surest of the edges between their files. */
export interface NeedEdge {
  readonly from: number;
  readonly to: number;
  readonly edge: Edge;
  /** How many edges there are between them. */
  readonly count: number;
}

/** Needs by id; the first is the start of all chains. Edges lead from one need to another, never to itself. */
export interface NeedGraph {
  readonly needs: readonly Need[];
  readonly edges: readonly NeedEdge[];
  /** By id: the last need that every chain to it runs through; -1 when no chain leads to it. */
  readonly dominators: Int32Array;
  /** The need that a path is part of. */
  of(path: TreePath): Need | undefined;
  /** Its files, in byte order. */
  pathsOf(need: Need): readonly TreePath[];
}

const START = 'the start';

/** @throws TareError E_NO_EVIDENCE when tare did not make the image, and what reading it throws */
export async function needsOfImage(options: {
  readonly image: Image;
  readonly store: Store;
  readonly ctx: Context;
}): Promise<NeedGraph> {
  const evidence = await evidenceOf(options.image);
  const { content, tree } = await treeOfImage(options.image, options.store, options.ctx.signal);
  return needGraph({ evidence, tree, databases: await packageDbs(tree, content, { under: [ROOT] }) });
}

/**
 * The record of reasons, with the files of each package taken together: nobody removes one file of a package. Hard links and folders weigh nothing.
 * In byte order of names, so that the same image gives the same answer.
 */
export function needGraph(options: {
  readonly evidence: Evidence;
  readonly tree: Tree;
  readonly databases: readonly PackageDb[];
}): NeedGraph {
  const { databases, evidence, tree } = options;
  const keys = new Map<TreePath, string>();
  const groups = new Map<string, Group>();
  const keyOf = (node: EvidenceNode): string => {
    if (!node.startsWith('/')) return START;
    const path = node as TreePath;
    const known = keys.get(path);
    if (known !== undefined) return known;
    const owner = ownerOf(databases, path);
    // Two versions of one package may lie in two folders.
    const key = owner === undefined ? path : `${owner.manager} ${owner.name} ${owner.record}`;
    keys.set(path, key);
    if (!groups.has(key)) {
      const named = owner === undefined ? { name: textOfBytes(path) } : { name: owner.name, package: owner };
      groups.set(key, { ...named, size: 0, files: 0, paths: [] });
    }
    return key;
  };
  // A file needs the folders above it, which weigh nothing and whose owner it does not need.
  const edges = [...evidence.graph.edges, ...evidence.added].filter(({ kind }) => kind !== 'parent');
  for (const node of edges.flatMap(({ from, to }) => [from, to])) keyOf(node);
  for (const { path, size, type } of tree.walk()) {
    if (type === 'directory') continue;
    const group = groups.get(keyOf(path));
    if (group === undefined) continue;
    group.files += 1;
    group.paths.push(path);
    if (type === 'file') group.size += size;
  }
  const sorted = [...groups].sort(([a], [b]) => compareBytes(a, b));
  const idOf = new Map([START, ...sorted.map(([key]) => key)].map((key, id) => [key, id]));
  const joined = causes(
    joinedEdges(edges, (node) => idOf.get(keyOf(node)) ?? 0),
    idOf.size,
  );
  const sizes = [0, ...sorted.map(([, group]) => group.size)];
  const flow = {
    count: sizes.length,
    from: Int32Array.from(joined, (edge) => edge.from),
    to: Int32Array.from(joined, (edge) => edge.to),
  };
  const dominators = immediateDominators(flow);
  const keeps = [...sizes];
  // Whoever dominates comes after in postorder.
  for (const node of postorder(flow)) {
    const above = dominators[node] as number;
    if (node !== 0) keeps[above] = (keeps[above] as number) + (keeps[node] as number);
  }
  const needs: readonly Need[] = [
    { id: 0, name: START, size: 0, files: 0, keeps: keeps[0] as number },
    ...sorted.map(([, { paths: _paths, ...group }], at) => ({ id: at + 1, ...group, keeps: keeps[at + 1] as number })),
  ];
  return {
    needs,
    edges: joined,
    dominators,
    of: (path) => {
      const key = keys.get(path);
      return key === undefined ? undefined : needs[idOf.get(key) ?? -1];
    },
    pathsOf: ({ id }) => sorted[id - 1]?.[1].paths ?? [],
  };
}

/** What follows from something being there: it was seen to be used, or its package's record is kept with it. */
const isSeen = ({ edge }: Pick<NeedEdge, 'edge'>): boolean =>
  edge.kind === 'opened' || edge.kind === 'looked-up' || edge.from === 'rule:package-records';

/**
 * What follows from something being there is no cause of it when one is known: take the import away, and nobody would see the file used any more. So it counts
 * as a start only where no cause leads: first where none stands at all, then in circles of causes that nothing leads into.
 */
function causes(edges: readonly NeedEdge[], count: number): readonly NeedEdge[] {
  const next = groupBy(
    edges.filter((edge) => !isSeen(edge)),
    (edge) => edge.from,
  );
  const caused = new Set([...next.values()].flat().map((edge) => edge.to));
  const reached = new Uint8Array(count);
  const reach = (start: number): void => {
    const open = [start];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (reached[id] === 1) continue;
      reached[id] = 1;
      for (const edge of next.get(id) ?? []) open.push(edge.to);
    }
  };
  reach(0);
  const seen = edges.filter(isSeen);
  const starts = new Set<number>();
  for (const isWanted of [({ to }: NeedEdge) => !caused.has(to), () => true])
    for (const edge of seen) {
      if (!isWanted(edge) || (reached[edge.to] === 1 && !starts.has(edge.to))) continue;
      starts.add(edge.to);
      reach(edge.to);
    }
  return edges.filter((edge) => !isSeen(edge) || starts.has(edge.to));
}

interface Group {
  readonly name: string;
  readonly package?: Package;
  size: number;
  files: number;
  readonly paths: TreePath[];
}

/** One edge for all between the same two, what was seen apart from what is a cause; in order of ids; of several the surest is told, which comes first in the graph's order. */
function joinedEdges(edges: readonly Edge[], idOf: (node: EvidenceNode) => number): readonly NeedEdge[] {
  const joined = new Map<string, NeedEdge>();
  for (const edge of edges) {
    const [from, to] = [idOf(edge.from), idOf(edge.to)];
    if (from === to || to === 0) continue;
    const key = `${from} ${to} ${isSeen({ edge })}`;
    const before = joined.get(key);
    if (before === undefined) joined.set(key, { from, to, edge, count: 1 });
    else
      joined.set(key, {
        ...before,
        count: before.count + 1,
        edge: isSurer(edge, before.edge) ? edge : before.edge,
      });
  }
  return [...joined.values()].sort((a, b) => a.from - b.from || a.to - b.to);
}

const isSurer = (one: Edge, two: Edge): boolean =>
  CERTAINTIES.indexOf(one.certainty) < CERTAINTIES.indexOf(two.certainty);
