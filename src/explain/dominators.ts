/** A directed graph whose nodes are 0 to `count` - 1; edge i goes from `from[i]` to `to[i]`. */
export interface FlowGraph {
  readonly count: number;
  readonly from: Int32Array;
  readonly to: Int32Array;
}

/** What of a node cannot be reached is -1. */
const NONE = -1;

/**
 * By node, the last one that every way from node 0 to it runs through; node 0 has itself, and what cannot be reached has -1.
 * Keith D. Cooper, Timothy J. Harvey, Ken Kennedy: "A Simple, Fast Dominance Algorithm" (2001), figure 3.
 */
export function immediateDominators(graph: FlowGraph): Int32Array {
  const order = postorder(graph);
  const numbers = new Int32Array(graph.count).fill(NONE);
  for (const [number, node] of order.entries()) numbers[node] = number;
  const { edges: before, starts } = grouped(graph.count, graph.to, graph.from);
  const dominators = new Int32Array(graph.count).fill(NONE);
  dominators[0] = 0;
  const common = (one: number, two: number): number => {
    let [a, b] = [one, two];
    while (a !== b) {
      if (at(numbers, a) < at(numbers, b)) a = at(dominators, a);
      else b = at(dominators, b);
    }
    return a;
  };
  for (let changed = true; changed;) {
    changed = false;
    for (let number = order.length - 2; number >= 0; number--) {
      const node = at(order, number);
      let found = NONE;
      for (let edge = at(starts, node); edge < at(starts, node + 1); edge++) {
        const other = at(before, edge);
        if (at(dominators, other) === NONE) continue;
        found = found === NONE ? other : common(other, found);
      }
      if (at(dominators, node) === found) continue;
      dominators[node] = found;
      changed = true;
    }
  }
  return dominators;
}

/** Nodes that node 0 reaches, each after those that it leads to, but for circles. Without recursion: chains of needs are long. */
export function postorder(graph: FlowGraph): Int32Array {
  const { edges: next, starts } = grouped(graph.count, graph.from, graph.to);
  const cursor = starts.slice();
  const seen = new Uint8Array(graph.count);
  const order = new Int32Array(graph.count);
  const open = [0];
  seen[0] = 1;
  let end = 0;
  for (let node = open.at(-1); node !== undefined; node = open.at(-1)) {
    const edge = at(cursor, node);
    if (edge === at(starts, node + 1)) {
      order[end++] = node;
      open.pop();
      continue;
    }
    cursor[node] = edge + 1;
    const child = at(next, edge);
    if (seen[child] === 1) continue;
    seen[child] = 1;
    open.push(child);
  }
  return order.subarray(0, end);
}

/** By node, the other ends of its edges: those of node n stand from `starts[n]` to `starts[n + 1]`, in the order given. */
function grouped(count: number, by: Int32Array, other: Int32Array): { starts: Int32Array; edges: Int32Array } {
  const starts = new Int32Array(count + 1);
  for (const node of by) starts[node + 1] = at(starts, node + 1) + 1;
  for (let node = 0; node < count; node++) starts[node + 1] = at(starts, node + 1) + at(starts, node);
  const cursor = starts.slice();
  const edges = new Int32Array(by.length);
  for (const [edge, node] of by.entries()) {
    edges[at(cursor, node)] = at(other, edge);
    cursor[node] = at(cursor, node) + 1;
  }
  return { starts, edges };
}

const at = (values: Int32Array, index: number): number => values[index] as number;
