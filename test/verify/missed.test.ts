import { describe, expect, it } from 'vitest';
import type { ObservedPath } from '../../src/sandbox/types.ts';
import { missedPaths } from '../../src/verify/missed.ts';
import { memoryTree, type MemoryFile } from '../helpers/memory-tree.ts';

const ORIGINAL: Record<string, MemoryFile> = {
  '/lib': { link: 'usr/lib' },
  '/usr/lib/libx.so': { link: 'libx.so.1' },
  '/usr/lib/libx.so.1': { link: '/usr/lib/real/libx.so.1.2' },
  '/usr/lib/real/libx.so.1.2': 'x',
  '/usr/share/zones/Paris': 'p',
  '/usr/share/zones/Rome': 'r',
  '/usr/share/zones/sub/Deep': 'd',
  '/etc/mtab': { link: '/proc/self/mounts' },
  '/etc/hosts': '',
  '/app/bin/tool': 't',
  '/app/lib/data': 'd',
  '/circle': { link: 'circle' },
  '/proc/cpuinfo': '',
  '/dangling': { link: 'nowhere/at/all' },
};
const asked = (path: string, more: Partial<ObservedPath> = {}): ObservedPath => ({
  path,
  how: ['open'],
  by: ['/bin/node'],
  phase: 'http GET 80/',
  ...more,
});

function missed(paths: readonly ObservedPath[], small: Record<string, MemoryFile> = {}) {
  return missedPaths({ paths, ports: [] }, memoryTree(small).tree, memoryTree(ORIGINAL).tree);
}

describe('missedPaths', () => {
  it.each<[string, readonly string[], Record<string, MemoryFile>?]>([
    ['/usr/share/zones/Paris', ['/usr/share/zones/Paris']],
    ['/usr/share/zones/Oslo', []],
    ['/usr/share/zones/Paris', [], { '/usr/share/zones/Paris': 'p' }],
    ['//usr/./share/zones/Paris', ['/usr/share/zones/Paris']],
    ['/lib/libx.so', ['/lib', '/usr/lib/libx.so', '/usr/lib/libx.so.1', '/usr/lib/real/libx.so.1.2']],
    [
      '/lib/libx.so',
      ['/usr/lib/real/libx.so.1.2'],
      { '/lib': { link: 'usr/lib' }, '/usr/lib/libx.so': { link: 'libx.so.1' }, '/usr/lib/libx.so.1': { link: 'y' } },
    ],
    ['/app/bin/../lib/data', ['/app/bin', '/app/lib/data']],
    ['/app/none/../lib/data', []],
    ['/app/lib/data/../data', []],
    ['/lib/../share/zones/Rome', ['/lib', '/usr/lib', '/usr/share/zones/Rome']],
    ['/../../app/lib/data', ['/app/lib/data']],
    ['/etc/mtab', ['/etc/mtab']],
    ['/dangling', ['/dangling']],
    ['/dangling/x', []],
    ['/circle', ['/circle']],
    ['/circle/x', []],
    ['/proc/cpuinfo', []],
    ['/etc/hosts', []],
    ['/usr/lib/real/libx.so.1.2/x', []],
    [`/${'a/'.repeat(3000)}`, []],
    ['/app\0', []],
    ['', []],
  ])('%s', (path, expected, small) => {
    expect(missed([asked(path)], small).map((one) => one.path)).toEqual(expected);
  });

  it('takes the direct entries of a folder whose names were read', () => {
    const list = asked('/usr/share/zones', { how: ['list', 'open'] });
    expect(missed([list], { '/usr/share/zones/Rome': 'r' })).toEqual([
      { path: '/usr/share/zones/Paris', how: ['list'], by: ['/bin/node'], phase: 'http GET 80/' },
      { path: '/usr/share/zones/sub', how: ['list'], by: ['/bin/node'], phase: 'http GET 80/' },
    ]);
    expect(missed([list])[0]).toMatchObject({ path: '/usr/share/zones', how: ['list', 'open'] });
  });

  it('tells everybody who asked, once', () => {
    const all = [
      asked('/lib/libx.so.1', { how: ['stat'] }),
      asked('/usr/lib/libx.so.1', { by: ['/bin/a'], phase: 'start' }),
    ];
    expect(missed(all).find((one) => one.path === '/usr/lib/libx.so.1')).toEqual({
      path: '/usr/lib/libx.so.1',
      how: ['open', 'stat'],
      by: ['/bin/a', '/bin/node'],
      phase: 'http GET 80/',
    });
  });

  it('has nothing to say of a whole image', () => {
    const paths = Object.keys(ORIGINAL).map((path) => asked(path, { how: ['list', 'stat'] }));
    expect(missed(paths, ORIGINAL)).toEqual([]);
  });
});
