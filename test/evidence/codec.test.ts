import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTareError } from '../../src/base/error.ts';
import { cleanPath, pathOfText, type TreePath } from '../../src/base/path.ts';
import { decodeEvidence, encodeEvidence, type EvidenceFacts } from '../../src/evidence/codec.ts';
import { createGraph } from '../../src/evidence/graph.ts';
import { CERTAINTIES, KINDS } from '../../src/evidence/kinds.ts';
import type { Edge } from '../../src/evidence/types.ts';

const NONE: EvidenceFacts = { added: [], dropped: [], platform: 'linux/amd64', tightness: 'reachable' };

const anyPath = fc
  .array(fc.oneof(fc.constantFrom('usr', 'lib', 'é', '😀', '😁'), fc.string({ unit: 'binary', maxLength: 6 })), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) =>
    parts.map((part) =>
      Buffer.from(part, 'utf8')
        .toString('latin1')
        .replaceAll(/[/\0.]/g, '_'),
    ),
  )
  .filter((parts) => parts.some((part) => part !== ''))
  .map((parts) => cleanPath(parts.join('/')));
const rawPath = fc.uint8Array({ minLength: 1, maxLength: 8 }).map((bytes) =>
  cleanPath(
    `x${Buffer.from(bytes)
      .toString('latin1')
      .replaceAll(/[/\0.]/g, '_')}`,
  ),
);
const paths = fc.oneof(anyPath, rawPath);
const anyEdge: fc.Arbitrary<Edge> = fc
  .record({
    from: fc.oneof(paths, fc.constantFrom('app', 'rule:tmp')),
    to: paths,
    kind: fc.constantFrom(...KINDS),
    because: fc.string({ unit: 'binary' }),
    certainty: fc.constantFrom(...CERTAINTIES),
    line: fc.option(fc.nat(), { nil: undefined }),
  })
  .map(({ line, ...edge }) => ({ ...edge, ...(line !== undefined && { at: { line } }) }));
const anyDropped = fc.record(
  { path: paths, size: fc.nat(), package: fc.string({ minLength: 1 }) },
  { requiredKeys: ['path', 'size'] },
);

describe('the record of reasons', () => {
  it('comes back as it was, byte by byte, and is the same for the same evidence', () => {
    const dropped = fc.uniqueArray(anyDropped, { selector: (item) => item.path });
    fc.assert(
      fc.property(fc.array(anyEdge), fc.array(anyEdge), dropped, (edges, added, left) => {
        const graph = createGraph(edges);
        const facts = { ...NONE, added, dropped: left };
        const bytes = encodeEvidence(graph, facts);
        const back = decodeEvidence(bytes);
        expect(back.graph.edges).toEqual(graph.edges);
        expect(back.added).toEqual(createGraph(added).edges);
        expect(back.dropped).toEqual([...left].sort((a, b) => (a.path < b.path ? -1 : 1)));
        expect([back.platform, back.tightness]).toEqual(['linux/amd64', 'reachable']);
        const again = encodeEvidence(createGraph([...edges].reverse()), {
          ...facts,
          added: [...added].reverse(),
          dropped: [...left].reverse(),
        });
        expect(Buffer.from(again).equals(Buffer.from(bytes))).toBe(true);
      }),
    );
  });

  it('holds names that are no UTF-8, in text that is', () => {
    const path = '/caf\xe9/\xff\xc3' as TreePath;
    const edge: Edge = { from: 'app', to: path, kind: 'app', because: 'own', certainty: 'sure' };
    const bytes = encodeEvidence(createGraph([edge]), { ...NONE, dropped: [{ path, size: 1 }] });
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes)).not.toThrow();
    expect(Buffer.from(bytes).toString('latin1')).toContain('\\udce9');
    expect(decodeEvidence(bytes).graph.has(path)).toBe(true);
    expect(decodeEvidence(bytes).dropped[0]?.path).toBe(path);
  });

  it('is small for many paths', () => {
    const dropped = Array.from({ length: 100_000 }, (_, index) => ({
      path: pathOfText(`/usr/share/doc/package-${index >> 4}/some-file-${index}.html`),
      size: index,
      package: `package-${index >> 4}`,
    }));
    const bytes = encodeEvidence(createGraph([]), { ...NONE, dropped });
    expect(bytes.length).toBeLessThan(5_000_000);
    expect(decodeEvidence(bytes).dropped).toEqual([...dropped].sort((a, b) => (a.path < b.path ? -1 : 1)));
  });

  const record = {
    platform: 'linux/amd64',
    tightness: 'used',
    kinds: KINDS,
    certainties: CERTAINTIES,
    nodes: [0, '/a', 0, 'app'],
    reasons: ['why'],
    edges: [[1, 0, 0, 0, 0]],
    added: [],
    packages: ['p'],
    dropped: [0, '/b', 1, 1],
  };
  const sample = (changes: Record<string, unknown>): string => JSON.stringify({ ...record, ...changes });

  it('is read when it is right', () => {
    expect(decodeEvidence(Buffer.from(sample({}))).graph.chain('/a' as TreePath)).toHaveLength(1);
  });

  const hostile: readonly [name: string, text: string | Buffer, code: 'E_JSON' | 'E_MANIFEST' | 'E_LIMIT'][] = [
    ['nothing', '', 'E_JSON'],
    ['half of it', sample({}).slice(0, 40), 'E_JSON'],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'E_JSON'],
    ['very deep brackets', '['.repeat(100_000), 'E_JSON'],
    ['null', 'null', 'E_MANIFEST'],
    ['a list', '[]', 'E_MANIFEST'],
    ['an empty object', '{}', 'E_MANIFEST'],
    ['an unknown kind', sample({ kinds: ['x'] }), 'E_MANIFEST'],
    ['an unknown certainty', sample({ certainties: ['x'] }), 'E_MANIFEST'],
    ['a table that is text', sample({ reasons: 'why' }), 'E_MANIFEST'],
    ['a reason that is no text', sample({ reasons: [1] }), 'E_MANIFEST'],
    ['half a name', sample({ nodes: [0] }), 'E_MANIFEST'],
    ['a name that shares too much', sample({ nodes: [1, '/a', 0, 'app'] }), 'E_MANIFEST'],
    ['a name that shares a fraction', sample({ nodes: [0.5, '/a', 0, 'app'] }), 'E_MANIFEST'],
    ['a name that shares less than nothing', sample({ nodes: [-1, '/a', 0, 'app'] }), 'E_MANIFEST'],
    ['too long a name', sample({ nodes: [0, '/'.repeat(20_000), 0, 'app'] }), 'E_LIMIT'],
    ['a row that is too short', sample({ edges: [[0, 0, 0, 0]] }), 'E_MANIFEST'],
    ['a row that is too long', sample({ edges: [[1, 0, 0, 0, 0, 1, 2]] }), 'E_MANIFEST'],
    ['a row that is no list', sample({ edges: [{}] }), 'E_MANIFEST'],
    ['a place beyond its table', sample({ edges: [[1, 9, 0, 0, 0]] }), 'E_MANIFEST'],
    ['a place that is text', sample({ edges: [['length', 0, 0, 0, 0]] }), 'E_MANIFEST'],
    ['an edge to a root', sample({ edges: [[0, 1, 0, 0, 0]] }), 'E_MANIFEST'],
    ['a line that is no count', sample({ edges: [[1, 0, 0, 0, 0, -1]] }), 'E_MANIFEST'],
    ['a dropped path that is not absolute', sample({ dropped: [0, 'b', 1, 0] }), 'E_MANIFEST'],
    ['a size that is no count', sample({ dropped: [0, '/b', '1', 0] }), 'E_MANIFEST'],
    ['a package beyond the table', sample({ dropped: [0, '/b', 1, 2] }), 'E_MANIFEST'],
    ['no platform', sample({ platform: undefined }), 'E_MANIFEST'],
    [
      'names that unfold to gigabytes',
      sample({
        dropped: [
          0,
          `/${'x'.repeat(16_000)}`,
          0,
          0,
          ...Array.from({ length: 30_000 }, () => [16_000, '', 0, 0]).flat(),
        ],
      }),
      'E_LIMIT',
    ],
    ['a text that is too large', Buffer.alloc(65 * 1024 * 1024, 0x20), 'E_LIMIT'],
  ];
  it.each(hostile)('refuses %s', (_name, text, code) => {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    expect(() => decodeEvidence(bytes)).toThrowError(expect.toSatisfy((error: unknown) => isTareError(error, code)));
  });

  it('throws nothing but its own errors, whatever it reads', () => {
    const values = fc.oneof(fc.jsonValue(), fc.array(fc.oneof(fc.nat(3), fc.constantFrom('/a', 'app', ''))));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(record)), values, (key, value) => {
        try {
          decodeEvidence(Buffer.from(sample({ [key]: value })));
        } catch (error) {
          expect(isTareError(error)).toBe(true);
        }
      }),
    );
  });
});
