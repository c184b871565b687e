import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectBytes } from '../../../src/base/streams.ts';
import { writeTar, type TarInput } from '../../../src/formats/tar/index.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';
import { parse } from './parse.ts';

const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
const tar = (...args: readonly string[]): Buffer =>
  execFileSync('tar', [...args], { maxBuffer: 1e8, env, stdio: 'pipe' });
const bytesPath = (dir: string, name: string): Buffer =>
  Buffer.concat([Buffer.from(`${dir}/`), Buffer.from(name, 'latin1')]);

/** A folder with one of everything that a normal user can make. */
function makeTree(): string {
  const dir = tempDir();
  mkdirSync(join(dir, 'd'));
  writeFileSync(join(dir, 'd/file'), 'content');
  writeFileSync(join(dir, 'd/empty'), '');
  writeFileSync(bytesPath(dir, 'd/not-utf8-\xff\xfe'), 'x'.repeat(513));
  writeFileSync(bytesPath(dir, 'd/caf\xc3\xa9 \n'), 'y');
  linkSync(join(dir, 'd/file'), join(dir, 'd/hard'));
  symlinkSync('../d/file', join(dir, 'd/soft'));
  chmodSync(join(dir, 'd/empty'), 0o4711);
  chmodSync(join(dir, 'd'), 0o1777);
  execFileSync('mkfifo', ['-m', '600', join(dir, 'd/pipe')]);
  return dir;
}

describe.skipIf(!needs('tar', 'mkfifo'))('what GNU tar writes', () => {
  it.each(['v7', 'oldgnu', 'gnu', 'ustar', 'posix'])('--format=%s', (format) => {
    const dir = makeTree();
    const bytes = tar(
      '-C',
      dir,
      `--format=${format}`,
      '--sort=name',
      '--owner=:12',
      '--group=:34',
      '--mtime=@1000000000',
      '-cf',
      '-',
      '--exclude=pipe',
      'd',
    );
    const { members, data } = parse(bytes, {}, [1000]);
    const seen = new Map(members.map((member, i) => [member.path, { ...member, text: data[i] }]));
    expect(seen.get('d/')).toMatchObject({ type: 'directory', mode: 0o1777, size: 0 });
    expect(seen.get('d/file')).toMatchObject({ type: 'file', size: 7, text: 'content' });
    expect(seen.get('d/hard')).toMatchObject({ type: 'hardlink', linkname: 'd/file', text: '' });
    expect(seen.get('d/soft')).toMatchObject({ type: 'symlink', linkname: '../d/file' });
    expect(seen.get('d/empty')).toMatchObject({ mode: 0o4711, size: 0 });
    expect(seen.get('d/not-utf8-\xff\xfe')).toMatchObject({ text: 'x'.repeat(513) });
    expect(seen.get('d/caf\xc3\xa9 \n')).toMatchObject({ text: 'y' });
    expect(members.every(({ uid, gid, mtime }) => uid === 12 && gid === 34 && mtime === 1e9)).toBe(true);
    expect(members).toHaveLength(7);
  });

  it.each(['gnu', 'posix'])('--format=%s: pipes, long names, large owners, times before 1970', (format) => {
    const dir = makeTree();
    const long = `${'l'.repeat(200)}/${'m'.repeat(200)}/`;
    mkdirSync(join(dir, long), { recursive: true });
    symlinkSync(`${long}${'t'.repeat(150)}`, join(dir, long, 'n'.repeat(200)));
    writeFileSync(join(dir, 'old'), 'old');
    utimesSync(join(dir, 'old'), new Date(-12_345_500), new Date(-12_345_500));
    const bytes = tar(
      '-C',
      dir,
      `--format=${format}`,
      '--owner=:4000000000',
      '--group=:2097152',
      '-cf',
      '-',
      'd/pipe',
      'l'.repeat(200),
      'old',
    );
    const { members } = parse(bytes, {}, [512]);
    const of = (path: string): unknown => members.find((member) => member.path === path);
    expect(of('d/pipe')).toMatchObject({ type: 'fifo', mode: 0o600 });
    expect(of(long)).toMatchObject({ type: 'directory' });
    expect(of(`${long}${'n'.repeat(200)}`)).toMatchObject({ type: 'symlink', linkname: `${long}${'t'.repeat(150)}` });
    expect(of('old')).toMatchObject({ mtime: format === 'posix' ? -12345.5 : -12346, size: 3 });
    expect(members.every(({ uid, gid }) => uid === 4e9 && gid === 2_097_152)).toBe(true);
  });

  it('global headers and volume labels', () => {
    const dir = makeTree();
    const global = tar('-C', dir, '--format=posix', '--pax-option=uid=77,comment=x', '-cf', '-', 'd/file');
    expect(parse(global).members).toMatchObject([{ path: 'd/file', uid: lstatSync(join(dir, 'd/file')).uid }]);
    const labelled = tar('-C', dir, '--format=gnu', '--label=the label', '-cf', '-', 'd/file');
    expect(parse(labelled).members).toMatchObject([{ path: 'd/file' }]);
  });

  it('incremental archives', () => {
    const dir = makeTree();
    const bytes = tar('-C', dir, '--format=gnu', `--listed-incremental=${join(dir, 'snapshot')}`, '-cf', '-', 'd');
    expect(parse(bytes).members[0]).toMatchObject({ path: 'd/', type: 'directory', size: 0 });
  });

  it.skipIf(!needs('python3'))('attributes', (context) => {
    const dir = makeTree();
    const script =
      'import os,sys; os.setxattr(sys.argv[1], "user.bin", b"\\0\\xff=\\n"); os.setxattr(sys.argv[1], "user.empty", b"")';
    try {
      execFileSync('python3', ['-c', script, join(dir, 'd/file')], { stdio: 'pipe' });
    } catch (error) {
      context.skip(
        !String(error).includes('not supported'),
        'the file system of the temporary folder has no attributes',
      );
      throw error;
    }
    const bytes = tar('-C', dir, '--xattrs', '-cf', '-', 'd/file');
    const [member] = parse(bytes).members;
    const seen = [...(member?.xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value).toString('latin1')]);
    expect(seen).toEqual(
      expect.arrayContaining([
        ['user.bin', '\0\xff=\n'],
        ['user.empty', ''],
      ]),
    );
  });
});

const base = { mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 1_000_000_000 } as const;
const splitPath = `${'p'.repeat(120)}/${'q'.repeat(90)}`;
const longPath = `${'r'.repeat(200)}/${'s'.repeat(200)}`;

const ENTRIES: readonly TarInput[] = [
  { header: { ...base, path: 'd/', type: 'directory', mode: 0o1755 } },
  { header: { ...base, path: 'd/file', type: 'file', size: 7 }, body: Buffer.from('content') },
  { header: { ...base, path: 'd/hard', type: 'hardlink', linkname: 'd/file' } },
  { header: { ...base, path: 'd/soft', type: 'symlink', linkname: 'x'.repeat(150) } },
  { header: { ...base, path: 'd/pipe', type: 'fifo' } },
  { header: { ...base, path: splitPath, type: 'file', size: 1 }, body: Buffer.from('1') },
  { header: { ...base, path: longPath, type: 'file', size: 1 }, body: Buffer.from('2') },
  { header: { ...base, path: 'd/caf\xc3\xa9', type: 'file', size: 1 }, body: Buffer.from('3') },
  { header: { ...base, path: 'd/\xff\xfe', type: 'file', size: 1 }, body: Buffer.from('4') },
  { header: { ...base, path: 'd/old', type: 'file', mtime: -12345, uid: 3_000_000, gid: 4_000_000_000 } },
  { header: { ...base, path: 'd/half', type: 'file', mtime: 1_000_000_000.5 } },
  { header: { ...base, path: 'd/null', type: 'char', device: [1, 3] } },
  { header: { ...base, path: 'd/disk', type: 'block', device: [2_097_151, 0] } },
  {
    header: {
      ...base,
      path: 'd/attributes',
      type: 'file',
      xattrs: new Map([
        ['user.bin', Buffer.from('\0\xff=\n', 'latin1')],
        ['user.a', Buffer.from('b')],
      ]),
    },
  },
];

describe.skipIf(!needs('tar'))('what GNU tar reads of ours', () => {
  it('lists every member as we meant it', async () => {
    const dir = tempDir();
    const file = join(dir, 'a.tar');
    writeFileSync(file, await collectBytes(writeTar(ENTRIES), 1e6, 'archive'));
    const listing = tar('--numeric-owner', '--full-time', '--quoting-style=escape', '-tvf', file).toString('latin1');
    const lines = listing
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/ +/g, ' '));
    expect(lines).toEqual([
      'drwxr-xr-t 0/0 0 2001-09-09 01:46:40 d/',
      '-rw-r--r-- 0/0 7 2001-09-09 01:46:40 d/file',
      'hrw-r--r-- 0/0 0 2001-09-09 01:46:40 d/hard link to d/file',
      `lrw-r--r-- 0/0 0 2001-09-09 01:46:40 d/soft -> ${'x'.repeat(150)}`,
      'prw-r--r-- 0/0 0 2001-09-09 01:46:40 d/pipe',
      `-rw-r--r-- 0/0 1 2001-09-09 01:46:40 ${splitPath}`,
      `-rw-r--r-- 0/0 1 2001-09-09 01:46:40 ${longPath}`,
      '-rw-r--r-- 0/0 1 2001-09-09 01:46:40 d/caf\\303\\251',
      '-rw-r--r-- 0/0 1 2001-09-09 01:46:40 d/\\377\\376',
      '-rw-r--r-- 3000000/4000000000 0 1969-12-31 20:34:15 d/old',
      '-rw-r--r-- 0/0 0 2001-09-09 01:46:40.5 d/half',
      'crw-r--r-- 0/0 1,3 2001-09-09 01:46:40 d/null',
      'brw-r--r-- 0/0 2097151,0 2001-09-09 01:46:40 d/disk',
      '-rw-r--r-- 0/0 0 2001-09-09 01:46:40 d/attributes',
    ]);
    expect(tar('--xattrs', '-tvvf', file).toString()).toMatch(/x: +1 user\.a\n +x: +4 user\.bin/);
  });

  it('unpacks the content', async () => {
    const dir = tempDir();
    const entries = ENTRIES.filter(({ header }) => header.device === undefined);
    writeFileSync(join(dir, 'a.tar'), await collectBytes(writeTar(entries), 1e6, 'archive'));
    tar('-C', dir, '--no-same-owner', '-xf', join(dir, 'a.tar'));
    for (const { header, body } of entries) {
      if (header.type !== 'file') continue;
      expect(readFileSync(bytesPath(dir, header.path)).toString()).toBe(Buffer.from((body as Buffer) ?? '').toString());
      expect(lstatSync(bytesPath(dir, header.path)).mtimeMs).toBe(header.mtime * 1000);
    }
    expect(lstatSync(join(dir, 'd/hard')).ino).toBe(lstatSync(join(dir, 'd/file')).ino);
  });
});
