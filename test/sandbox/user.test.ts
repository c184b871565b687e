import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lookUpUser } from '../../src/sandbox/user.ts';
import { needs } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';

function rootWith(files: Readonly<Record<string, string>>): string {
  const root = tempDir();
  mkdirSync(join(root, 'etc'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, 'etc', name), text);
  return root;
}

const FILES = {
  passwd:
    'root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/var/www:\nbroken\nempty:x:7:8::\n:x:9:9::/:\nbig:x:99999999999:1::/:\n',
  group: 'root:x:0:\nweb:x:33:\nlog:x:4:web,root\nssl:x:110:root,web\nbroken\n',
};

it.each([
  ['', { uid: 0, gid: 0, additionalGids: [4, 110], home: '/root' }],
  ['0', { uid: 0, gid: 0, additionalGids: [4, 110], home: '/root' }],
  ['web', { uid: 33, gid: 33, additionalGids: [4, 110], home: '/var/www' }],
  ['33', { uid: 33, gid: 33, additionalGids: [4, 110], home: '/var/www' }],
  ['web:', { uid: 33, gid: 33, additionalGids: [4, 110], home: '/var/www' }],
  ['web:log', { uid: 33, gid: 4, additionalGids: [], home: '/var/www' }],
  ['web:1000', { uid: 33, gid: 1000, additionalGids: [], home: '/var/www' }],
  ['1000', { uid: 1000, gid: 0, additionalGids: [], home: '/' }],
  ['1000:ssl', { uid: 1000, gid: 110, additionalGids: [], home: '/' }],
  ['empty', { uid: 7, gid: 8, additionalGids: [], home: '/' }],
])('%j', (user, ids) => {
  expect(lookUpUser(rootWith(FILES), user)).toEqual(ids);
});

it.each(['nobody', 'web:nogroup', 'broken', 'big', 'a:b:c', '99999999999', '-1'])('refuses %j', (user) => {
  expect(() => lookUpUser(rootWith(FILES), user)).toThrow(expect.objectContaining({ code: 'E_USER' }));
});

it('takes numbers where there are no files at all', () => {
  expect(lookUpUser(tempDir(), '65532:65532')).toMatchObject({ uid: 65532, gid: 65532 });
  expect(() => lookUpUser(tempDir(), 'app')).toThrow(expect.objectContaining({ code: 'E_USER' }));
});

it('follows links inside the root only', () => {
  const root = rootWith({ group: '' });
  mkdirSync(join(root, 'usr'));
  writeFileSync(join(root, 'usr/passwd'), 'inside:x:5:5::/:\n');
  const outside = rootWith({ passwd: 'outside:x:6:6::/:\n' });
  symlinkSync('/usr/passwd', join(root, 'etc/passwd'));
  expect(lookUpUser(root, 'inside')).toMatchObject({ uid: 5 });
  const hostile = tempDir();
  mkdirSync(join(hostile, 'etc'));
  symlinkSync(`../../../../../../..${outside}/etc/passwd`, join(hostile, 'etc/passwd'));
  expect(() => lookUpUser(hostile, 'outside')).toThrow(expect.objectContaining({ code: 'E_USER' }));
  const circle = tempDir();
  symlinkSync('etc', join(circle, 'etc'));
  expect(() => lookUpUser(circle, 'x')).toThrow(expect.objectContaining({ code: 'E_USER' }));
});

it.skipIf(!needs('mkfifo'))('does not wait for a FIFO', () => {
  const root = rootWith({});
  execFileSync('mkfifo', [join(root, 'etc/passwd')]);
  expect(lookUpUser(root, '5')).toMatchObject({ uid: 5 });
});
