import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathOfText, type TreePath } from '../../src/base/path.ts';
import { createGraph } from '../../src/evidence/graph.ts';
import { CERTAINTIES } from '../../src/evidence/kinds.ts';
import type { Certainty, Edge } from '../../src/evidence/types.ts';

function edge(from: string, to: string, certainty: Certainty = 'sure', because = 'x'): Edge {
  return { from, to: pathOfText(to), kind: 'elf-needed', because, certainty };
}

const targets = (edges: readonly Edge[]): string[] => edges.map((item) => item.to);
const at = pathOfText;

describe('createGraph', () => {
  it('keeps each edge once, in byte order, without the mark for the collector', () => {
    const graph = createGraph([edge('/b', '/c'), { ...edge('app', '/b'), settled: true }, edge('app', '/b')]);
    expect(graph.edges).toEqual([edge('/b', '/c'), edge('app', '/b')]);
  });

  it('keeps edges apart that differ in kind, reason, certainty or line', () => {
    const base = edge('app', '/b');
    const edges: Edge[] = [base, { ...base, kind: 'rule' }, { ...base, because: 'y' }, { ...base, at: { line: 3 } }];
    expect(createGraph([...edges, edge('app', '/b', 'guess')]).edges).toHaveLength(5);
  });

  const cases: readonly { name: string; edges: Edge[]; chain: string[] }[] = [
    { name: 'is empty for what is not there', edges: [edge('app', '/a')], chain: [] },
    { name: 'is empty when no root leads there', edges: [edge('/a', '/z')], chain: [] },
    { name: 'is empty for a circle without a root', edges: [edge('/a', '/z'), edge('/z', '/a')], chain: [] },
    { name: 'starts at a root', edges: [edge('app', '/a'), edge('/a', '/z')], chain: ['/a', '/z'] },
    {
      name: 'takes the shortest',
      edges: [edge('app', '/a'), edge('/a', '/b'), edge('/b', '/z'), edge('/a', '/z')],
      chain: ['/a', '/z'],
    },
    {
      name: 'takes a longer one that is surer',
      edges: [edge('app', '/a'), edge('/a', '/b'), edge('/b', '/z'), edge('/a', '/z', 'likely')],
      chain: ['/a', '/b', '/z'],
    },
    {
      name: 'judges a chain by its weakest edge',
      edges: [
        edge('app', '/a', 'guess'),
        edge('/a', '/z'),
        edge('app', '/b', 'likely'),
        edge('/b', '/c', 'likely'),
        edge('/c', '/z', 'likely'),
      ],
      chain: ['/b', '/c', '/z'],
    },
    {
      name: 'is the shortest of its own certainty although a node on it has a surer one',
      edges: [
        edge('app', '/a'),
        edge('/a', '/b'),
        edge('/b', '/c'),
        edge('app', '/c', 'likely'),
        edge('/c', '/z', 'likely'),
      ],
      chain: ['/c', '/z'],
    },
    {
      name: 'settles ties by bytes',
      edges: [edge('app', '/b'), edge('app', '/a'), edge('/b', '/z'), edge('/a', '/z')],
      chain: ['/a', '/z'],
    },
  ];
  it.each(cases)('a chain $name', ({ edges, chain }) => {
    const graph = createGraph(edges);
    expect(targets(graph.chain(at('/z')))).toEqual(chain);
    expect(graph.has(at('/z'))).toBe(chain.length > 0);
  });

  it('is not confused by names of objects', () => {
    const graph = createGraph([edge('__proto__', '/constructor')]);
    expect(targets(graph.chain(at('/constructor')))).toEqual(['/constructor']);
    expect(graph.has('__proto__' as TreePath)).toBe(false);
  });

  const names = fc.constantFrom('/a', '/b', '/c', '/d', '/e');
  const anyEdge = fc.tuple(fc.oneof(names, fc.constantFrom('app', 'rule:x')), names, fc.constantFrom(...CERTAINTIES));
  const anyEdges = fc.array(
    anyEdge.map(([from, to, certainty]) => edge(from, to, certainty)),
    { maxLength: 30 },
  );

  it('does not depend on the order of the edges', () => {
    fc.assert(
      fc.property(anyEdges, fc.integer(), (edges, seed) => {
        const one = createGraph(edges);
        const two = createGraph(shuffled([...edges, ...edges], seed));
        expect(two.edges).toEqual(one.edges);
        for (const name of ['/a', '/b', '/c', '/d', '/e']) expect(two.chain(at(name))).toEqual(one.chain(at(name)));
      }),
    );
  });

  it('finds the chain that trying all of them finds', () => {
    fc.assert(
      fc.property(anyEdges, (edges) => {
        const graph = createGraph(edges);
        for (const name of ['/a', '/b', '/c', '/d', '/e']) {
          const chain = graph.chain(at(name));
          const best = bestByTrying(edges, name);
          expect(chain.length === 0 ? undefined : [worst(chain), chain.length]).toEqual(best);
          for (const [index, step] of chain.entries())
            expect(step.from.startsWith('/') ? chain[index - 1]?.to : undefined).toBe(
              step.from.startsWith('/') ? step.from : undefined,
            );
        }
      }),
    );
  });

  it('takes 100 000 edges', () => {
    const edges = Array.from({ length: 100_000 }, (_, index) =>
      edge(index === 0 ? 'app' : `/n${(index - 1) >> 1}`, `/n${index}`),
    );
    const graph = createGraph(edges);
    expect(graph.chain(at('/n99999'))).toHaveLength(17);
  });
});

function worst(chain: readonly Edge[]): number {
  return Math.max(...chain.map((step) => CERTAINTIES.indexOf(step.certainty)));
}

/** Bellman-Ford over (certainty, length), per certainty. */
function bestByTrying(edges: readonly Edge[], target: string): [number, number] | undefined {
  for (const level of [0, 1, 2]) {
    const usable = edges.filter((item) => CERTAINTIES.indexOf(item.certainty) <= level);
    const length = new Map<string, number>();
    for (let round = 0; round < 8; round++) {
      for (const { from, to } of usable) {
        const before = from.startsWith('/') ? length.get(from) : 0;
        if (before !== undefined && before + 1 < (length.get(to) ?? Infinity)) length.set(to, before + 1);
      }
    }
    const found = length.get(target);
    if (found !== undefined) return [level, found];
  }
  return undefined;
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  let state = seed | 1;
  const next = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state;
  };
  return items
    .map((item) => [next(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}
