import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dumpedXattrs, openXattrs, toolXattrs, treeXattrs } from '../../src/sandbox/xattrs.ts';
import { needs } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';

const VALUES = [
  ['user.text', 'hello'],
  ['user.empty', ''],
  ['user.bytes', '\x00\x01\xff=\n"'],
  ['user.na me', 'a space in the name'],
] as const;

function places(): { readonly dir: string; readonly paths: readonly (string | Buffer)[] } {
  const dir = tempDir();
  mkdirSync(join(dir, 'folder'));
  const odd = Buffer.concat([Buffer.from(`${dir}/odd \\ = `), Buffer.of(0xe9)]);
  for (const path of [join(dir, 'plain'), odd]) writeFileSync(path, '');
  symlinkSync('plain', join(dir, 'link'));
  return { dir, paths: [join(dir, 'plain'), join(dir, 'folder'), odd] };
}

describe.each([
  ['the C library', openXattrs],
  ['getfattr and setfattr', toolXattrs],
] as const)('attributes by %s', (_name, open) => {
  it.skipIf(!needs('getfattr', 'setfattr'))('are what was set, and what the tools tell', () => {
    const { dir, paths } = places();
    const xattrs = open();
    const expected = new Map(VALUES.map(([name, value]) => [name, Buffer.from(value, 'latin1')]));
    for (const path of paths) {
      expect(xattrs.list(path)).toBeUndefined();
      for (const [name, value] of expected) xattrs.set(path, name, value);
      for (const reader of [xattrs, toolXattrs(), openXattrs(), treeXattrs([dir]), dumpedXattrs([dir])])
        expect(new Map(reader.list(path))).toEqual(expected);
    }
    expect(xattrs.list(join(dir, 'link'))).toBeUndefined();
    expect(
      execFileSync('getfattr', ['-n', 'user.text', '--only-values', join(dir, 'plain')], {
        stdio: ['ignore', 'pipe', 'ignore'],
        encoding: 'utf8',
      }),
    ).toBe('hello');
    expect(() => xattrs.set(join(dir, 'nowhere'), 'user.x', Buffer.from('x'))).toThrow();
  });
});
