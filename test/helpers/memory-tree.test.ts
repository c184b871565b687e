import { expect, it } from 'vitest';
import { pathOfText } from '../../src/base/path.ts';
import { memoryTree } from './memory-tree.ts';

const { tree, content } = memoryTree({
  '/usr/lib/libx.so.1': 'bytes',
  'usr/lib/libx.so': { link: 'libx.so.1' },
  '/lib': { link: 'usr/lib' },
  '/abs': { link: '/lib/libx.so' },
  '/up': { link: '../../../usr' },
  '/a': { link: 'b' },
  '/b': { link: 'a' },
  '/empty': { directory: true, mode: 0o1777 },
  '/é': 'e',
});

it.each<[string, string | undefined, string[]]>([
  ['/usr/lib/libx.so.1', '/usr/lib/libx.so.1', []],
  ['/lib/libx.so', '/usr/lib/libx.so.1', ['/lib', '/usr/lib/libx.so']],
  ['/abs', '/usr/lib/libx.so.1', ['/abs', '/lib', '/usr/lib/libx.so']],
  ['/up/lib', '/usr/lib', ['/up']],
  ['/', '/', []],
  ['/a', undefined, []],
  ['/none/x', undefined, []],
  ['/usr/lib/libx.so.1/x', undefined, []],
])('resolve %s', (path, expected, via) => {
  const found = tree.resolve(pathOfText(path));
  expect(found?.entry.path).toBe(expected);
  expect(found?.via ?? []).toEqual(via);
});

it('lists in byte order', () => {
  const names = [...tree.walk()].map((entry) => entry.path);
  expect(names).toEqual([
    '/a',
    '/abs',
    '/b',
    '/empty',
    '/lib',
    '/up',
    '/usr',
    '/usr/lib',
    '/usr/lib/libx.so',
    '/usr/lib/libx.so.1',
    '/\xc3\xa9',
  ]);
  expect(tree.children(pathOfText('/usr/lib')).map((entry) => entry.path)).toEqual([
    '/usr/lib/libx.so',
    '/usr/lib/libx.so.1',
  ]);
  expect(tree.children(pathOfText('/lib'))).toEqual([]);
  expect(tree.get(pathOfText('/empty'))).toMatchObject({ type: 'directory', mode: 0o1777 });
});

it('reads content, whole and in part', async () => {
  const entry = tree.get(pathOfText('/usr/lib/libx.so.1'));
  if (entry === undefined) throw new Error('not there');
  expect(Buffer.from(await content.read(entry)).toString()).toBe('bytes');
  expect(Buffer.from(await content.read(entry, { offset: 1, size: 2 })).toString()).toBe('yt');
  const folder = tree.get(pathOfText('/empty'));
  if (folder === undefined) throw new Error('not there');
  await expect(content.read(folder)).rejects.toMatchObject({ code: 'E_NOT_FILE' });
});
