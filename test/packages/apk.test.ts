import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseApkInstalled } from '../../src/formats/apkindex/index.ts';
import { recordsOf } from './records.ts';

const installed = readFileSync(new URL('fixtures/apk-installed', import.meta.url), 'utf8');
const FILES = {
  '/lib/apk/db/installed': installed,
  '/lib/ld-musl-x86_64.so.1': 'musl',
  '/lib/libc.musl-x86_64.so.1': { link: 'ld-musl-x86_64.so.1' },
  '/bin/busybox': 'busybox',
  '/bin/sh': { link: '/bin/busybox' },
  '/usr/bin/env': { link: '/bin/busybox' },
  '/app/sh': { link: '/bin/busybox' },
  '/etc/securetty': 'x',
  '/tmp': { directory: true, mode: 0o1777 },
  '/usr/lib/libz.so.1': { link: 'libz.so.1.3.1' },
  '/usr/lib/libz.so.1.3.1': 'zlib',
} as const;

describe('apk', () => {
  it.each<[string, string | undefined]>([
    ['/lib/ld-musl-x86_64.so.1', 'apk musl 1.2.5-r0'],
    ['/lib/libc.musl-x86_64.so.1', 'apk musl 1.2.5-r0'],
    ['/bin/busybox', 'apk busybox 1.36.1-r29'],
    ['/bin/sh', 'apk busybox 1.36.1-r29'],
    ['/usr/bin/env', 'apk busybox 1.36.1-r29'],
    ['/app/sh', undefined],
    ['/tmp', 'apk busybox 1.36.1-r29'],
    ['/lib', undefined],
    ['/usr/lib/libz.so.1', 'apk zlib 1.3.1-r1'],
    ['/lib/apk/db/installed', undefined],
  ])('owner of %s', async (path, expected) => {
    expect((await recordsOf(FILES)).owner(path)).toBe(expected);
  });

  it('gives files in byte order', async () => {
    expect((await recordsOf(FILES)).filesOf('busybox')).toEqual([
      '/bin',
      '/bin/busybox',
      '/etc',
      '/etc/securetty',
      '/tmp',
    ]);
  });

  it('reduces to what is kept, and the result is read again', async () => {
    const { reduced } = await recordsOf(FILES);
    const record = await reduced('/lib', '/tmp', '/lib/ld-musl-x86_64.so.1', '/usr/lib/libz.so.1.3.1');
    expect(record).toEqual({
      '/lib/apk/db/installed': `C:Q1mUsLpAcKaGeChEcKsUmOfAlPiNe0=
P:musl
V:1.2.5-r0
A:x86_64
T:the musl c library (libc) implementation
U:https://musl.libc.org/
L:MIT
o:musl
m:Maintainer <maintainer@example.org>
t:1715187100
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1mUsLmUsLmUsLmUsLmUsLmUsLmUs=

C:Q1zLiBpAcKaGeChEcKsUmOfAlPiNe0=
P:zlib
V:1.3.1-r1
A:x86_64
T:A compression/decompression library
L:Zlib
o:zlib
t:1706000000
F:usr/lib
R:libz.so.1.3.1
a:0:0:755
Z:Q1lIbZlIbZlIbZlIbZlIbZlIbZlIb=

`,
    });
    const again = await recordsOf({ ...record, '/usr/lib/libz.so.1.3.1': 'zlib' });
    expect(again.owner('/usr/lib/libz.so.1.3.1')).toBe('apk zlib 1.3.1-r1');
    expect(await reduced('/lib', '/tmp', '/etc')).toEqual({});
    expect(await reduced('/bin/busybox', '/lib/apk/db/installed')).toEqual({});
  });

  it('finds the database of apk 3 under merged /usr, and bridges the names', async () => {
    const found = await recordsOf({
      '/lib': { link: 'usr/lib' },
      '/usr/lib/apk/db/installed': installed,
      '/usr/lib/ld-musl-x86_64.so.1': 'musl',
      '/bin': { link: 'usr/bin' },
      '/usr/bin/busybox': 'busybox',
      '/sbin': { link: 'usr/bin' },
    });
    expect(found.owner('/usr/lib/ld-musl-x86_64.so.1')).toBe('apk musl 1.2.5-r0');
    expect(found.owner('/usr/bin/busybox')).toBe('apk busybox 1.36.1-r29');
    expect(Object.keys(await found.reduced('/usr/bin/busybox'))).toEqual(['/usr/lib/apk/db/installed']);
  });

  it('takes a malformed database for none, with a warning', async () => {
    const { dbs, warnings } = await recordsOf({ '/lib/apk/db/installed': 'P:a\nR:orphan\n' });
    expect(dbs).toEqual([]);
    expect(warnings).toEqual(['/lib/apk/db/installed, line 2 has R: without a folder (F:) before it']);
  });

  it('lets no folder of a record leave the root', async () => {
    const found = await recordsOf({
      '/lib/apk/db/installed': 'P:a\nV:1\nF:../../etc\nR:passwd\nF:usr\nR:ok\n',
      '/etc/passwd': 'x',
      '/usr/ok': 'x',
    });
    expect(found.owner('/etc/passwd')).toBeUndefined();
    const record = (await found.reduced('/usr/ok', '/etc/passwd'))['/lib/apk/db/installed'] ?? '';
    expect(parseApkInstalled(Buffer.from(record), 'x')[0]?.folders.map((folder) => folder.path)).toEqual(['usr']);
  });
});
