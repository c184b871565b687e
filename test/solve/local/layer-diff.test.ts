import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/base/digest.ts';
import { readTar } from '../../../src/formats/tar/index.ts';
import type { IndexedMember } from '../../../src/store/types.ts';
import { makeImage } from '../../helpers/images.ts';
import { needs } from '../../helpers/needs.ts';
import { makeShellRoot } from '../../helpers/shell-root.ts';
import { openSteps, type Steps } from '../../helpers/steps.ts';
import { tempDir } from '../../helpers/temp.ts';

const isRoot = process.getuid?.() === 0;
const available = isRoot && needs('crun', 'unshare', 'ldd', 'mknod');

let root: ReturnType<typeof makeShellRoot>;
beforeAll(() => {
  root = makeShellRoot();
});
afterAll(() => root?.remove());

/** `TYPE MODE UID:GID PATH[ -> TARGET][ {ATTRIBUTE}]`. */
function lineOf({ gid, linkname, mode, path, type, uid, xattrs }: IndexedMember): string {
  const letter = { file: 'f', directory: 'd', symlink: 'l', hardlink: 'h', char: 'c', block: 'b', fifo: 'p' }[type];
  const link = linkname === undefined ? '' : ` -> ${linkname}`;
  const names = xattrs === undefined ? '' : ` {${[...xattrs.keys()].join()}}`;
  return `${letter} ${mode.toString(8)} ${uid}:${gid} ${path}${link}${names}`;
}

interface Case {
  readonly name: string;
  /** Steps one after the other; the last one's layer is looked at. */
  readonly steps: readonly string[];
  readonly layer: readonly string[];
}

const CASES: readonly Case[] = [
  { name: 'nothing', steps: ['true'], layer: [] },
  {
    name: 'new files, with the folders above',
    steps: ['echo x > /data/sub/new; mkdir -p /new/one; echo y > /new/one/two'],
    layer: [
      'd 755 0:0 data/',
      'd 755 0:0 data/sub/',
      'f 644 0:0 data/sub/new',
      'd 755 0:0 new/',
      'd 755 0:0 new/one/',
      'f 644 0:0 new/one/two',
    ],
  },
  {
    name: 'what came and went',
    steps: ['echo x > /data/new; rm /data/new; mkdir /gone; rmdir() { rm -r "$@"; }; rmdir /gone'],
    layer: [],
  },
  { name: 'deleted files', steps: ['rm /data/a'], layer: ['d 755 0:0 data/', 'f 0 0:0 data/.wh.a'] },
  { name: 'a deleted folder', steps: ['rm -r /data/sub'], layer: ['d 755 0:0 data/', 'f 0 0:0 data/.wh.sub'] },
  {
    name: 'a folder made anew',
    steps: ['rm -r /data/sub; mkdir /data/sub; echo x > /data/sub/only'],
    layer: ['d 755 0:0 data/', 'd 755 0:0 data/sub/', 'f 0 0:0 data/sub/.wh..wh..opq', 'f 644 0:0 data/sub/only'],
  },
  {
    name: 'a folder in the place of a file, and back',
    steps: [
      'rm /data/a; mkdir /data/a; echo x > /data/a/in',
      'rm -r /data/a; echo back > /data/a',
      'rm /data/a; mkdir /data/a; echo y > /data/a/again',
    ],
    layer: ['d 755 0:0 data/', 'd 755 0:0 data/a/', 'f 644 0:0 data/a/again'],
  },
  {
    name: 'a file in the place of a folder',
    steps: ['rm -r /data/sub; echo file > /data/sub'],
    layer: ['d 755 0:0 data/', 'f 644 0:0 data/sub'],
  },
  {
    name: 'a folder in the place of what an earlier step deleted',
    steps: ['rm -r /data/sub', 'mkdir /data/sub; echo x > /data/sub/x'],
    layer: ['d 755 0:0 data/', 'd 755 0:0 data/sub/', 'f 644 0:0 data/sub/x'],
  },
  {
    name: 'a deletion of what an earlier step made',
    steps: ['mkdir /made; echo 1 > /made/1', 'rm -r /made', 'true'],
    layer: [],
  },
  {
    name: 'a moved folder',
    steps: ['mv /data/sub /moved'],
    layer: [
      'd 755 0:0 data/',
      'f 0 0:0 data/.wh.sub',
      'd 755 0:0 moved/',
      'f 644 0:0 moved/c',
      'd 755 0:0 moved/deep/',
      'f 644 0:0 moved/deep/d',
    ],
  },
  {
    name: 'hard links',
    steps: ['echo x > /one; ln /one /another; ln /data/a /data/linked'],
    layer: [
      'f 644 0:0 another',
      'd 755 0:0 data/',
      'f 644 0:0 data/a',
      'h 644 0:0 data/linked -> data/a',
      'h 644 0:0 one -> another',
    ],
  },
  {
    name: 'owners, modes, capabilities, attributes',
    steps: [
      'chown 1000:33 /data/a; chmod 4711 /data/b; setcap cap_net_raw+ep /bin/sleep; setfattr -n user.note -v hello /data/sub/c; chmod 700 /data/old',
    ],
    layer: [
      'd 755 0:0 bin/',
      'f 755 0:0 bin/sleep {security.capability}',
      'd 755 0:0 data/',
      'f 644 1000:33 data/a',
      'f 4711 0:0 data/b',
      'd 700 0:0 data/old/',
      'd 755 0:0 data/sub/',
      'f 644 0:0 data/sub/c {user.note}',
    ],
  },
  { name: 'changes that are none', steps: ['chmod 644 /data/a; chown 0:0 /data/b; : >> /data/sub/c'], layer: [] },
  {
    name: 'a change of content that keeps size and time',
    steps: ['echo data/A > /data/a; touch -d @1600000000 /data/a'],
    layer: ['d 755 0:0 data/', 'f 644 0:0 data/a'],
  },
  {
    name: 'pipes, devices, links',
    steps: ['mkfifo /pipe; mknod /null c 1 3; ln -s /data/a /link; ln -s nowhere /data/dangling'],
    layer: [
      'd 755 0:0 data/',
      'l 777 0:0 data/dangling -> nowhere',
      'l 777 0:0 link -> /data/a',
      'c 644 0:0 null',
      'p 644 0:0 pipe',
    ],
  },
  {
    name: 'many whiteouts, which are names of one inode',
    steps: ['rm /data/a /data/b /data/sub/c; ln /data/old/e /data/old/f'],
    layer: [
      'd 755 0:0 data/',
      'f 0 0:0 data/.wh.a',
      'f 0 0:0 data/.wh.b',
      'd 755 0:0 data/old/',
      'f 644 0:0 data/old/e',
      'h 644 0:0 data/old/f -> data/old/e',
      'd 755 0:0 data/sub/',
      'f 0 0:0 data/sub/.wh.c',
    ],
  },
  {
    name: 'names that are not UTF-8, or long',
    steps: [`n=$(printf 'a\\351b'); echo x > "/data/$n"; mkdir -p /${'l'.repeat(120)}/${'m'.repeat(120)}`],
    layer: [
      'd 755 0:0 data/',
      'f 644 0:0 data/a\xe9b',
      `d 755 0:0 ${'l'.repeat(120)}/`,
      `d 755 0:0 ${'l'.repeat(120)}/${'m'.repeat(120)}/`,
    ],
  },
];

describe('the layer of a step', () => {
  it.skipIf(!available).each(CASES)('$name', async ({ layer, steps: scripts }) => {
    const steps = await openSteps(root.dir);
    const tars: string[] = [];
    const lowers = [root.dir];
    let members: readonly IndexedMember[] = [];
    for (const script of scripts) {
      const step = await steps.sh(script, { lowers });
      const diff = await steps.diff(step);
      ({ members } = diff);
      const copy = join(tempDir(), 'layer.tar');
      writeFileSync(copy, readFileSync(diff.tar));
      tars.push(copy);
      expect(sha256(readFileSync(copy))).toBe(diff.diffId);
      expect(readFileSync(copy)).toHaveLength(diff.size);
      await checkMembers(copy, diff.members);
      lowers.push(await steps.keep(step));
    }
    expect(members.map(lineOf)).toEqual(layer);
    if (needs('umoci', 'getfattr')) expect(await applied(steps, tars)).toEqual(merged(lowers));
  });

  it.skipIf(!available)('is as young as SOURCE_DATE_EPOCH at most', async () => {
    const steps = await openSteps(root.dir);
    const step = await steps.sh('echo x > /new; touch -d @1000 /data/a; ln /new /new2');
    const { diffId, members } = await steps.diff(step, 1_600_000_001);
    expect(members.map(({ mtime, path }) => [path, mtime])).toEqual([
      ['data/', 1_600_000_000],
      ['data/a', 1000],
      ['new', 1_600_000_001],
      ['new2', 1_600_000_001],
    ]);
    const again = await steps.sh('echo x > /new; touch -d @1000 /data/a; ln /new /new2');
    expect((await steps.diff(again, 1_600_000_001)).diffId).toBe(diffId);
  });

  it.skipIf(!available)('holds large and sparse files, in pieces', async () => {
    const steps = await openSteps(root.dir);
    const step = await steps.sh(
      'dd if=/dev/zero of=/sparse bs=1 count=1 seek=20000000 2>/dev/null; head -c 9000000 /dev/urandom > /big',
    );
    const { members, tar } = await steps.diff(step);
    expect(members.map(({ path, size }) => [path, size])).toEqual([
      ['big', 9_000_000],
      ['sparse', 20_000_001],
    ]);
    await checkMembers(tar, members);
  });

  it.skipIf(!available)('cannot hold a name that means a deletion', async () => {
    const steps = await openSteps(root.dir);
    const step = await steps.sh('mkdir /deep; echo x > /deep/.wh.x');
    await expect(steps.diff(step)).rejects.toMatchObject({
      code: 'E_PATH',
      message: expect.stringContaining('/deep/.wh.x'),
    });
    expect(readdirSync(step.changes)).toEqual(['upper']);
  });

  it.skipIf(!available)('does not write over anything', async () => {
    const steps = await openSteps(root.dir);
    const step = await steps.sh('true');
    writeFileSync(join(step.changes, '0.tar'), 'precious');
    await expect(steps.diff(step)).rejects.toMatchObject({ code: 'E_EXISTS' });
    expect(readFileSync(join(step.changes, '0.tar'), 'utf8')).toBe('precious');
  });
});

/** The index is that of the archive, and its digests those of the contents. */
async function checkMembers(tar: string, members: readonly IndexedMember[]): Promise<void> {
  const found: object[] = [];
  for await (const { header, body } of readTar(createReadStream(tar))) {
    const hash = createHash('sha256');
    for await (const chunk of body) hash.update(chunk);
    found.push(comparable({ ...header, ...(header.type === 'file' ? { sha256: hash.digest('hex') } : {}) }));
  }
  expect(members.map(comparable)).toEqual(found);
}

const comparable = (member: object): object => ({ ...member, dataOffset: 0 });

/** What the overlay shows. */
function merged(lowers: readonly string[]): readonly string[] {
  const dir = tempDir();
  for (const [index, lower] of lowers.entries()) execFileSync('ln', ['-s', lower, join(dir, `l${index}`)]);
  const names = lowers.map((_, index) => `l${index}`).reverse();
  mkdirSync(join(dir, 'm'));
  mkdirSync(join(dir, 'none'));
  const script = `cd "$1" && mount -t overlay -o "lowerdir=${[...names, 'none'].join(':')}" overlay m && cd m && ${LIST}`;
  return listed(execFileSync('unshare', ['-m', 'sh', '-c', script, 'list', dir], { encoding: 'latin1' }));
}

/** What umoci makes of the root and the layers. */
async function applied(steps: Steps, tars: readonly string[]): Promise<readonly string[]> {
  const base = execFileSync('tar', ['-C', root.dir, '--numeric-owner', '-cf', '-', '.'], {
    maxBuffer: 256 * 1024 ** 2,
  });
  const layers = [base, ...tars.map((tar) => readFileSync(tar))];
  await makeImage({ store: steps.store, layers, compression: 'none', name: 'layers' });
  const bundle = join(tempDir(), 'bundle');
  const { images } = { images: await steps.store.images() };
  execFileSync('umoci', ['unpack', '--image', `${steps.home}:${images[0]?.name ?? ''}`, bundle], { stdio: 'pipe' });
  expect(existsSync(join(bundle, 'rootfs'))).toBe(true);
  return listed(
    execFileSync('sh', ['-c', `cd "$1" && ${LIST}`, 'list', join(bundle, 'rootfs')], { encoding: 'latin1' }),
  );
}

const LIST = [
  String.raw`find . -mindepth 1 ! -type d -printf '%y %m %U:%G %s %Ts %l %P\n' -o -type d -mindepth 1 -printf 'd %m %U:%G %P\n'`,
  `find . -type f -exec sha256sum {} +`,
  `getfattr -R -h -d -m '^(user[.][^o]|security[.]capability)' .`,
].join(' && ');

const listed = (text: string): readonly string[] => text.split('\n').sort();
