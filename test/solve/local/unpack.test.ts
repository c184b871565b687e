import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { collectBytes } from '../../../src/base/streams.ts';
import { writeTar, type TarHeader, type TarInput } from '../../../src/formats/tar/index.ts';
import { openFileSteps, type FileSteps } from '../../helpers/file-steps.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';

type Member = Partial<TarHeader> & { readonly path: string; readonly text?: string };

function tar(...members: readonly Member[]): Promise<Buffer> {
  const inputs = members.map(({ text = '', ...header }): TarInput => {
    const type = header.type ?? (header.path.endsWith('/') ? 'directory' : 'file');
    const body = Buffer.from(text);
    return {
      header: {
        mode: type === 'directory' ? 0o750 : 0o640,
        uid: 5,
        gid: 6,
        mtime: 1000,
        size: body.length,
        ...header,
        type,
      },
      body,
    };
  });
  return collectBytes(writeTar(inputs), 1e9, 'the archive');
}

const link = (path: string, linkname: string): Member => ({ path, type: 'symlink', linkname, mode: 0o777 });
const hard = (path: string, linkname: string): Member => ({ path, type: 'hardlink', linkname });

/** A folder with one file. */
function folderWith(bytes: Uint8Array | string, name = 'a.bin'): string {
  const dir = tempDir();
  writeFileSync(join(dir, name), bytes);
  return dir;
}

const ADD = { sources: ['/a.bin'], destination: '/out/', unpack: true };

async function listOf(
  bytes: Uint8Array,
  action = {},
  below?: Awaited<ReturnType<FileSteps['add']>>,
): Promise<readonly string[]> {
  const steps = await openFileSteps();
  const lines = await steps.list(await steps.add(folderWith(bytes), { ...ADD, ...action }, below));
  expect(steps.leftovers()).toEqual([]);
  return lines;
}

describe('ADD of an archive', () => {
  it('gives its members, with their owners, modes, times, links and devices', async () => {
    const bytes = await tar(
      { path: './', mode: 0o700 },
      { path: 'd/' },
      { path: 'd/f', text: 'one', mode: 0o4755, mtime: 77 },
      hard('d/h', 'd/f'),
      link('d/s', '../elsewhere'),
      { path: 'null', type: 'char', device: [1, 3], mode: 0o666 },
      { path: 'pipe', type: 'fifo' },
      { path: 'implied/deep/f', text: 'two' },
    );
    const steps = await openFileSteps();
    const result = await steps.add(folderWith(bytes), ADD);
    expect(await steps.list(result)).toEqual([
      '/out directory 755 0:0',
      '/out/d directory 750 5:6',
      '/out/d/f file 4755 5:6 "one"',
      '/out/d/h hardlink 4755 5:6 /out/d/f',
      '/out/d/s symlink 777 5:6 ../elsewhere',
      '/out/implied directory 755 0:0',
      '/out/implied/deep directory 755 0:0',
      '/out/implied/deep/f file 640 5:6 "two"',
      '/out/null char 666 5:6 1:3',
      '/out/pipe fifo 640 5:6',
    ]);
    expect((await steps.files(result)).tree.walk()).toContainEqual(
      expect.objectContaining({ path: '/out/d/f', mtime: 77 }),
    );
  });

  it('gives them the owner that is asked for', async () => {
    expect(await listOf(await tar({ path: 'a/f' }), { owner: '7:8' })).toEqual([
      '/out directory 755 7:8',
      '/out/a directory 755 0:0',
      '/out/a/f file 640 7:8 ""',
    ]);
  });

  it.each([
    ['gzip', (bytes: Buffer) => gzipSync(bytes)],
    ...['bzip2', 'xz', 'zstd'].map(
      (tool) => [tool, (bytes: Buffer) => execFileSync(tool, ['-c'], { input: bytes })] as const,
    ),
  ] as const)('that is packed with %s, whatever its name', async (tool, pack) => {
    if (!needs(tool)) return;
    expect(await listOf(pack(await tar({ path: 'f', text: 'x'.repeat(500_000) })))).toHaveLength(2);
  });

  it.skipIf(!needs('tar'))('of GNU tar, as GNU tar unpacks it', async () => {
    const dir = tempDir();
    mkdirSync(join(dir, 'in/dir'), { recursive: true });
    writeFileSync(join(dir, 'in/dir/file'), 'content');
    chmodSync(join(dir, 'in/dir/file'), 0o751);
    linkSync(join(dir, 'in/dir/file'), join(dir, 'in/zz'));
    symlinkSync('dir/file', join(dir, 'in/link'));
    writeFileSync(join(dir, 'in', 'n'.repeat(150)), 'long name');
    execFileSync('tar', [
      '--owner=3',
      '--group=4',
      '--numeric-owner',
      '-cf',
      join(dir, 'a.bin'),
      '-C',
      join(dir, 'in'),
      '.',
    ]);
    const steps = await openFileSteps();
    expect(await steps.list(await steps.add(dir, ADD))).toEqual([
      '/out directory 755 0:0',
      '/out/dir directory 755 3:4',
      expect.stringMatching(/^\/out\/dir\/file (?:file 751 3:4 "content"|hardlink 751 3:4 \/out\/zz)$/),
      '/out/link symlink 777 3:4 dir/file',
      `/out/${'n'.repeat(150)} file 644 3:4 "long name"`,
      expect.stringMatching(/^\/out\/zz (?:file 751 3:4 "content"|hardlink 751 3:4 \/out\/dir\/file)$/),
    ]);
  });

  it.each([
    ['text', Buffer.from('not an archive\n')],
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(20_480)],
    ['gzip of something else', gzipSync('hello')],
    ['what only begins like gzip', Buffer.from([0x1f, 0x8b, 1, 2, 3])],
    ['what only begins like bzip2', Buffer.from('BZh is how it begins')],
  ])('copies what is none: %s', async (_, bytes) => {
    expect(await listOf(bytes)).toEqual([
      '/out directory 755 0:0',
      expect.stringMatching(/^\/out\/a\.bin file 644 0:0/),
    ]);
  });

  it('is a copy without `unpack`, and of a folder', async () => {
    const bytes = await tar({ path: 'f' });
    const copied = [
      expect.stringMatching(/^\/out directory 7[05]{2} 0:0$/),
      expect.stringMatching(/^\/out\/a\.bin file/),
    ];
    expect(await listOf(bytes, { unpack: false })).toEqual(copied);
    expect(await listOf(bytes, { sources: ['/'] })).toEqual(copied);
  });

  it('keeps the order of several sources', async () => {
    const steps = await openFileSteps();
    const dir = folderWith(await tar({ path: 'b.txt', text: 'of the archive' }));
    writeFileSync(join(dir, 'b.txt'), 'of the folder');
    const of = async (sources: string[]): Promise<string | undefined> =>
      (await steps.list(await steps.add(dir, { ...ADD, sources }))).at(-1);
    expect(await of(['/a.bin', '/b.txt'])).toContain('of the folder');
    expect(await of(['/b.txt', '/a.bin'])).toContain('of the archive');
  });

  it('upon a root: merges folders, replaces files and links, and follows links on the way', async () => {
    const steps = await openFileSteps();
    const root = await tar(
      { path: 'usr/lib/old' },
      link('lib', 'usr/lib'),
      { path: 'etc/conf', text: '1' },
      link('f', 'etc/conf'),
    );
    const below = await steps.add(folderWith(root), { ...ADD, destination: '/' });
    const more = await tar(
      { path: 'etc/', mode: 0o711 },
      { path: 'lib/new', text: 'n' },
      { path: 'f', text: 'plain' },
      hard('etc/same', 'etc/conf'),
    );
    const result = await steps.add(folderWith(more), { ...ADD, destination: '/' }, below);
    expect(await steps.list(result)).toEqual([
      '/etc directory 711 5:6',
      expect.stringMatching(/^\/etc\/conf file 640 5:6 "1"/),
      expect.stringMatching(/^\/etc\/same file 640 5:6 "1"/),
      '/f file 640 5:6 "plain"',
      '/lib symlink 777 5:6 usr/lib',
      '/usr directory 755 0:0',
      '/usr/lib directory 755 0:0',
      '/usr/lib/new file 640 5:6 "n"',
      '/usr/lib/old file 640 5:6 ""',
    ]);
  });

  it('keeps hard links apart from what takes the name of their file', async () => {
    const bytes = await tar({ path: 'a', text: '1' }, hard('b', 'a'), hard('c', 'b'), { path: 'a', text: '2' });
    expect(await listOf(bytes)).toEqual([
      '/out directory 755 0:0',
      '/out/a file 640 5:6 "2"',
      '/out/b file 640 5:6 "1"',
      '/out/c hardlink 640 5:6 /out/b',
    ]);
  });

  it('writes through no link that leads out of the destination', async () => {
    const bytes = await tar(link('up', '../../etc'), { path: 'up/passwd', text: 'mine' }, link('abs', '/root'), {
      path: 'abs/key',
      text: 'mine',
    });
    expect(await listOf(bytes)).toEqual([
      '/out directory 755 0:0',
      '/out/abs symlink 777 5:6 /root',
      '/out/etc directory 755 0:0',
      '/out/etc/passwd file 640 5:6 "mine"',
      '/out/root directory 755 0:0',
      '/out/root/key file 640 5:6 "mine"',
      '/out/up symlink 777 5:6 ../../etc',
    ]);
  });

  it.each<[string, string, readonly Member[]]>([
    ['a member above the root', 'E_TAR_PATH', [{ path: '../x' }]],
    ['a hard link above the root', 'E_TAR_PATH', [{ path: 'a' }, hard('b', '../../etc/passwd')]],
    ['a hard link to nothing', 'E_TAR', [{ path: 'a' }, hard('b', 'c')]],
    ['a hard link to itself', 'E_TAR', [{ path: 'a' }, hard('b', 'b')]],
    ['a hard link to a folder', 'E_TAR', [{ path: 'a/' }, hard('b', 'a')]],
    ['a circle of links', 'E_LOOP', [link('a', 'b'), link('b', 'a'), { path: 'a/x' }]],
    ['a path through a file', 'E_NOT_DIRECTORY', [{ path: 'a' }, { path: 'a/b' }]],
    ['a file over a folder', 'E_NOT_FILE', [{ path: 'a/b' }, { path: 'a' }]],
    ['a root that is a file', 'E_TAR', [{ path: './x/..', type: 'file' }]],
    ['the name of a whiteout', 'E_PATH', [{ path: 'a/.wh.b' }]],
  ])('refuses %s', async (_, code, members) => {
    const steps = await openFileSteps();
    await expect(steps.add(folderWith(await tar(...members)), ADD)).rejects.toMatchObject({ code });
    expect(steps.leftovers()).toEqual([]);
  });

  it('refuses what breaks off in the middle, and names it', async () => {
    const bytes = await tar({ path: 'a', text: 'x'.repeat(5000) });
    for (const cut of [bytes.subarray(0, 2048), gzipSync(bytes, { level: 0 }).subarray(0, 3000)]) {
      const steps = await openFileSteps();
      const failed = steps.add(folderWith(cut), ADD);
      await expect(failed).rejects.toMatchObject({ message: expect.stringMatching(/^cannot unpack "\/a\.bin": /) });
      await expect(failed).rejects.toMatchObject({ code: expect.stringMatching(/^E_(?:TAR|COMPRESSION)$/) });
      expect(steps.leftovers()).toEqual([]);
    }
  });

  it.skipIf(!needs('xz'))('refuses xz that breaks off in the middle', async () => {
    const text = Array.from({ length: 30_000 }, (_, at) => String((at * 7919) % 10_007)).join(' ');
    const packed = execFileSync('xz', ['-c', '--block-size=16KiB'], { input: await tar({ path: 'a', text }) });
    const steps = await openFileSteps();
    await expect(steps.add(folderWith(packed.subarray(0, packed.length - 500)), ADD)).rejects.toMatchObject({
      code: 'E_COMPRESSION',
    });
    expect(steps.leftovers()).toEqual([]);
  });

  it('refuses a bomb', { timeout: 60_000 }, async () => {
    const header = (await tar({ path: 'zeros', text: '' })).subarray(0, 512);
    // The size of the first member in octal: 512 MiB of zeros.
    header.write('04000000000\0', 124, 'latin1');
    header.fill(' ', 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    const bomb = gzipSync(Buffer.concat([header, Buffer.alloc(340 * 1024 ** 2)]), { level: 9 });
    const steps = await openFileSteps();
    await expect(steps.add(folderWith(bomb), ADD)).rejects.toMatchObject({ code: 'E_LIMIT' });
    expect(steps.leftovers()).toEqual([]);
  });
});
