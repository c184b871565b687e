import { describe, expect, it } from 'vitest';
import type { TreePath } from '../../src/base/path.ts';
import { createGraph } from '../../src/evidence/graph.ts';
import type { Edge, Kind } from '../../src/evidence/types.ts';
import { expensesOf } from '../../src/explain/most-expensive.ts';
import { needGraph, type NeedGraph } from '../../src/explain/needs.ts';
import type { Package, PackageDb } from '../../src/packages/types.ts';
import { memoryTree } from '../helpers/memory-tree.ts';

type Line = readonly [from: string, to: string, kind?: Kind];

/** Files by path and size; packages by name and what they own; edges. */
function graphOf(
  sizes: Readonly<Record<string, number>>,
  owned: Readonly<Record<string, readonly string[]>>,
  lines: readonly Line[],
): NeedGraph {
  const { tree } = memoryTree(
    Object.fromEntries(Object.entries(sizes).map(([path, size]) => [path, 'x'.repeat(size)])),
  );
  const packages = Object.keys(owned).map((name): Package => ({
    manager: 'dpkg',
    name,
    version: '1',
    record: '/var/lib/dpkg/status' as TreePath,
  }));
  const database: PackageDb = {
    manager: 'dpkg',
    packages,
    owner: (path) => packages.find(({ name }) => owned[name]?.includes(path) === true),
    files: (pkg) => (owned[pkg.name] ?? []) as TreePath[],
    lacks: () => 0,
    reduced: async () => [],
  };
  const edges = lines.map(([from, to, kind = 'elf-needed']): Edge => ({
    from: from as TreePath,
    to: to as TreePath,
    kind,
    because: `${from} → ${to}`,
    certainty: 'sure',
  }));
  const evidence = { graph: createGraph(edges), added: [], dropped: [], platform: 'linux/amd64', tightness: 'files' };
  return needGraph({ evidence, tree, databases: [database] });
}

/** `name keeps size`, and after `<` who needs it, after `>` what it brings along. */
const told = (graph: NeedGraph): readonly string[] =>
  expensesOf(graph).map(({ drags, keeps, name, needed, size }) =>
    [
      `${name} ${keeps} ${size}`,
      `< ${needed.map((needer) => needer.name).join(' ')}`,
      ...(drags.length === 0 ? [] : [`> ${drags.map((item) => `${item.name} ${item.keeps}`).join(' ')}`]),
    ].join(' '),
  );

const START: Line = ['entrypoint', '/app', 'entrypoint'];

describe('what is most expensive', () => {
  it('is told with the chain that it keeps', () => {
    const sizes = { '/app': 1, '/pg': 2, '/libpq': 4, '/libldap': 8, '/libc': 16 };
    const lines: Line[] = [
      START,
      ['/app', '/pg', 'node-import'],
      ['/pg', '/libpq'],
      ['/libpq', '/libldap'],
      ['/app', '/libc'],
      ['/libldap', '/libc'],
    ];
    expect(told(graphOf(sizes, {}, lines))).toEqual([
      '/app 31 1 < entrypoint > /libc 16',
      '/libc 16 16 < /app /libldap',
      '/pg 14 2 < /app > /libpq 12 /libldap 8',
      '/libpq 12 4 < /pg > /libldap 8',
      '/libldap 8 8 < /libpq',
    ]);
  });

  it('is a whole package, whichever of its files is needed', () => {
    const sizes = { '/app': 1, '/p/a': 2, '/p/b': 4, '/q': 8 };
    const lines: Line[] = [START, ['/app', '/p/a'], ['/app', '/p/b'], ['/p/b', '/q'], ['/p/a', '/p/b']];
    expect(told(graphOf(sizes, { p: ['/p/a', '/p/b'] }, lines))).toEqual([
      '/app 15 1 < entrypoint > p 14 /q 8',
      'p 14 6 < /app > /q 8',
      '/q 8 8 < p',
    ]);
  });

  it('counts for nobody what two need', () => {
    const lines: Line[] = [START, ['/app', '/a'], ['/app', '/b'], ['/a', '/c'], ['/b', '/c']];
    expect(told(graphOf({ '/app': 1, '/a': 1, '/b': 1, '/c': 9 }, {}, lines))).toEqual([
      '/app 12 1 < entrypoint > /c 9',
      '/c 9 9 < /a /b',
      '/a 1 1 < /app',
      '/b 1 1 < /app',
    ]);
  });

  it('is not needed by what it brings along itself', () => {
    const lines: Line[] = [START, ['/app', '/a'], ['/a', '/b'], ['/b', '/a']];
    expect(told(graphOf({ '/app': 1, '/a': 2, '/b': 4 }, {}, lines))).toEqual([
      '/app 7 1 < entrypoint > /a 6 /b 4',
      '/a 6 2 < /app > /b 4',
      '/b 4 4 < /a',
    ]);
  });

  it('that something was seen to be used, or has a record, is no cause where there is one', () => {
    const lines: Line[] = [
      START,
      ['/app', '/a', 'python-import'],
      ['observed:start', '/a', 'opened'],
      ['rule:package-records', '/a', 'rule'],
      ['observed:start', '/seen', 'opened'],
      ['/seen', '/more'],
      ['observed:start', '/more', 'opened'],
      // A circle that nothing leads into.
      ['observed:start', '/x', 'looked-up'],
      ['/x', '/y'],
      ['/y', '/x'],
    ];
    expect(told(graphOf({ '/app': 1, '/a': 2, '/seen': 4, '/more': 8, '/x': 16, '/y': 32 }, {}, lines))).toEqual([
      '/x 48 16 < observed:start > /y 32',
      '/y 32 32 < /x',
      '/seen 12 4 < observed:start > /more 8',
      '/more 8 8 < /seen',
      '/app 3 1 < entrypoint > /a 2',
      '/a 2 2 < /app',
    ]);
  });

  it('folders that are there for what they hold need nobody', () => {
    const lines: Line[] = [START, ['/app', '/p/a'], ['/p/a', '/p', 'parent']];
    expect(told(graphOf({ '/app': 1, '/p/a': 2 }, { other: ['/p'] }, lines))).toEqual([
      '/app 3 1 < entrypoint > /p/a 2',
      '/p/a 2 2 < /app',
    ]);
  });
});
