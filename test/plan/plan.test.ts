import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathOfText, type TreePath } from '../../src/base/path.ts';
import { createGraph } from '../../src/evidence/graph.ts';
import type { Edge } from '../../src/evidence/types.ts';
import { applicationGroups } from '../../src/plan/groups.ts';
import { diskSize, makePlan, type PlanInput } from '../../src/plan/plan.ts';
import { memoryTree } from '../helpers/memory-tree.ts';

const p = pathOfText;
const edge = (from: string, to: string): Edge => ({
  from,
  to: p(to),
  kind: 'opened',
  because: 'test',
  certainty: 'sure',
});

const { tree } = memoryTree({
  '/usr/bin/node': 'node',
  '/usr/lib/libc.so.6': 'libc!',
  '/usr/lib/unused.so': 'unused',
  '/app/server.js': 'serve',
  '/app/node_modules/x/index.js': 'x',
});

const EDGES = [
  edge('entrypoint', '/usr/bin/node'),
  edge('/usr/bin/node', '/usr/lib/libc.so.6'),
  edge('entrypoint', '/app/server.js'),
  edge('/app/server.js', '/app/node_modules/x/index.js'),
  edge('/app/server.js', '/app/gone.js'),
];

function planOf(edges: readonly Edge[], more: Partial<PlanInput> = {}) {
  return makePlan({
    tree,
    graph: createGraph(edges),
    add: [],
    excluded: () => false,
    groupOf: applicationGroups({ app: p('/app'), runtimes: new Set([p('/usr/bin/node')]) }),
    offered: tree.walk(),
    ownerOf: (path) => (path.startsWith('/usr/lib/') ? 'libs' : undefined),
    warnings: [],
    ...more,
  });
}

const groupsOf = (plan: ReturnType<typeof planOf>): Record<string, string> =>
  Object.fromEntries(plan.keep.map((item) => [item.path, item.group]));

describe('makePlan', () => {
  it('keeps what evidence leads to, with the folders above, and lists the rest as dropped', () => {
    const plan = planOf(EDGES);
    expect(groupsOf(plan)).toEqual({
      '/app': 'dependencies',
      '/app/node_modules': 'dependencies',
      '/app/node_modules/x': 'dependencies',
      '/app/node_modules/x/index.js': 'dependencies',
      '/app/server.js': 'application',
      '/usr': 'runtime',
      '/usr/bin': 'runtime',
      '/usr/bin/node': 'runtime',
      '/usr/lib': 'system',
      '/usr/lib/libc.so.6': 'system',
    });
    expect(plan.drop).toEqual([{ path: '/usr/lib/unused.so', size: 6, package: 'libs' }]);
    expect(diskSize(plan)).toBe(4 + 5 + 5 + 1);
  });

  it('never keeps what is excluded', () => {
    const plan = planOf(EDGES, { excluded: (path) => path.startsWith('/app/node_modules') });
    expect(Object.keys(groupsOf(plan)).filter((path) => path.includes('node_modules'))).toEqual([]);
    expect(plan.drop.map((item) => item.path)).toContain('/app/node_modules/x/index.js');
  });

  it('an added entry wins over the one of the tree, and gets its folders', () => {
    const bytes = Buffer.from('mine');
    const entry = {
      path: p('/etc/own/libc.conf'),
      type: 'file' as const,
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: bytes.length,
      mtime: 0,
      content: { in: 'memory' as const, bytes },
    };
    const plan = planOf(EDGES, {
      add: [
        { entry, reason: edge('rule:x', '/etc/own/libc.conf'), group: 'system' },
        {
          entry: { ...entry, path: p('/usr/lib/libc.so.6') },
          reason: edge('rule:x', '/usr/lib/libc.so.6'),
          group: 'system',
        },
      ],
    });
    expect(plan.add.map((item) => item.entry.path)).toEqual(['/etc/own/libc.conf', '/usr/lib/libc.so.6']);
    expect(groupsOf(plan)['/usr/lib/libc.so.6']).toBeUndefined();
    expect(groupsOf(plan)['/etc/own']).toBe('system');
  });

  it('does not depend on the order of the evidence', () => {
    const expected = planOf(EDGES);
    fc.assert(
      fc.property(fc.shuffledSubarray(EDGES, { minLength: EDGES.length }), (edges) => {
        expect(planOf(edges)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it('keeps every ancestor of every kept path, and no path twice', () => {
    const plan = planOf(EDGES);
    const paths = new Set<TreePath>(plan.keep.map((item) => item.path));
    expect(paths.size).toBe(plan.keep.length);
    for (const path of paths) {
      const parent = path.slice(0, path.lastIndexOf('/')) as TreePath;
      expect(parent === '' || paths.has(parent)).toBe(true);
    }
  });
});
