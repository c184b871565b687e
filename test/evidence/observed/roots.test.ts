import { describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { compareBytes, type TreePath } from '../../../src/base/path.ts';
import { collect, type RootPath } from '../../../src/evidence/collect.ts';
import { observedRoots, type Observed, type ObservedInput } from '../../../src/evidence/observed/index.ts';
import type { Analyser, ProcessContext } from '../../../src/evidence/types.ts';
import { memoryTree, type MemoryFile } from '../../helpers/memory-tree.ts';
import { profileWith } from './profiles.ts';

const CONTEXT: ProcessContext = { argv: ['python3', '-m', 'app'], env: { A: '1' }, cwd: '/app' as TreePath };
type Rows = Parameters<typeof profileWith>[0];

function rootsOf(
  files: Readonly<Record<string, MemoryFile>>,
  rows: Rows,
  rest: Partial<Omit<ObservedInput, 'tree' | 'profile'>> = {},
): Observed {
  const { tree } = memoryTree(files);
  return observedRoots({ profile: profileWith(rows), tree, context: CONTEXT, ...rest });
}

const only = (observed: Observed): RootPath => {
  expect(observed.roots.length).toBe(1);
  return observed.roots[0] as RootPath;
};

describe('what a profile says is needed', () => {
  const FILES = { '/usr/bin/python3.11': 'x', '/usr/bin/python3': { link: 'python3.11' }, '/app/a.txt': 'x' };

  it.each<[row: Rows[number], root: Partial<RootPath>]>([
    [
      { path: '/app/a.txt', how: ['open', 'stat'], by: ['/usr/bin/python3.11'], phases: ['http GET 8080/'] },
      {
        root: 'probe:http GET 8080/',
        kind: 'opened',
        because: 'opened by /usr/bin/python3.11 during http GET 8080/',
        context: CONTEXT,
      },
    ],
    [
      { path: '/app/a.txt', how: ['stat'], by: ['/a', '/b'], phases: ['http GET 8080/', 'start', 'tcp 1'] },
      {
        root: 'observed:start',
        kind: 'looked-up',
        because: 'looked up by /a and 1 more at the start and in 2 more phases',
        settled: true,
      },
    ],
    [
      { path: '/app/a.txt', how: ['stat', 'write'] },
      { kind: 'looked-up', because: 'written at the start', settled: true },
    ],
    [
      { path: '/app', how: ['write'] },
      { kind: 'looked-up', settled: true },
    ],
    [
      { path: '/app', how: ['chdir'] },
      { kind: 'opened', because: 'entered at the start', settled: true },
    ],
    [
      { path: '/usr/bin/python3', how: ['readlink'] },
      { kind: 'opened', settled: true },
    ],
    // The program that the image starts has its arguments; any other has none that are known.
    [
      { path: '/usr/bin/python3', how: ['exec'] },
      { kind: 'opened', context: CONTEXT },
    ],
    [{ path: '/usr/bin/python3.11', how: ['exec'] }, { context: { ...CONTEXT, argv: ['/usr/bin/python3.11'] } }],
  ])('%j', (row, root) => {
    const found = only(rootsOf(FILES, [row]));
    expect(found).toMatchObject({ path: row.path, ...root });
    expect(found.settled).toBe(root.settled);
    expect(found.certainty).toBeUndefined();
  });

  it.each([
    ['./run', '/app/run', true],
    ['/app/link', '/app/run', true],
    ['/app/other', '/app/run', false],
    ['run', '/app/run', true],
    ['/missing/../x', '/app/run', false],
  ])('%s starts %s: %s', (program, path, own) => {
    const context = { ...CONTEXT, argv: [program] };
    const files = { '/app/run': '#!/bin/sh', '/app/link': { link: 'run' }, '/app/other': 'x' };
    expect(only(rootsOf(files, [{ path, how: ['exec'] }], { context })).context.argv).toEqual([own ? program : path]);
  });

  it('asks about a source that Python only looked at, when it opened what was compiled from it', () => {
    const files = { '/app/m.py': 'x', '/app/n.py': 'x', '/app/__pycache__/m.cpython-311.opt-1.pyc': 'x' };
    const { roots } = rootsOf(files, [
      { path: '/app/__pycache__/m.cpython-311.opt-1.pyc' },
      { path: '/app/m.py', how: ['stat'] },
      { path: '/app/n.py', how: ['stat'] },
    ]);
    expect(roots.map(({ kind, settled }) => [kind, settled])).toEqual([
      ['opened', undefined],
      ['opened', undefined],
      ['looked-up', true],
    ]);
  });

  it('counts what another architecture has, and tells of one that was never recorded', () => {
    const rows = [{ path: '/app/a.txt' }, { path: '/lib64/ld\n.so' }, { path: '/lib64/x' }];
    expect(rootsOf(FILES, rows, { platform: 'linux/arm64' }).warnings).toEqual([
      {
        code: 'profile-platform',
        message: 'the profile was recorded on linux/amd64: what linux/arm64 alone needs is not in it',
      },
      {
        code: 'profile-missing',
        message: '2 of 3 paths of the profile are not in this image, the first of them /lib64/ld\\x0a.so',
      },
    ]);
    expect(rootsOf(FILES, rows.slice(0, 1), { platform: 'linux/amd64' }).warnings).toEqual([]);
  });
});

describe('in the graph', () => {
  const FILES = {
    '/lib': { link: 'usr/lib' },
    '/usr/lib/x': { link: 'y' },
    '/usr/lib/y': 'opened',
    '/usr/bin/perl': 'stat',
    '/etc/d/one': 'listed',
  };
  const ROWS: Rows = [
    { path: '/lib', how: ['readlink'] },
    { path: '/usr/lib/x', how: ['open'] },
    { path: '/usr/bin/perl', how: ['stat'] },
    { path: '/etc/d', how: ['list', 'open'] },
  ];

  it('links are followed, and what was only looked at is no question', async () => {
    const { content, tree } = memoryTree(FILES);
    const questions: string[] = [];
    const spy: Analyser = {
      name: 'spy',
      wants: ({ path }) => questions.push(path) === 0,
      edges: () => Promise.resolve([]),
    };
    const { roots } = observedRoots({ profile: profileWith(ROWS), tree, context: CONTEXT });
    const { graph } = await collect({
      roots,
      analysers: [spy],
      tree,
      content,
      ctx: createContext({ onEvent: () => undefined, signal: new AbortController().signal }),
    });
    expect(graph.edges.map((edge) => edge.to).sort(compareBytes)).toEqual([
      '/etc/d',
      '/etc/d/one',
      '/lib',
      '/usr/bin/perl',
      '/usr/lib',
      '/usr/lib/x',
      '/usr/lib/y',
    ]);
    expect(questions).toEqual(['/usr/lib/y']);
  });
});
