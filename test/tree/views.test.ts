import { describe, expect, it } from 'vitest';
import { compareBytes, pathOfText, ROOT, type TreePath } from '../../src/base/path.ts';
import { createTree } from '../../src/tree/memory.ts';
import { overlay } from '../../src/tree/overlay.ts';
import { recording } from '../../src/tree/recording.ts';
import type { Entry, Tree } from '../../src/tree/types.ts';
import { walkWith } from '../../src/tree/walk.ts';

const p = pathOfText;
const entry = (path: string, more: Partial<Entry> = {}): Entry => ({
  path: p(path),
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  ...more,
});
const folder = (path: string): Entry => entry(path, { type: 'directory', mode: 0o755 });
const link = (path: string, target: string): Entry => entry(path, { type: 'symlink', link: target });
const paths = (entries: Iterable<Entry>): string[] => [...entries].map(({ path }) => path);
const reach = (tree: Tree, path: string): readonly [string, ...string[]] | undefined => {
  const found = tree.resolve(p(path));
  return found === undefined ? undefined : [found.entry.path, ...found.via];
};

describe('createTree', () => {
  const tree = createTree([
    entry('/b/x'),
    folder('/b'),
    entry('/a-b'),
    folder('/a'),
    entry('/a/z'),
    link('/l', 'b'),
    link('/abs', '/b/x'),
    link('/up', '../../../b/./x'),
    link('/circle', 'circle'),
    link('/dangling', 'no/such'),
    link('/b/back', '../l/x'),
    link('/through-file', 'a-b/x'),
    link('/slash', 'a-b/'),
    entry('/h', { type: 'hardlink', link: '/a-b' }),
  ]);

  it('walks and lists in byte order', () => {
    expect(paths(tree.walk())).toEqual([
      '/a',
      '/a-b',
      '/a/z',
      '/abs',
      '/b',
      '/b/back',
      '/b/x',
      '/circle',
      '/dangling',
      '/h',
      '/l',
      '/slash',
      '/through-file',
      '/up',
    ]);
    expect(paths(tree.children(p('/b')))).toEqual(['/b/back', '/b/x']);
    expect(paths(tree.children(p('/l')))).toEqual([]);
    expect(paths(tree.children(p('/no')))).toEqual([]);
    expect(paths(walkWith((path) => tree.children(path)))).toEqual(paths(tree.walk()));
  });

  it('gets what has that very name, the root too', () => {
    expect(tree.get(ROOT)).toMatchObject({ type: 'directory', mode: 0o755 });
    expect(tree.get(p('/b/x'))?.path).toBe('/b/x');
    expect(tree.get(p('/l/x'))).toBeUndefined();
  });

  it.each([
    ['/', ['/']],
    ['/b/x', ['/b/x']],
    ['/l', ['/b', '/l']],
    ['/l/x', ['/b/x', '/l']],
    ['/abs', ['/b/x', '/abs']],
    ['/up', ['/b/x', '/up']],
    ['/l/back', ['/b/x', '/l', '/b/back', '/l']],
    ['/h', ['/h']],
    ['/circle', undefined],
    ['/dangling', undefined],
    ['/through-file', undefined],
    ['/slash', undefined],
    ['/a-b/x', undefined],
    ['/no', undefined],
  ] as const)('resolves %s', (path, expected) => {
    expect(reach(tree, path)).toEqual(expected);
  });

  it('gives up after forty links', () => {
    const chain = (length: number): Tree =>
      createTree([
        entry('/end'),
        ...Array.from({ length }, (_, i) => link(`/${i}`, i === length - 1 ? 'end' : String(i + 1))),
      ]);
    expect(reach(chain(40), '/0')?.[0]).toBe('/end');
    expect(reach(chain(41), '/0')).toBeUndefined();
  });
});

describe('overlay', () => {
  const lower = createTree([
    folder('/srv'),
    entry('/srv/other'),
    folder('/srv/app'),
    entry('/srv/app/old'),
    folder('/bin'),
    entry('/bin/node'),
    link('/to-app', 'srv/app/main.js'),
    link('/var', 'srv'),
  ]);
  const upper = createTree([
    entry('/main.js'),
    link('/node', '/bin/node'),
    link('/self', 'main.js'),
    link('/out', '../other'),
    entry('/twin', { type: 'hardlink', link: '/main.js' }),
    folder('/lib'),
    entry('/lib/a'),
  ]);

  it('shows only the upper tree below its folder', () => {
    const tree = overlay(lower, upper, p('/srv/app'));
    expect(paths(tree.walk())).toEqual([
      '/bin',
      '/bin/node',
      '/srv',
      '/srv/app',
      '/srv/app/lib',
      '/srv/app/lib/a',
      '/srv/app/main.js',
      '/srv/app/node',
      '/srv/app/out',
      '/srv/app/self',
      '/srv/app/twin',
      '/srv/other',
      '/to-app',
      '/var',
    ]);
    expect(tree.get(p('/srv/app/old'))).toBeUndefined();
    expect(tree.get(p('/srv/app/twin'))?.link).toBe('/srv/app/main.js');
    expect(tree.get(p('/srv/app'))).toMatchObject({ type: 'directory', path: '/srv/app' });
    expect(tree.get(p('/srv/app/lib/a'))).toBe(tree.get(p('/srv/app/lib/a')));
  });

  it('lets links lead from one into the other', () => {
    const tree = overlay(lower, upper, p('/srv/app'));
    expect(reach(tree, '/srv/app/node')).toEqual(['/bin/node', '/srv/app/node']);
    expect(reach(tree, '/srv/app/out')).toEqual(['/srv/other', '/srv/app/out']);
    expect(reach(tree, '/srv/app/self')).toEqual(['/srv/app/main.js', '/srv/app/self']);
    expect(reach(tree, '/to-app')).toEqual(['/srv/app/main.js', '/to-app']);
    expect(reach(tree, '/var/app/lib/a')).toEqual(['/srv/app/lib/a', '/var']);
    expect(reach(tree, '/srv/app/old')).toBeUndefined();
  });

  it('makes the folders above', () => {
    const tree = overlay(lower, upper, p('/opt/x/app'));
    expect(tree.get(p('/opt'))).toMatchObject({ type: 'directory', mode: 0o755, uid: 0 });
    expect(paths(tree.children(p('/opt')))).toEqual(['/opt/x']);
    expect(paths(tree.children(ROOT))).toEqual(['/bin', '/opt', '/srv', '/to-app', '/var']);
    expect(reach(tree, '/opt/x/app/lib')).toEqual(['/opt/x/app/lib']);
  });

  it('puts a folder in the place of a link or a file on the way', () => {
    for (const at of ['/var/app', '/bin/node/app']) {
      const tree = overlay(lower, upper, p(at));
      expect(reach(tree, `${at}/main.js`)).toEqual([`${at}/main.js`]);
      expect(paths(tree.children(p(at.slice(0, -4))))).toEqual([at]);
    }
  });

  it('at the root is the upper tree', () => {
    expect(overlay(lower, upper, ROOT)).toBe(upper);
  });

  it('walks in byte order, whatever the names', () => {
    const names = ['/a', '/a-b', '/a/b', '/a.b', '/a/b-c', '/a/b/c', '/a0'];
    const tree = overlay(
      createTree(names.map((name) => (['/a', '/a/b'].includes(name) ? folder(name) : entry(name)))),
      upper,
      p('/a/m'),
    );
    const walked = paths(tree.walk());
    expect(walked).toEqual([...walked].sort(compareBytes));
    expect(walked).toContain('/a/m/lib/a');
  });
});

describe('recording', () => {
  const tree = createTree([folder('/d'), entry('/d/x'), link('/l', 'd'), link('/m', 'l/no')]);

  it('remembers questions, links on the way, and what they led to', () => {
    const seen = recording(tree);
    expect(seen.tree.get(p('/no'))).toBeUndefined();
    expect(reach(seen.tree, '/l/x')).toEqual(['/d/x', '/l']);
    expect(paths(seen.tree.children(p('/d')))).toEqual(['/d/x']);
    expect(seen.consulted()).toEqual({ paths: ['/d/x', '/l', '/l/x', '/no'], listed: ['/d'] });
  });

  it('remembers the way to what is not there', () => {
    const seen = recording(tree);
    expect(seen.tree.resolve(p('/m'))).toBeUndefined();
    expect(seen.consulted().paths).toEqual(['/', '/d', '/d/no', '/l', '/m']);
  });

  it('remembers a walk as the folders that were listed', () => {
    const seen = recording(tree);
    expect(paths(seen.tree.walk())).toEqual(paths(tree.walk()));
    expect(seen.consulted().listed).toEqual(['/', '/d']);
  });
});

describe('walkWith', () => {
  it('asks for a folder only when it gets there', () => {
    const asked: TreePath[] = [];
    const tree = createTree([folder('/a'), entry('/a/x'), folder('/b'), entry('/b/x')]);
    for (const { path } of walkWith((dir) => {
      asked.push(dir);
      return tree.children(dir);
    })) {
      if (path === '/a/x') break;
    }
    expect(asked).toEqual(['/', '/a']);
  });
});
