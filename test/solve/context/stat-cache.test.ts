import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/base/digest.ts';
import { pathOfText, type TreePath } from '../../../src/base/path.ts';
import { identities, isSettled, setIdentity } from '../../../src/solve/context/identities.ts';
import { loadStatTable, saveStatTable, statCacheFile, type StatTable } from '../../../src/solve/context/stat-cache.ts';
import { tempDir } from '../../helpers/temp.ts';
import { digestOfAll, open, writeFiles } from './helpers.ts';

/** Files are only remembered when they were let alone for two seconds. */
const settle = (): Promise<void> => setTimeout(2100);

const row = { dev: 1n, ino: 2n ** 63n + 5n, size: 3n, mtimeNs: -4n, ctimeNs: 1_700_000_000_123_456_789n };

function table(paths: readonly string[]): StatTable {
  const known = identities(paths.length);
  for (const at of paths.keys()) setIdentity(known, at, { ...row, size: BigInt(at) });
  return {
    paths: paths as TreePath[],
    identities: known,
    digests: new Uint8Array(paths.length * 32).map((_, at) => at),
  };
}

describe('the file of a table', () => {
  it('gives back what was written', async () => {
    const file = statCacheFile(tempDir(), '/some/where');
    const written = table(['/a', '/b/\xff', '/c']);
    await saveStatTable(file, written);
    const read = (await loadStatTable(file)) as StatTable;
    expect(read.paths).toEqual(written.paths);
    expect(read.identities.rows).toEqual(written.identities.rows);
    expect(Buffer.from(read.digests).equals(written.digests)).toBe(true);
    await saveStatTable(file, table([]));
    expect((await loadStatTable(file))?.paths).toEqual([]);
    expect(readdirSync(join(file, '..'))).toHaveLength(1);
  });

  it('counts as nothing when it is damaged', async () => {
    const file = join(tempDir(), 'x');
    await saveStatTable(file, table(['/a', '/b']));
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at += 7) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] as number) ^ 0x40;
      writeFileSync(file, damaged);
      expect(await loadStatTable(file)).toBeUndefined();
      writeFileSync(file, whole.subarray(0, at));
      expect(await loadStatTable(file)).toBeUndefined();
    }
    expect(await loadStatTable(join(file, 'missing'))).toBeUndefined();
  });

  it('is left out where it cannot be written', async () => {
    const dir = tempDir();
    writeFiles(dir, { file: '' });
    await expect(saveStatTable(join(dir, 'file', 'x'), table(['/a']))).resolves.toBeUndefined();
  });
});

describe('a file that may change without showing it', () => {
  const openedMs = 1_700_000_010_000;
  it.each<[string, bigint, bigint, boolean]>([
    ['long settled', 0n, 0n, true],
    ['settled for two seconds', 8_000n, 8_000n, true],
    ['written to a moment ago', 8_001n, 8_001n, false],
    ['with an old time set a moment ago', 0n, 9_999n, false],
    ['from the future', 20_000n, 20_000n, false],
  ])('%s', (_name, mtimeMs, ctimeMs, expected) => {
    const known = identities(1);
    const ns = (ms: bigint): bigint => (1_700_000_000_000n + ms) * 1_000_000n;
    setIdentity(known, 0, { ...row, mtimeNs: ns(mtimeMs), ctimeNs: ns(ctimeMs) });
    expect(isSettled(known, 0, openedMs)).toBe(expected);
  });
});

describe('two builds of one folder', () => {
  it('read what changed, and nothing else', async () => {
    const [dir, home] = [tempDir(), tempDir()];
    writeFiles(dir, { 'a/one': '1', 'a/two': '2', three: '3' });
    await settle();
    const first = await open(dir, { home });
    const before = await digestOfAll(first);
    await first.save();
    const file = statCacheFile(home, dir);

    // What the table says is believed: a wrong digest in it shows whether a file was read.
    const known = (await loadStatTable(file)) as StatTable;
    expect([...known.paths].sort()).toEqual(['/a/one', '/a/two', '/three']);
    await saveStatTable(file, { ...known, digests: new Uint8Array(known.digests.length) });
    writeFileSync(join(dir, 'three'), '4');
    const second = await open(dir, { home });
    const zero = `sha256:${'0'.repeat(64)}`;
    const found = await Promise.all(['a/one', 'a/two', 'three'].map((path) => second.digestOf(pathOfText(path))));
    expect(found).toEqual([zero, zero, sha256('4')]);

    // Nothing new that lasts: `three` was written a moment ago.
    const unchanged = readFileSync(file);
    await second.save();
    expect(readFileSync(file).equals(unchanged)).toBe(true);
    expect(before).not.toBe(await digestOfAll(second));
  });

  it('do not believe in a file that was just written', async () => {
    const [dir, home] = [tempDir(), tempDir()];
    writeFiles(dir, { a: 'one' });
    const first = await open(dir, { home });
    expect(await first.digestOf(pathOfText('a'))).toBe(sha256('one'));
    const { atime, mtime } = statSync(join(dir, 'a'));
    await first.save();
    const fd = openSync(join(dir, 'a'), 'r+');
    writeSync(fd, 'two');
    closeSync(fd);
    utimesSync(join(dir, 'a'), atime, mtime);
    expect(await (await open(dir, { home })).digestOf(pathOfText('a'))).toBe(sha256('two'));
    expect(await loadStatTable(statCacheFile(home, dir))).toBeUndefined();
  });

  it('see another file under the same name', async () => {
    const [dir, home] = [tempDir(), tempDir()];
    writeFiles(dir, { a: 'one', b: 'two' });
    const times = new Date(1_600_000_000_000);
    for (const name of ['a', 'b']) utimesSync(join(dir, name), times, times);
    await settle();
    const first = await open(dir, { home });
    await digestOfAll(first);
    await first.save();
    renameSync(join(dir, 'b'), join(dir, 'a'));
    expect(await (await open(dir, { home })).digestOf(pathOfText('a'))).toBe(sha256('two'));
  });

  it('remember what another ignore file hides, and forget what is gone', async () => {
    const [dir, home] = [tempDir(), tempDir()];
    writeFiles(dir, { a: 'a', b: 'b', c: 'c', d: 'd' });
    await settle();
    const first = await open(dir, { home, ignore: 'd' });
    await digestOfAll(first);
    await first.save();
    renameSync(join(dir, 'c'), join(tempDir(), 'c'));
    const second = await open(dir, { home, ignore: 'a' });
    await digestOfAll(second);
    await second.save();
    const known = (await loadStatTable(statCacheFile(home, dir))) as StatTable;
    expect([...known.paths].sort()).toEqual(['/a', '/b', '/d']);
  });

  it('at the same time leave a good table', async () => {
    const [dir, home] = [tempDir(), tempDir()];
    writeFiles(dir, Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`f${index}`, `${index}`])));
    await settle();
    const builds = Array.from({ length: 5 }, async () => {
      const context = await open(dir, { home });
      const digest = await digestOfAll(context);
      await context.save();
      return digest;
    });
    expect(new Set(await Promise.all(builds)).size).toBe(1);
    expect((await loadStatTable(statCacheFile(home, dir)))?.paths).toHaveLength(300);
    expect(readdirSync(join(home, 'tare/solve/context'))).toHaveLength(1);
  });

  it('never give a wrong digest while files are written', async () => {
    const [dir, home] = [tempDir(), tempDir()];
    const file = join(dir, 'a');
    writeFiles(dir, { a: '0000' });
    for (let round = 1; round <= 60; round++) {
      const content = String(round).padStart(4, '0');
      writeFileSync(file, content);
      const context = await open(dir, { home });
      expect(await context.digestOf(pathOfText('a'))).toBe(sha256(content));
      await context.save();
    }
  });
});
