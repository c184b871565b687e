import { expect, it } from 'vitest';
import { pathOfText } from '../../../src/base/path.ts';
import { relocated } from '../../../src/build/runtimes/relocate.ts';
import { memoryTree } from '../../helpers/memory-tree.ts';

const p = pathOfText;
const { tree: host } = memoryTree({
  '/home/me/jdk/bin/java': 'java',
  '/home/me/jdk/lib/modules': 'modules',
  '/home/me/jdk/lib/alias': { link: '/home/me/jdk/lib/modules' },
  '/home/me/jdk/lib/near': { link: 'modules' },
  '/home/me/jdk/lib/far': { link: '/etc/hosts' },
  '/usr/lib/jvm/other/bin/java': 'other',
  '/usr/lib/jvm/jdk/old': 'hidden',
  '/lib': { link: 'usr/lib' },
  '/etc/hosts': 'hosts',
});
const tree = relocated(host, [{ from: p('/home/me/jdk'), to: p('/usr/lib/jvm/jdk') }]);

it('what is moved is there under its new name, links and all', () => {
  expect(tree.get(p('/usr/lib/jvm/jdk/bin/java'))?.path).toBe('/usr/lib/jvm/jdk/bin/java');
  expect(tree.get(p('/usr/lib/jvm/jdk/lib/alias'))?.link).toBe('/usr/lib/jvm/jdk/lib/modules');
  expect(tree.get(p('/usr/lib/jvm/jdk/lib/near'))?.link).toBe('modules');
  expect(tree.resolve(p('/usr/lib/jvm/jdk/lib/far'))?.entry.path).toBe('/etc/hosts');
  expect(tree.resolve(p('/usr/lib/jvm/jdk/lib/alias'))?.entry.path).toBe('/usr/lib/jvm/jdk/lib/modules');
  expect(tree.resolve(p('/lib/jvm/jdk/bin/java'))).toMatchObject({
    entry: { path: '/usr/lib/jvm/jdk/bin/java' },
    via: ['/lib'],
  });
});

it('it hides what was there, and nothing else', () => {
  expect(tree.get(p('/usr/lib/jvm/jdk/old'))).toBeUndefined();
  expect(tree.children(p('/usr/lib/jvm')).map((entry) => entry.path)).toEqual([
    '/usr/lib/jvm/jdk',
    '/usr/lib/jvm/other',
  ]);
  expect(
    tree.children(p('/usr/lib/jvm/jdk/lib')).map((entry) => entry.path.slice('/usr/lib/jvm/jdk/lib/'.length)),
  ).toEqual(['alias', 'far', 'modules', 'near']);
  expect([...tree.walk()].filter((entry) => entry.path.startsWith('/usr/lib/jvm/jdk/')).length).toBe(7);
});

it('folders above it are made where there are none', () => {
  const bare = relocated(host, [{ from: p('/home/me/jdk'), to: p('/srv/java/jdk') }]);
  expect(bare.resolve(p('/srv/java/jdk/lib/near'))?.entry.path).toBe('/srv/java/jdk/lib/modules');
  expect(bare.children(p('/srv')).map((entry) => [entry.path, entry.type])).toEqual([['/srv/java', 'directory']]);
  expect(bare.children(p('/')).map((entry) => entry.path)).toEqual(['/etc', '/home', '/lib', '/srv', '/usr']);
});

it('without moves it is the same Tree', () => {
  expect(relocated(host, [])).toBe(host);
});
