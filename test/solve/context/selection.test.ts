import { chmodSync, linkSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/base/digest.ts';
import { pathOfText } from '../../../src/base/path.ts';
import { selectionDigest } from '../../../src/solve/context/index.ts';
import type { Entry } from '../../../src/tree/types.ts';
import { tempDir } from '../../helpers/temp.ts';
import { digestOfAll, open, writeFiles } from './helpers.ts';

const entry = (path: string, more: Partial<Entry> = {}): Entry => ({
  path: pathOfText(path),
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  ...more,
});
const content = 'ab'.repeat(32);

describe('selectionDigest', () => {
  it('is the sha256 of the documented bytes', () => {
    const entries = [
      entry('b/link', { type: 'symlink', link: '../\xff', mode: 0o755 }),
      entry('b', { type: 'directory', mode: 0o1777 }),
      entry('a.txt', { mode: 0o4755 }),
      entry('null', { type: 'char', mode: 0o666, device: [1, 3] }),
      entry('pipe', { type: 'fifo', mode: 0o600 }),
    ];
    const bytes = [
      'tare.selection.v1\n',
      `f 4755 /a.txt\0${content}\0`,
      'd 1777 /b\0\0',
      'l 777 /b/link\0../\xff\0',
      'c 666 /null\x001:3\0',
      'p 600 /pipe\0\0',
    ].join('');
    const expected = sha256(Buffer.from(bytes, 'latin1'));
    expect(selectionDigest(entries, () => content)).toBe(expected);
    expect(selectionDigest([...entries].reverse().concat(entries), () => content)).toBe(expected);
  });

  it('knows no owners and times, and no hard links', () => {
    const plain = selectionDigest([entry('a'), entry('b')], () => content);
    const file = { in: 'memory', bytes: new Uint8Array() } as const;
    const other = [
      entry('a', { uid: 5, gid: 6, mtime: 7 }),
      entry('b', { type: 'hardlink', link: '/a', content: file }),
    ];
    expect(selectionDigest(other, () => content)).toBe(plain);
  });

  it('is long without being wrong', () => {
    const many = Array.from({ length: 5000 }, (_, index) => entry(`f${index}`));
    const text = [...many].map(({ path }) => `f 644 ${path}\0${content}\0`).sort();
    expect(selectionDigest(many, () => content)).toBe(sha256(`tare.selection.v1\n${text.join('')}`));
  });
});

describe('the digest of a folder', () => {
  const build = (dir: string): void => {
    writeFiles(dir, { 'a/x': 'one', 'a/y': 'two', z: '' });
    symlinkSync('a/x', join(dir, 'link'));
    for (const path of ['a', '.']) chmodSync(join(dir, path), 0o755);
    for (const path of ['a/x', 'a/y', 'z']) chmodSync(join(dir, path), 0o644);
  };

  it('is the same for the same files elsewhere, and after a touch', async () => {
    const [one, two] = [tempDir(), tempDir()];
    build(one);
    build(two);
    const digest = await digestOfAll(await open(one));
    expect(await digestOfAll(await open(two))).toBe(digest);
    utimesSync(join(one, 'a/x'), 1, 2);
    utimesSync(join(one, 'a'), 1, 2);
    expect(await digestOfAll(await open(one))).toBe(digest);
    rmSync(join(two, 'z'));
    writeFileSync(join(two, 'z'), '');
    chmodSync(join(two, 'z'), 0o644);
    linkSync(join(two, 'a/x'), join(tempDir(), 'other name'));
    expect(await digestOfAll(await open(two))).toBe(digest);
  });

  it.each<[string, (dir: string) => unknown]>([
    ['content', (dir) => writeFileSync(join(dir, 'a/x'), 'two')],
    ['a mode', (dir) => chmodSync(join(dir, 'a/x'), 0o755)],
    ['the mode of a folder', (dir) => chmodSync(join(dir, 'a'), 0o700)],
    ['a new file', (dir) => writeFileSync(join(dir, 'a/w'), '')],
    ['a file less', (dir) => rmSync(join(dir, 'z'))],
    ['the target of a link', (dir) => [rmSync(join(dir, 'link')), symlinkSync('a/y', join(dir, 'link'))]],
  ])('changes with %s', async (_name, change) => {
    const dir = tempDir();
    build(dir);
    const before = await digestOfAll(await open(dir));
    change(dir);
    expect(await digestOfAll(await open(dir))).not.toBe(before);
  });
});
