import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import type { TareEvent } from '../../src/base/events.ts';
import { pathOfText as p } from '../../src/base/path.ts';
import { materialise, removeTree, type MaterialiseOptions } from '../../src/pack/materialise.ts';
import { createLayerCache } from '../../src/store/layer-cache.ts';
import type { Store } from '../../src/store/types.ts';
import { contentReader } from '../../src/tree/content.ts';
import { treeOfDirectory } from '../../src/tree/directory.ts';
import { treeOfImage, type ImageTree } from '../../src/tree/image-tree.ts';
import { createTree } from '../../src/tree/memory.ts';
import type { Entry } from '../../src/tree/types.ts';
import { describeTree } from '../helpers/describe-tree.ts';
import {
  block,
  char,
  dir,
  fifo,
  file,
  gzipLayer,
  hardlink,
  imageOf,
  layerTar,
  symlink,
  writeLayout,
  type Item,
} from '../helpers/layer-image.ts';
import { needs } from '../helpers/needs.ts';
import { archive, base256, GNU, member, octal, pax } from '../helpers/tar-blocks.ts';
import { tempDir } from '../helpers/temp.ts';

const isRoot = process.getuid?.() === 0;
const owners = isRoot ? 'keep' : 'self';

const imageTree = (tar: Buffer): Promise<ImageTree> =>
  treeOfImage(imageOf([gzipLayer(tar)]), createLayerCache({ home: tempDir() }) as Store);

async function unpack(
  items: readonly Item[] | Buffer,
  options: Partial<MaterialiseOptions> = {},
): Promise<{ readonly dir: string; readonly warnings: string[] }> {
  const { content, tree } = await imageTree(Buffer.isBuffer(items) ? items : layerTar(items));
  const warnings: string[] = [];
  const onEvent = (event: TareEvent): void => {
    if (event.kind === 'warning') warnings.push(event.warning.code);
  };
  const target = options.dir ?? join(tempDir(), 'root');
  await materialise({ tree, content, owners, ctx: createContext({ onEvent }), ...options, dir: target });
  return { dir: target, warnings };
}

const onDisk = async (dir: string): Promise<string[]> =>
  describeTree(
    await treeOfDirectory(dir),
    contentReader({ layerTar: () => Promise.reject(new Error('no layers here')) }),
  );

const ITEMS: readonly Item[] = [
  dir('d', 0o1777, { mtime: 1000 }),
  dir('d/locked', 0, { mtime: 2000 }),
  file('d/locked/x', 'secret', 0, { mtime: 3000 }),
  file('a', 'hello', 0o4755, { mtime: 4000 }),
  hardlink('h', 'a'),
  file('caf\xe9\nx', 'bytes'),
  symlink('l', 'a'),
  symlink('out', '/etc/passwd'),
  symlink('dangling', '../../no'),
  hardlink('l2', 'l'),
  fifo('p'),
  file('empty', ''),
  file('big', 'x'.repeat(3_000_000)),
];

describe('materialise', () => {
  it('writes everything as it is in the tree', async () => {
    const { dir, warnings } = await unpack(ITEMS);
    // Whoever is not root cannot look into the locked folder.
    if (isRoot) {
      const lines = (await onDisk(dir)).map((line) => line.slice(0, 60));
      expect(lines).toEqual([
        'f4755 /a = hello',
        `f /big = ${'x'.repeat(51)}`,
        'f /caf\\xe9\\x0ax = bytes',
        'd1777 /d',
        'd0 /d/locked',
        'f0 /d/locked/x = secret',
        'l /dangling -> ../../no',
        'f /empty =',
        'h /h -> /a',
        'l /l -> a',
        'h /l2 -> /l',
        'l /out -> /etc/passwd',
        'p /p',
      ]);
    }
    expect(warnings).toEqual([]);
    expect(statSync(join(dir, 'a')).mtimeMs).toBe(4_000_000);
    expect(statSync(join(dir, 'd')).mtimeMs).toBe(1_000_000);
    expect(lstatSync(join(dir, 'd/locked')).mtimeMs).toBe(2_000_000);
    expect(lstatSync(join(dir, 'l')).mtimeMs).toBe(0);
    await removeTree(dir);
    expect(existsSync(dir)).toBe(false);
  });

  it.skipIf(!isRoot || !needs('mknod'))('keeps owners and devices', async () => {
    const { dir } = await unpack([
      file('a', 'x', 0o6755, { owner: [12, 34] }),
      { ...symlink('l', 'a'), owner: [5, 6] },
      { ...char('null', 1, 3), owner: [7, 8] },
      block('b', 259, 70000),
      hardlink('null2', 'null'),
      char('caf\xe9', 1, 5),
    ]);
    expect(await onDisk(dir)).toEqual([
      'f6755@12:34 /a = x',
      'b /b 259:70000',
      'c /caf\\xe9 1:5',
      'l@5:6 /l -> a',
      'c@7:8 /null 1:3',
      'h /null2 -> /null',
    ]);
  });

  it('leaves devices out when owners are not kept, and says so', async () => {
    const { dir, warnings } = await unpack(
      [char('null', 1, 3), hardlink('null2', 'null'), file('a', 'x', 0o644, { owner: [12, 34] }), fifo('p')],
      { owners: 'self' },
    );
    expect(readdirSync(dir)).toEqual(['a', 'p']);
    expect(warnings).toEqual(['device-skipped']);
    expect(statSync(join(dir, 'a')).uid).toBe(process.getuid?.());
  });

  it.skipIf(!isRoot || !needs('setfattr', 'getfattr', 'umoci'))(
    'restores extended attributes, as umoci does',
    async () => {
      const capability = '\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00';
      const items = [
        dir('d', 0o755, { xattrs: { 'user.d': 'of a folder' } }),
        file('d/ping', 'x', 0o755, {
          owner: [3, 4],
          xattrs: { 'security.capability': capability, 'user.bin': 'a=\n\xff\x01"\\' },
        }),
        file(' caf\xe9\n# file: x', 'x', 0o444, { xattrs: { 'user.name with = and \xe9': 'v' } }),
        hardlink('h', 'd/ping'),
        { ...symlink('l', 'd/ping'), xattrs: { 'trusted.l': 'of the link' } },
      ];
      const { dir: target, warnings } = await unpack(items);
      expect(warnings).toEqual([]);
      const base = tempDir();
      writeLayout(join(base, 'layout'), [gzipLayer(layerTar(items))]);
      execFileSync('umoci', ['unpack', '--image', `${join(base, 'layout')}:latest`, join(base, 'bundle')]);
      const attributes = (cwd: string): string =>
        execFileSync('getfattr', ['-R', '-P', '-h', '-d', '-m', '-', '-e', 'hex', '.'], { cwd }).toString('latin1');
      const sorted = (text: string): string[] => text.split('\n\n').sort();
      expect(sorted(attributes(target))).toEqual(sorted(attributes(join(base, 'bundle/rootfs'))));
      expect(attributes(target)).toContain('security.capability=0x01000002');
    },
  );

  it('keeps holes', async () => {
    const map = octal(1_000_000, 12) + octal(3, 12);
    const tar = Buffer.concat([
      member({ name: 's', type: 'S', magic: GNU, at: { 386: map, 483: base256(64n * 1024n ** 3n, 12) } }, 'abc'),
      Buffer.alloc(1024),
    ]);
    const { dir } = await unpack(tar);
    const stats = statSync(join(dir, 's'));
    expect(stats.size).toBe(64 * 1024 ** 3);
    expect(stats.blocks * 512).toBeLessThan(1_000_000);
    expect(execFileSync('dd', ['if=s', 'bs=1', 'skip=999999', 'count=5', 'status=none'], { cwd: dir }).toString()).toBe(
      '\0abc\0',
    );
  });

  it('gives the folder itself the attributes of the root', async () => {
    const { dir: target } = await unpack([dir('./', 0o711, { mtime: 5000 }), file('a')]);
    expect(statSync(target).mode & 0o7777).toBe(0o711);
    expect(statSync(target).mtimeMs).toBe(5_000_000);
  });

  it('takes an empty folder or a new one, nothing else', async () => {
    const base = tempDir();
    mkdirSync(join(base, 'empty'));
    await unpack([file('a')], { dir: join(base, 'empty') });
    await unpack([file('a')], { dir: join(base, 'new/deep/down') });
    expect(existsSync(join(base, 'new/deep/down/a'))).toBe(true);
    await expect(unpack([file('a')], { dir: join(base, 'empty') })).rejects.toMatchObject({ code: 'E_EXISTS' });
    expect(readdirSync(join(base, 'empty'))).toEqual(['a']);
    writeFileSync(join(base, 'file'), 'x');
    await expect(unpack([file('a')], { dir: join(base, 'file') })).rejects.toMatchObject({ code: 'E_EXISTS' });
    expect(readFileSync(join(base, 'file'), 'utf8')).toBe('x');
  });

  it('removes what it wrote when it fails, and what it made', async () => {
    const base = tempDir();
    const entry = (path: string, more: Partial<Entry> = {}): Entry => ({
      path: p(path),
      type: 'file',
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: 0,
      mtime: 0,
      ...more,
    });
    const tree = createTree([
      entry('/a'),
      { ...entry('/d'), type: 'directory' },
      entry('/d/bad', { size: 5, content: { in: 'host', path: join(base, 'not-there'), size: 5 } }),
    ]);
    const content = contentReader({ layerTar: () => Promise.reject(new Error('no layers here')) });
    mkdirSync(join(base, 'there'), { mode: 0o750 });
    for (const dir of [join(base, 'there'), join(base, 'new/deep')]) {
      await expect(materialise({ tree, content, dir, owners: 'self', ctx: createContext() })).rejects.toMatchObject({
        code: 'E_IO',
      });
    }
    expect(readdirSync(base)).toEqual(['there']);
    expect(readdirSync(join(base, 'there'))).toEqual([]);
    expect(statSync(join(base, 'there')).mode & 0o777).toBe(0o750);
  });

  it('stops when it is told to, and leaves nothing', async () => {
    const base = tempDir();
    const { content, tree } = await imageTree(layerTar(Array.from({ length: 100 }, (_, i) => file(`f${i}`, 'x'))));
    const stop = new AbortController();
    let reads = 0;
    const slow = {
      ...content,
      read: async (...args: Parameters<typeof content.read>) => {
        reads += 1;
        if (reads === 20) stop.abort();
        return content.read(...args);
      },
    };
    const ctx = createContext({ signal: stop.signal });
    await expect(materialise({ tree, content: slow, dir: join(base, 'x'), owners: 'self', ctx })).rejects.toMatchObject(
      { code: 'E_CANCELLED' },
    );
    expect(reads).toBeLessThan(60);
    expect(readdirSync(base)).toEqual([]);
  });

  it('never writes through a link', async () => {
    const outside = tempDir();
    // A tree that no layers make, since they resolve links: a file below a link.
    const entry = (path: string, more: Partial<Entry> = {}): Entry => ({
      path: p(path),
      type: 'file',
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: 0,
      mtime: 0,
      ...more,
    });
    const tree = createTree([entry('/l', { type: 'symlink', link: outside }), entry('/l/x')]);
    const content = contentReader({ layerTar: () => Promise.reject(new Error('no layers here')) });
    const target = join(tempDir(), 'root');
    await expect(
      materialise({ tree, content, dir: target, owners: 'self', ctx: createContext() }),
    ).rejects.toMatchObject({ code: 'E_PATH_NOT_FOUND' });
    expect(readdirSync(outside)).toEqual([]);
    expect(existsSync(target)).toBe(false);
  });

  it('times far from here', async () => {
    const { dir } = await unpack([file('a', '', 0o644, { mtime: 0o7777777777 }), file('b', '', 0o644, { mtime: 0 })]);
    expect(statSync(join(dir, 'b')).mtimeMs).toBe(0);
    expect(statSync(join(dir, 'a')).mtimeMs).toBe(0o7777777777 * 1000);
  });

  it('times before 1970, of all that has one', async () => {
    const before = { mtime: base256(-100_000n, 12) };
    const { dir } = await unpack(
      archive(
        member({ name: 'd', type: '5', mode: octal(0o755, 8), ...before }),
        member({ name: 'f', ...before }, 'x'),
        Buffer.concat([pax({ mtime: '-1.5' }), member({ name: 'half' }, 'x')]),
        member({ name: 'l', type: '2', link: 'f', ...before }),
        member({ name: 'p', type: '6', ...before }),
      ),
    );
    for (const name of ['d', 'f', 'l', ...(needs('mknod') ? ['p'] : [])])
      expect([name, lstatSync(join(dir, name)).mtimeMs]).toEqual([name, -100_000_000]);
    expect(statSync(join(dir, 'half')).mtimeMs).toBe(-1500);
  });

  it.skipIf(!needs('mknod'))('pipes beside files of the name that is needed to make them', async () => {
    const { dir, warnings } = await unpack([
      file('.tare-node.new', 'a'),
      fifo('.tare-node.new.2'),
      fifo('.tare-node.new.3'),
      fifo('p'),
    ]);
    expect(warnings).toEqual([]);
    expect(readFileSync(join(dir, '.tare-node.new'), 'latin1')).toBe('a');
    expect(readdirSync(dir).sort()).toEqual(['.tare-node.new', '.tare-node.new.2', '.tare-node.new.3', 'p']);
    expect(lstatSync(join(dir, 'p')).isFIFO()).toBe(true);
  });
});

describe('removeTree', () => {
  it('nothing, a file, a link', async () => {
    const base = tempDir();
    writeFileSync(join(base, 'f'), '');
    mkdirSync(join(base, 'd'));
    writeFileSync(join(base, 'd/x'), '');
    symlinkSync('d', join(base, 'l'));
    for (const name of ['no', 'f', 'l']) await removeTree(join(base, name));
    expect(readdirSync(base)).toEqual(['d']);
    expect(readdirSync(join(base, 'd'))).toEqual(['x']);
  });

  it('follows no link, and enters folders without permissions', async () => {
    const [base, outside] = [tempDir(), tempDir()];
    writeFileSync(join(outside, 'keep'), '');
    mkdirSync(join(base, 't/a/b'), { recursive: true });
    symlinkSync(outside, join(base, 't/a/l'));
    writeFileSync(join(base, 't/a/b/x'), '');
    chmodSync(join(base, 't/a/b'), 0o100);
    chmodSync(join(base, 't/a'), 0);
    await removeTree(join(base, 't'));
    expect(existsSync(join(base, 't'))).toBe(false);
    expect(readdirSync(outside)).toEqual(['keep']);
  });

  it('deeper than a path can be', async () => {
    const base = join(tempDir(), 'deep');
    mkdirSync(base);
    const name = 'n'.repeat(250);
    execFileSync('sh', [
      '-c',
      `cd "$0" && for i in $(seq 30); do mkdir ${name} && cd -P ${name} || exit 1; : > file; done`,
      base,
    ]);
    expect(readdirSync(base)).toEqual([name]);
    await removeTree(base);
    expect(existsSync(base)).toBe(false);
  });

  it('names of any bytes', async () => {
    const base = join(tempDir(), 'x');
    mkdirSync(base);
    writeFileSync(Buffer.concat([Buffer.from(`${base}/`), Buffer.from([0xff, 0x0a, 0x5c])]), '');
    await removeTree(Buffer.from(base));
    expect(existsSync(base)).toBe(false);
  });

  it.skipIf(!isRoot || !needs('unshare', 'mount'))('touches nothing when something is mounted below', async () => {
    const [base, precious] = [tempDir(), tempDir()];
    writeFileSync(join(precious, 'keep'), '');
    mkdirSync(join(base, 't/m\n x'), { recursive: true });
    writeFileSync(join(base, 't/a'), '');
    // A bind mount of the same file system, in a mount name space that ends with the process.
    const script = `
      import { removeTree } from ${JSON.stringify(new URL('../../dist/pack/remove-tree.js', import.meta.url).href)};
      try { await removeTree(process.argv[1]); console.log('deleted'); } catch (error) { console.log(error.code); }`;
    const out = execFileSync('unshare', [
      '-m',
      '--propagation',
      'private',
      'sh',
      '-c',
      'mount --bind "$1" "$2/m\n x" && exec "$3" --input-type=module -e "$4" "$2"',
      'sh',
      precious,
      join(base, 't'),
      process.execPath,
      script,
    ]);
    expect(out.toString().trim()).toBe('E_IO');
    expect(readdirSync(precious)).toEqual(['keep']);
    expect(readdirSync(join(base, 't'))).toContain('a');
  });
});
