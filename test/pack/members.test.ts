import { describe, expect, it } from 'vitest';
import { pathOfText } from '../../src/base/path.ts';
import { membersOf } from '../../src/pack/members.ts';
import type { Entry } from '../../src/tree/types.ts';
import { file, folder, hardlink, symlink } from '../helpers/pack.ts';

const shape = (entries: readonly Entry[]): string[] =>
  membersOf(entries, 7).map(({ header, source }) =>
    [header.path, header.type, header.linkname, source?.path].filter((part) => part !== undefined).join(' '),
  );

describe('membersOf', () => {
  it('sorts by path bytes, folders before what is in them', () => {
    const entries = [
      file('/a/b', ''),
      file('/a-b', ''),
      folder('/a'),
      file('/Z', ''),
      file('/a/é', ''),
      file('/a/z', ''),
    ];
    expect(shape(entries)).toEqual([
      'Z file /Z',
      'a/ directory',
      'a-b file /a-b',
      'a/b file /a/b',
      'a/z file /a/z',
      'a/\u00c3\u00a9 file /a/\u00c3\u00a9',
    ]);
  });

  it('gives every member the one time, and keeps owners, modes, devices and attributes', () => {
    const xattrs = new Map([
      ['user.b', Buffer.from('2')],
      ['security.capability', Buffer.from([1, 0, 255])],
    ]);
    const device: Entry = { ...folder('/dev/null'), type: 'char', mode: 0o666, device: [1, 3] };
    const members = membersOf([file('/x', 'abc', { mode: 0o4755, uid: 70_000, gid: 9, mtime: 99, xattrs }), device], 7);
    expect(members.map((member) => member.header)).toEqual([
      { path: 'dev/null', type: 'char', mode: 0o666, uid: 0, gid: 0, size: 0, mtime: 7, device: [1, 3] },
      { path: 'x', type: 'file', mode: 0o4755, uid: 70_000, gid: 9, size: 3, mtime: 7, xattrs },
    ]);
    expect([...(members[1]?.header.xattrs?.keys() ?? [])]).toEqual(['security.capability', 'user.b']);
  });

  it('names the root', () => {
    expect(shape([folder('/', { mode: 0o555 })])).toEqual(['./ directory']);
  });

  const target = file('/m', 'content', { mode: 0o755, uid: 5 });
  it.each<[string, Entry[], string[]]>([
    ['after its target', [target, hardlink('/z', target)], ['m file /m', 'z hardlink m']],
    ['before its target: they change places', [target, hardlink('/b', target)], ['b file /m', 'm hardlink b']],
    [
      'on both sides of it',
      [hardlink('/z', target), target, hardlink('/b', target), hardlink('/a', target)],
      ['a file /m', 'b hardlink a', 'm hardlink a', 'z hardlink a'],
    ],
    ['to a file of another layer', [hardlink('/z', target)], ['z file /z']],
    [
      'twice to a file of another layer',
      [hardlink('/z', target), hardlink('/b', target)],
      ['b file /b', 'z hardlink b'],
    ],
  ])('writes a hard link %s', (_name, entries, expected) => {
    expect(shape(entries)).toEqual(expected);
    expect(shape([...entries].reverse())).toEqual(expected);
    for (const { header } of membersOf(entries, 7)) expect(header).toMatchObject({ mode: 0o755, uid: 5 });
  });

  it('writes a second name of a symbolic link as another symbolic link', () => {
    const link = symlink('/m', 'x');
    expect(shape([link, hardlink('/b', link)])).toEqual(['b symlink x', 'm symlink x']);
  });

  it.each<[string, Entry[], string]>([
    ['a path that comes twice', [file('/a', 'x'), folder('/a')], 'E_PATH'],
    ['a name that means a deletion', [file('/a/.wh.b', '')], 'E_PATH'],
    [
      'a link to something that is neither here nor a file',
      [{ ...folder('/z'), type: 'hardlink', link: pathOfText('/m') }],
      'E_PATH_NOT_FOUND',
    ],
  ])('refuses %s', (_name, entries, code) => {
    expect(() => membersOf(entries, 0)).toThrow(expect.objectContaining({ code }));
  });
});
