import { describe, expect, it } from 'vitest';
import { pathOfText, ROOT } from '../../../src/base/path.ts';
import { expandGlob } from '../../../src/evidence/glob.ts';
import { locate } from '../../../src/evidence/locate.ts';
import { expandMuslTokens, expandTokens } from '../../../src/evidence/elf/tokens.ts';
import { memoryTree } from '../../helpers/memory-tree.ts';

describe('expandGlob', () => {
  const { tree } = memoryTree({
    '/etc/ld.so.conf.d/a.conf': '',
    '/etc/ld.so.conf.d/b.conf': '',
    '/etc/ld.so.conf.d/c1.conf': '',
    '/etc/ld.so.conf.d/[x].conf': '',
    '/etc/ld.so.conf.d/.h.conf': '',
    '/etc/ld.so.conf.d/readme': '',
    '/link': { link: '/etc/ld.so.conf.d' },
  });
  const dir = '/etc/ld.so.conf.d';
  it.each<[string, string[]]>([
    [`${dir}/*.conf`, [`${dir}/[x].conf`, `${dir}/a.conf`, `${dir}/b.conf`, `${dir}/c1.conf`]],
    ['/*/ld.so.conf.d/?.conf', [`${dir}/a.conf`, `${dir}/b.conf`]],
    [`${dir}/[ab].conf`, [`${dir}/a.conf`, `${dir}/b.conf`]],
    [`${dir}/[!a-b]*.conf`, [`${dir}/[x].conf`, `${dir}/c1.conf`]],
    [`${dir}/.*.conf`, [`${dir}/.h.conf`]],
    [`${dir}/a.conf`, [`${dir}/a.conf`]],
    ['/link/b.*', ['/link/b.conf']],
    [`${dir}/none`, []],
    ['/none/*', []],
    [`${dir}/[z-a].conf`, []],
    [`${dir}/[x`, []],
  ])('%s', (pattern, expected) => {
    expect(expandGlob(tree, pattern)).toEqual(expected);
  });

  it('a hostile pattern takes no time worth noting', () => {
    const long = memoryTree({ [`/${'a'.repeat(250)}`]: '' });
    expect(expandGlob(long.tree, `/${'*a'.repeat(120)}*b`)).toEqual([]);
  });
});

describe('locate', () => {
  const { tree } = memoryTree({ '/a/b/c': 'x', '/l': { link: '/a/b' }, '/up': { link: '..' } });
  it.each<[string, string | undefined, string[]]>([
    ['/a/b/c', '/a/b/c', []],
    ['/a//./b/', '/a/b', []],
    ['/a/b/../x', '/a/x', ['/a/b']],
    ['/l/../x', '/a/x', ['/l']],
    ['/../x', '/x', ['/']],
    ['c', '/a/b/c', []],
    ['../y', '/a/y', ['/a/b']],
    ['/none/../x', undefined, []],
    ['/a/b/c/../x', undefined, []],
    [`/${'x'.repeat(5000)}`, undefined, []],
    ['/up/x', '/up/x', []],
  ])('%s', (text, path, through) => {
    expect(locate(tree, pathOfText('/a/b'), text)).toEqual(path === undefined ? undefined : { path, through });
  });

  it('starts at the root when that is the working folder', () => {
    expect(locate(tree, ROOT, 'a/b')).toEqual({ path: '/a/b', through: [] });
  });
});

describe('tokens', () => {
  const values = { origin: '/o', lib: 'lib64', platforms: ['x86_64', 'haswell'] };
  it.each<[string, string[]]>([
    ['$ORIGIN/../lib', ['/o/../lib']],
    ['${ORIGIN}/$LIB/${LIB}', ['/o/lib64/lib64']],
    ['/p/$PLATFORM', ['/p/x86_64', '/p/haswell']],
    ['/$OTHER/${ORIGIN/$', ['/$OTHER/${ORIGIN/$']],
  ])('%s', (text, expected) => {
    expect(expandTokens(text, values).map((folder) => folder.text)).toEqual(expected);
  });

  it('musl knows one only', () => {
    expect(expandMuslTokens(['$ORIGIN/a', '', '/b${ORIGIN}'], '/o$&')).toEqual(['/o$&/a', '/b/o$&']);
    expect(expandMuslTokens(['$ORIGIN/a', '$LIB'], '/o')).toEqual([]);
  });
});
