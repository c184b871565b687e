import { describe, expect, it } from 'vitest';
import { isInside, pathOfText } from '../../src/base/path.ts';
import type { Edge } from '../../src/evidence/types.ts';
import type { Package, PackageDb } from '../../src/packages/types.ts';
import { MAX_UNOWNED, unownedFolders } from '../../src/shrink/unowned.ts';
import { memoryTree } from '../helpers/memory-tree.ts';

const reason: Edge = { from: 'entrypoint', to: pathOfText('/x'), kind: 'opened', because: 'x', certainty: 'sure' };
const owner: Package = { manager: 'dpkg', name: 'owned', version: '1', record: pathOfText('/db') };
const database: PackageDb = {
  manager: 'dpkg',
  packages: [owner],
  owner: (path) => (isInside(pathOfText('/usr/lib/owned'), path) ? owner : undefined),
  files: () => [],
  lacks: () => 0,
  reduced: () => Promise.resolve([]),
};

interface Files {
  readonly keep?: readonly string[];
  /** Path to size. */
  readonly drop: Readonly<Record<string, number>>;
}

function foldersOf({ drop, keep = [] }: Files) {
  const { tree } = memoryTree(Object.fromEntries(keep.map((path) => [path, 'kept!'])));
  const plan = {
    keep: keep.map((path) => ({ path: pathOfText(path), reason, group: 'system' as const, size: 5 })),
    drop: Object.entries(drop).map(([path, size]) => ({ path: pathOfText(path), size })),
    add: [],
    warnings: [],
  };
  return unownedFolders(plan, tree, [database]);
}

describe('what was left out and no package owns', () => {
  it.each([
    ['/usr/local/lib/tool/a/b/c.so', '/usr/local/lib/tool'],
    ['/usr/local/lib/liba.so', '/usr/local/lib'],
    ['/usr/local/bin/tool', '/usr/local/bin'],
    ['/opt/vendor/lib/x', '/opt/vendor'],
    ['/app/static/a/b.png', '/app/static'],
    ['/app/main.py', '/app'],
    ['/code/lib/a.py', '/code/lib'],
    ['/usr/share/dict/words', '/usr/share/dict'],
    ['/var/lib/data/rows', '/var/lib/data'],
    ['/root/.cache/x', '/root'],
    ['/.dockerenv', '/'],
  ])('%s is told of %s', (path, folder) => {
    expect(foldersOf({ drop: { [path]: 7 } })).toEqual([
      { path: folder, kept: { files: 0, disk: 0 }, dropped: { files: 1, disk: 7 } },
    ]);
  });

  it('counts what stays of the same folder, the largest missing part first; packages tell of their own', () => {
    const found = foldersOf({
      keep: ['/opt/b/x', '/usr/lib/owned/y'],
      drop: { '/opt/a/1': 1, '/opt/a/2': 2, '/opt/b/1': 100, '/opt/c/1': 3, '/usr/lib/owned/z': 1000 },
    });
    expect(found).toEqual([
      { path: '/opt/b', kept: { files: 1, disk: 5 }, dropped: { files: 1, disk: 100 } },
      { path: '/opt/a', kept: { files: 0, disk: 0 }, dropped: { files: 2, disk: 3 } },
      { path: '/opt/c', kept: { files: 0, disk: 0 }, dropped: { files: 1, disk: 3 } },
    ]);
  });

  it('has a bounded number of rows: the smallest count together, as part of the root', () => {
    const drop = Object.fromEntries(Array.from({ length: MAX_UNOWNED + 10 }, (_, at) => [`/opt/n${at}/x`, 1000 - at]));
    const found = foldersOf({ drop });
    expect(found).toHaveLength(MAX_UNOWNED);
    expect(found.map(({ path }) => path)).toContain('/');
    const total = found.reduce((sum, { dropped }) => sum + dropped.disk, 0);
    expect(total).toBe(Object.values(drop).reduce((sum, size) => sum + size, 0));
    expect(found.reduce((sum, { dropped }) => sum + dropped.files, 0)).toBe(MAX_UNOWNED + 10);
  });
});
