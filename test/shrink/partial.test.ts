import { expect, it } from 'vitest';
import { isInside, pathOfText } from '../../src/base/path.ts';
import type { Edge } from '../../src/evidence/types.ts';
import type { Package, PackageDb } from '../../src/packages/types.ts';
import { partialPackages } from '../../src/shrink/partial.ts';
import { memoryTree } from '../helpers/memory-tree.ts';

const reason: Edge = { from: 'entrypoint', to: pathOfText('/x'), kind: 'opened', because: 'x', certainty: 'sure' };
const packageOf = (name: string): Package => ({
  manager: 'dpkg',
  name,
  version: '1',
  record: pathOfText(`/db/${name}`),
});
const packages = ['whole', 'gone', 'some', 'more'].map(packageOf);
const database: PackageDb = {
  manager: 'dpkg',
  packages,
  owner: (path) => packages.find((item) => isInside(pathOfText(`/${item.name}`), path)),
  files: () => [],
  lacks: () => 0,
  reduced: () => Promise.resolve([]),
};

it('names packages that are there in part, the largest missing part first', () => {
  const { tree } = memoryTree({
    '/whole/a': 'a',
    '/some/a': 'a',
    '/some/b': 'b',
    '/more/a': 'a',
    '/more/b': 'b',
    '/gone/a': 'a',
  });
  const keep = ['/whole', '/whole/a', '/some/a', '/more/a', '/gone'].map((path) => ({
    path: pathOfText(path),
    reason,
    group: 'system' as const,
    size: 5,
  }));
  const drop = [
    { path: pathOfText('/some/b'), size: 7 },
    { path: pathOfText('/more/b'), size: 70 },
    { path: pathOfText('/gone/a'), size: 700 },
  ];
  expect(partialPackages({ keep, drop, add: [], warnings: [] }, tree, [database])).toEqual([
    { manager: 'dpkg', name: 'more', version: '1', kept: { files: 1, disk: 5 }, dropped: { files: 1, disk: 70 } },
    { manager: 'dpkg', name: 'some', version: '1', kept: { files: 1, disk: 5 }, dropped: { files: 1, disk: 7 } },
  ]);
});
