import { describe, expect, it } from 'vitest';
import { recordsOf } from './records.ts';

const ZERO = '0'.repeat(32);
const ONE = '1'.repeat(32);

const STATUS = `Package: libc6
Status: install ok installed
Priority: optional
Section: libs
Installed-Size: 12986
Maintainer: René <rene@example.org>
Architecture: amd64
Multi-Arch: same
Source: glibc
Version: 2.36-9+deb12u13
Depends: libgcc-s1
Conffiles:
 /etc/ld.so.conf.d/x.conf ${ZERO}
 /etc/dropped.conf ${ONE}
Description: C library
 .
 long text

Package: mawk
Status: install ok installed
Architecture: amd64
Version: 1.3.4

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: vim-runtime
Status: install ok installed
Architecture: all
Version: 9

Package: vim-tiny
Status: install ok installed
Architecture: amd64
Version: 9.1
`;

const LISTS = {
  '/var/lib/dpkg/status': STATUS,
  '/var/lib/dpkg/diversions': '/usr/share/vim/tags\n/usr/share/vim/tags.vim-tiny\nvim-runtime\n',
  '/var/lib/dpkg/info/libc6:amd64.list':
    '/.\n/lib\n/lib/x86_64-linux-gnu\n/lib/x86_64-linux-gnu/libc.so.6\n/etc\n/etc/ld.so.conf.d\n/etc/ld.so.conf.d/x.conf\n/etc/dropped.conf\n/usr\n/usr/share\n/usr/share/doc\n/usr/share/doc/libc6\n/usr/share/doc/libc6/copyright\n/gone\n',
  '/var/lib/dpkg/info/libc6:amd64.md5sums': `${ONE}  usr/share/doc/libc6/copyright\n${ZERO}  lib/x86_64-linux-gnu/libc.so.6\n`,
  '/var/lib/dpkg/info/mawk.list': '/.\n/etc\n/usr\n/usr/bin\n/usr/bin/mawk\n/usr/share\n/lib\n',
  '/var/lib/dpkg/info/gone.list': '/etc/gone.conf\n',
  '/var/lib/dpkg/info/vim-runtime.list': '/usr/share/vim/tags\n',
  '/var/lib/dpkg/info/vim-tiny.list': '/usr/share/vim/tags\n/usr/share/vim/only\n/opt\n/opt/vim\n',
};

const FILES = {
  '/usr/lib/x86_64-linux-gnu/libc.so.6': 'libc',
  '/lib': { link: 'usr/lib' },
  '/etc/ld.so.conf.d/x.conf': 'x',
  '/etc/dropped.conf': 'x',
  '/etc/gone.conf': 'x',
  '/usr/share/doc/libc6/copyright': 'c',
  '/usr/bin/mawk': 'mawk',
  '/usr/bin/awk': { link: '/etc/alternatives/awk' },
  '/etc/alternatives/awk': { link: '/usr/bin/mawk' },
  '/usr/bin/other': { link: 'mawk' },
  '/usr/share/vim/tags': 'a',
  '/usr/share/vim/tags.vim-tiny': 'b',
  '/usr/share/vim/only': 'c',
  '/opt/vim': 'd',
} as const;

describe('dpkg, status and lists', () => {
  it.each<[string, string | undefined]>([
    ['/usr/lib/x86_64-linux-gnu/libc.so.6', 'dpkg libc6 2.36-9+deb12u13'],
    ['/etc/ld.so.conf.d/x.conf', 'dpkg libc6 2.36-9+deb12u13'],
    ['/usr/share/doc/libc6', 'dpkg libc6 2.36-9+deb12u13'],
    // Folders of several packages, under both of their names, and the link that a folder has become.
    ['/usr/share', undefined],
    ['/usr', undefined],
    ['/usr/lib', undefined],
    ['/lib', undefined],
    ['/usr/bin/awk', 'dpkg mawk 1.3.4'],
    ['/etc/alternatives/awk', 'dpkg mawk 1.3.4'],
    ['/usr/bin/other', undefined],
    ['/etc/gone.conf', undefined],
    ['/usr/share/vim/tags', 'dpkg vim-runtime 9'],
    ['/usr/share/vim/tags.vim-tiny', 'dpkg vim-tiny 9.1'],
    ['/opt/vim', 'dpkg vim-tiny 9.1'],
    ['/nowhere', undefined],
    ['/', undefined],
  ])('owner of %s', async (path, expected) => {
    expect((await recordsOf({ ...LISTS, ...FILES })).owner(path)).toBe(expected);
  });

  it('names what is installed and where that is recorded', async () => {
    const { dbs, warnings } = await recordsOf({ ...LISTS, ...FILES });
    expect(warnings).toEqual([]);
    expect(dbs.map((db) => db.manager)).toEqual(['dpkg']);
    expect(dbs[0]?.packages.map((pkg) => pkg.name)).toEqual(['libc6', 'mawk', 'vim-runtime', 'vim-tiny']);
    expect(dbs[0]?.packages[0]).toEqual({
      manager: 'dpkg',
      name: 'libc6',
      version: '2.36-9+deb12u13',
      architecture: 'amd64',
      record: '/var/lib/dpkg/status',
    });
  });

  it('gives the files as the Tree names them', async () => {
    expect((await recordsOf({ ...LISTS, ...FILES })).filesOf('libc6')).toEqual([
      '/etc/dropped.conf',
      '/etc/ld.so.conf.d',
      '/etc/ld.so.conf.d/x.conf',
      '/usr/lib/x86_64-linux-gnu',
      '/usr/lib/x86_64-linux-gnu/libc.so.6',
      '/usr/share/doc',
      '/usr/share/doc/libc6',
      '/usr/share/doc/libc6/copyright',
    ]);
  });

  it('bridges merged /usr the other way, and takes two real folders for two', async () => {
    const status = 'Package: a\nVersion: 1\nArchitecture: amd64\n';
    const list = '/usr/lib/moved.so\n/usr/lib/both.so\n';
    const found = await recordsOf({
      '/var/lib/dpkg/status': status,
      '/var/lib/dpkg/info/a.list': list,
      '/lib/moved.so': 'a',
      '/lib/both.so': 'not of a',
      '/usr/lib/both.so': 'a',
    });
    expect(found.owner('/lib/moved.so')).toBe('dpkg a 1');
    expect(found.owner('/usr/lib/both.so')).toBe('dpkg a 1');
    expect(found.owner('/lib/both.so')).toBeUndefined();
    expect(found.filesOf('a')).toEqual(['/lib/moved.so', '/usr/lib/both.so']);
  });

  it('reduces to the packages that own something kept', async () => {
    const { reduced } = await recordsOf({ ...LISTS, ...FILES });
    const kept = [
      '/lib',
      '/usr',
      '/usr/lib/x86_64-linux-gnu',
      '/usr/lib/x86_64-linux-gnu/libc.so.6',
      '/etc/ld.so.conf.d/x.conf',
    ];
    expect(await reduced(...kept)).toEqual({
      '/var/lib/dpkg/status.d/libc6': `Package: libc6
Status: install ok installed
Maintainer: René <rene@example.org>
Architecture: amd64
Multi-Arch: same
Source: glibc
Version: 2.36-9+deb12u13
Conffiles:
 /etc/ld.so.conf.d/x.conf ${ZERO}
`,
      '/var/lib/dpkg/status.d/libc6.md5sums': `${ZERO}  lib/x86_64-linux-gnu/libc.so.6\n`,
    });
    expect(await reduced('/lib', '/usr/share', '/etc')).toEqual({});
    expect(await reduced('/usr/bin/mawk', '/var/lib/dpkg/status')).toEqual({});
  });

  it('reads its own reduced records, whichever name of the folder is left', async () => {
    const { reduced } = await recordsOf({ ...LISTS, ...FILES });
    const small = await recordsOf({
      ...(await reduced('/usr/lib/x86_64-linux-gnu/libc.so.6', '/etc/ld.so.conf.d/x.conf')),
      '/usr/lib/x86_64-linux-gnu/libc.so.6': 'libc',
      '/usr/lib/x86_64-linux-gnu/libc.so': { link: 'libc.so.6' },
      '/etc/ld.so.conf.d/x.conf': 'x',
      '/usr/lib64/libc.so.6': { link: '../lib/x86_64-linux-gnu/libc.so.6' },
      '/app/libc.so.6': { link: '/usr/lib/x86_64-linux-gnu/libc.so.6' },
    });
    expect(small.owner('/usr/lib/x86_64-linux-gnu/libc.so.6')).toBe('dpkg libc6 2.36-9+deb12u13');
    expect(small.owner('/usr/lib/x86_64-linux-gnu/libc.so')).toBe('dpkg libc6 2.36-9+deb12u13');
    expect(small.owner('/etc/ld.so.conf.d/x.conf')).toBe('dpkg libc6 2.36-9+deb12u13');
    expect(small.owner('/usr/lib64/libc.so.6')).toBe('dpkg libc6 2.36-9+deb12u13');
    expect(small.owner('/app/libc.so.6')).toBeUndefined();
    const again = await small.reduced('/usr/lib/x86_64-linux-gnu/libc.so.6', '/etc/ld.so.conf.d/x.conf');
    expect(again).toEqual(await reduced('/usr/lib/x86_64-linux-gnu/libc.so.6', '/etc/ld.so.conf.d/x.conf'));
  });

  it('keeps two architectures of one package apart', async () => {
    const stanza = (architecture: string): string =>
      `Package: zlib1g\nStatus: install ok installed\nArchitecture: ${architecture}\nMulti-Arch: same\nVersion: 1\n`;
    const found = await recordsOf({
      '/var/lib/dpkg/status': `${stanza('amd64')}\n${stanza('i386')}`,
      '/var/lib/dpkg/info/zlib1g:amd64.list': '/lib64/z\n',
      '/var/lib/dpkg/info/zlib1g:i386.list': '/lib32/z\n',
      '/lib64/z': '64',
      '/lib32/z': '32',
    });
    expect(Object.keys(await found.reduced('/lib64/z', '/lib32/z'))).toEqual([
      '/var/lib/dpkg/status.d/zlib1g',
      '/var/lib/dpkg/status.d/zlib1g:i386',
    ]);
    expect((await found.reduced('/lib32/z'))['/var/lib/dpkg/status.d/zlib1g']).toContain('Architecture: i386');
  });
});

describe('dpkg, hostile records', () => {
  it.each<[string, string]>([
    ['no field', 'nonsense'],
    ['binary', '\x7fELF\0\0'],
    ['a field twice', 'Package: a\nPackage: b\n'],
  ])('a status with %s is a warning', async (_, status) => {
    const { dbs, warnings } = await recordsOf({ '/var/lib/dpkg/status': status, '/x': 'x' });
    expect(dbs).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^\/var\/lib\/dpkg\/status, line \d+ /);
  });

  it('writes no record outside status.d, whatever a package is called', async () => {
    const names = ['../../../etc/evil', '..', '.', '/abs', 'a/b', 'x.md5sums', '', 'a b'];
    const status = names.map((name) => `Package: ${name}\nVersion: 1\nArchitecture: ../../x\n`).join('\n');
    const twice = 'Package: ok\nVersion: 1\nArchitecture: ../../x\n';
    const found = await recordsOf({
      '/var/lib/dpkg/status': `${status}\n${twice}\n${twice}`,
      '/var/lib/dpkg/info/ok.list': '/x\n',
      '/x': 'x',
    });
    expect(Object.keys(await found.reduced('/x'))).toEqual([
      '/var/lib/dpkg/status.d/ok',
      '/var/lib/dpkg/status.d/ok:none',
    ]);
  });

  it('passes over paths that are not clean and lists that are folders', async () => {
    const found = await recordsOf({
      '/var/lib/dpkg/status': 'Package: a\nVersion: 1\n\nPackage: b\nVersion: 1\n',
      '/var/lib/dpkg/info/a.list': '/../../etc/passwd\nrelative\n/x/../y\n//z\n/z/\n/nul\0\n/ok\n',
      '/var/lib/dpkg/info/b.list': { directory: true },
      '/var/lib/dpkg/diversions': '/a\n/../b\nc\n/one-line\n',
      '/y': 'y',
      '/z': 'z',
      '/ok': 'ok',
      '/etc/passwd': 'root',
    });
    expect(found.warnings).toEqual([]);
    expect(found.owner('/etc/passwd')).toBeUndefined();
    expect(found.owner('/y')).toBeUndefined();
    expect(found.filesOf('a')).toEqual(['/ok']);
  });

  it('follows links of the records inside the tree only', async () => {
    const found = await recordsOf({
      '/var/lib/dpkg': { link: '/usr/lib/sysimage/dpkg' },
      '/usr/lib/sysimage/dpkg/status': 'Package: a\nVersion: 1\n',
      '/usr/lib/sysimage/dpkg/info/a.list': { link: '../a.list' },
      '/usr/lib/sysimage/dpkg/a.list': '/x\n',
      '/x': 'x',
    });
    expect(found.owner('/x')).toBe('dpkg a 1');
    expect(Object.keys(await found.reduced('/x'))).toEqual(['/usr/lib/sysimage/dpkg/status.d/a']);
  });
});
