import { describe, expect, it } from 'vitest';
import { pathOfText } from '../../src/base/path.ts';
import type { Edge } from '../../src/evidence/types.ts';
import type { Group, Plan } from '../../src/plan/types.ts';
import { layering, outline } from '../../src/shrink/layers.ts';
import { createTree, plainDirectory } from '../../src/tree/memory.ts';
import type { Entry } from '../../src/tree/types.ts';

const file = (path: string, layer: number, size = 1): Entry => ({
  ...plainDirectory(pathOfText(path)),
  type: 'file',
  mode: 0o644,
  size,
  layer,
});
const reason: Edge = { from: 'entrypoint', to: pathOfText('/x'), kind: 'opened', because: 'x', certainty: 'sure' };

function planOf(kept: readonly (readonly [Entry, Group])[], added: readonly (readonly [Entry, Group])[] = []): Plan {
  return {
    keep: kept.map(([entry, group]) => ({ path: entry.path, reason, group, size: entry.size })),
    drop: [],
    add: added.map(([entry, group]) => ({ entry, reason, group })),
    warnings: [],
  };
}

const [libc, app, node] = [file('/lib/libc.so', 0, 10), file('/app/x.js', 2, 3), file('/bin/node', 1, 20)];
const link: Entry = { ...file('/bin/nodejs', 2), type: 'hardlink', link: pathOfText('/bin/node'), size: 20 };
const tree = createTree([libc, app, node, link]);
const plan = planOf(
  [
    [libc, 'system'],
    [app, 'application'],
    [node, 'runtime'],
    [link, 'runtime'],
  ],
  [[{ ...file('/etc/made', 0), content: { in: 'memory', bytes: new Uint8Array(1) } }, 'system']],
);

describe('layers', () => {
  it('by rate of change, slowest first', () => {
    const groups = layering({ plan, tree, mode: 'regroup', originalLayers: 3 });
    expect(groups.map(({ entries, group }) => [group, entries.map((entry) => entry.path)])).toEqual([
      ['runtime', ['/bin/node', '/bin/nodejs']],
      ['system', ['/lib/libc.so', '/etc/made']],
      ['application', ['/app/x.js']],
    ]);
  });

  it('of the original, names of one inode together, what is new on top, and empty ones gone', () => {
    const groups = layering({ plan, tree, mode: 'keep', originalLayers: 5 });
    expect(groups.map(({ entries, group }) => [group, entries.map((entry) => entry.path)])).toEqual([
      ['layer 0', ['/lib/libc.so']],
      ['layer 1', ['/bin/node', '/bin/nodejs']],
      ['layer 2', ['/app/x.js']],
      ['layer 4', ['/etc/made']],
    ]);
  });

  it('count a file with two names once', () => {
    expect(outline(layering({ plan, tree, mode: 'regroup', originalLayers: 3 }))[0]).toEqual({
      group: 'runtime',
      disk: 20,
      files: 2,
    });
  });
});
