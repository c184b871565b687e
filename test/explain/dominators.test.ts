import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { immediateDominators, type FlowGraph } from '../../src/explain/dominators.ts';

type Pair = readonly [from: number, to: number];
const graphOf = (count: number, pairs: readonly Pair[]): FlowGraph => ({
  count,
  from: Int32Array.from(pairs, ([from]) => from),
  to: Int32Array.from(pairs, ([, to]) => to),
});

const CASES: readonly (readonly [what: string, count: number, pairs: readonly Pair[], expected: readonly number[]])[] =
  [
    ['one node', 1, [], [0]],
    [
      'a chain',
      4,
      [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
      [0, 0, 1, 2],
    ],
    [
      'a diamond',
      4,
      [
        [0, 1],
        [0, 2],
        [1, 3],
        [2, 3],
      ],
      [0, 0, 0, 0],
    ],
    [
      'a diamond further down',
      5,
      [
        [0, 1],
        [1, 2],
        [1, 3],
        [2, 4],
        [3, 4],
      ],
      [0, 0, 1, 1, 1],
    ],
    [
      'a circle',
      4,
      [
        [0, 1],
        [1, 2],
        [2, 1],
        [2, 3],
      ],
      [0, 0, 1, 2],
    ],
    [
      'two ways into a circle',
      4,
      [
        [0, 1],
        [0, 2],
        [1, 2],
        [2, 1],
        [2, 3],
      ],
      [0, 0, 0, 2],
    ],
    ['what nothing leads to', 3, [[2, 1]], [0, -1, -1]],
    [
      'one that leads to itself, twice',
      2,
      [
        [0, 1],
        [0, 1],
        [1, 1],
      ],
      [0, 0],
    ],
    // Figure 4 of the paper, numbered from the start.
    [
      'the graph of the paper',
      6,
      [
        [0, 1],
        [0, 2],
        [1, 3],
        [2, 4],
        [2, 5],
        [3, 4],
        [4, 3],
        [4, 5],
        [5, 4],
      ],
      [0, 0, 0, 0, 0, 0],
    ],
  ];

function reached({ count, from, to }: FlowGraph, without: number): readonly boolean[] {
  const seen = Array.from({ length: count }, () => false);
  const open = without === 0 ? [] : [0];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen[node] === true) continue;
    seen[node] = true;
    for (const [edge, start] of from.entries()) {
      const end = to[edge] ?? 0;
      if (start === node && end !== without) open.push(end);
    }
  }
  return seen;
}

describe('immediate dominators', () => {
  it.each(CASES)('of %s', (_what, count, pairs, expected) => {
    expect([...immediateDominators(graphOf(count, pairs))]).toEqual(expected);
  });

  it('are what cuts a node off, and the last such', () => {
    const arbitrary = fc
      .integer({ min: 1, max: 9 })
      .chain((count) =>
        fc.tuple(fc.constant(count), fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 24 })),
      );
    fc.assert(
      fc.property(arbitrary, ([count, pairs]) => {
        const graph = graphOf(count, pairs);
        const found = immediateDominators(graph);
        const whole = reached(graph, -1);
        for (let node = 1; node < count; node++) {
          const above = new Set<number>();
          for (let id = node; id > 0;) {
            id = found[id] ?? -1;
            above.add(id);
          }
          for (let other = 0; other < count; other++) {
            if (other === node || whole[node] !== true) continue;
            expect(above.has(other)).toBe(reached(graph, other)[node] !== true);
          }
          expect(found[node] === -1).toBe(whole[node] !== true);
        }
      }),
    );
  });

  it('of a chain of a million needs no stack', () => {
    const pairs = Array.from({ length: 999_999 }, (_, node): Pair => [node, node + 1]);
    expect(immediateDominators(graphOf(1_000_000, pairs)).at(-1)).toBe(999_998);
  });
});
