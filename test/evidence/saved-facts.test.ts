import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { pathOfText } from '../../src/base/path.ts';
import { openFacts } from '../../src/evidence/saved-facts.ts';
import { type Fact, learn } from '../../src/evidence/facts.ts';
import { treeOfDirectory } from '../../src/tree/directory.ts';
import type { Entry } from '../../src/tree/types.ts';
import { tempDir } from '../helpers/temp.ts';

async function entryOf(dir: string): Promise<Entry> {
  const entry = (await treeOfDirectory(dir)).get(pathOfText('/a.js'));
  if (entry === undefined) throw new Error('no a.js');
  return entry;
}

describe('facts', () => {
  it('are found again for the same content, and not for another', async () => {
    const home = tempDir();
    const dir = tempDir();
    writeFileSync(join(dir, 'a.js'), 'one');
    // What was touched just now is not believed: its times might not show the next change.
    const early = await openFacts(home);
    early.keep(await entryOf(dir), 'q', 'too early');
    expect(early.find(await entryOf(dir), 'q')).toBeUndefined();
    await delay(2100);

    const first = await openFacts(home);
    let asked = 0;
    const work = (): Promise<string> => Promise.resolve(`answer ${++asked}`);
    expect(await learn(first, await entryOf(dir), 'q', work)).toBe('answer 1');
    await first.save();

    const second = await openFacts(home);
    expect(await learn(second, await entryOf(dir), 'q', work)).toBe('answer 1');
    expect(second.find(await entryOf(dir), 'another question')).toBeUndefined();

    writeFileSync(join(dir, 'a.js'), 'two');
    utimesSync(join(dir, 'a.js'), 1, 1);
    await delay(2100);
    const third = await openFacts(home);
    expect(await learn(third, await entryOf(dir), 'q', work)).toBe('answer 2');
  });

  it('of a damaged file are none', async () => {
    const home = tempDir();
    const dir = tempDir();
    writeFileSync(join(dir, 'a.js'), 'one');
    await delay(2100);
    const facts = await openFacts(home);
    facts.keep(await entryOf(dir), 'q', ['x']);
    await facts.save();
    const [name] = readdirSync(join(home, 'tare', 'builds'));
    writeFileSync(join(home, 'tare', 'builds', name ?? ''), '{"half');
    expect((await openFacts(home)).find(await entryOf(dir), 'q')).toBeUndefined();
  });

  it('of an entry in memory are not kept', async () => {
    const facts = await openFacts(tempDir());
    const bytes = Buffer.from('x');
    const entry: Entry = {
      path: pathOfText('/x'),
      type: 'file',
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: 1,
      mtime: 0,
      content: { in: 'memory', bytes },
    };
    facts.keep(entry, 'q', 1);
    expect(facts.find(entry, 'q')).toBeUndefined();
  });
});

describe('the file of facts', () => {
  const entryWith = (content: string): Entry => ({
    path: pathOfText('/x'),
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: 1,
    mtime: 0,
    sha256: content,
    content: { in: 'memory', bytes: Buffer.from('x') },
  });
  const fileIn = (home: string): string => {
    const dir = join(home, 'tare', 'builds');
    return join(dir, readdirSync(dir)[0] ?? '');
  };
  const VALUES: readonly Fact[] = [
    null,
    false,
    0,
    -1.5,
    '',
    'text\twith\nall\0kinds \u{1f600} \udc80 é',
    [],
    {},
    [[1, 'x'], { 'a\tb': null }],
  ];

  it('gives back every kind of fact', async () => {
    const home = tempDir();
    const first = await openFacts(home);
    for (const [at, value] of VALUES.entries()) first.keep(entryWith(`sha${at}`), 'q', value);
    await first.save();
    const second = await openFacts(home);
    for (const [at, value] of VALUES.entries()) expect(second.find(entryWith(`sha${at}`), 'q')).toEqual(value);
  });

  it('keeps what other builds have learned, unless it is known anew', async () => {
    const home = tempDir();
    const first = await openFacts(home);
    first.keep(entryWith('a'), 'q', 1);
    first.keep(entryWith('b'), 'q', 2);
    await first.save();
    const second = await openFacts(home);
    expect(second.find(entryWith('b'), 'q')).toBe(2);
    second.keep(entryWith('c'), 'q', 3);
    second.keep(entryWith('a'), 'q', 4);
    await second.save();
    const third = await openFacts(home);
    expect(['a', 'b', 'c'].map((name) => third.find(entryWith(name), 'q'))).toEqual([4, 2, 3]);
  });

  const spoiled: readonly (readonly [string, (bytes: Buffer) => Buffer | string])[] = [
    ['empty', () => ''],
    ['of another form', () => '{"a q":1}'],
    ['without lines', (bytes) => bytes.subarray(0, bytes.indexOf(10))],
    ['cut off', (bytes) => bytes.subarray(0, -3)],
    ['changed in one bit', (bytes) => bytes.with(bytes.length - 3, 0x39) as Buffer],
    ['with a line too many', (bytes) => Buffer.concat([bytes, Buffer.from('b q\t1\n')])],
    ['of noise', () => Buffer.alloc(100_000, 0xff)],
    ['with an endless first line', () => Buffer.alloc(5_000_000, 0x61)],
  ];
  it.each(spoiled)('that is %s holds none, and is made anew', async (_name, spoil) => {
    const home = tempDir();
    const first = await openFacts(home);
    first.keep(entryWith('a'), 'q', 11_111);
    await first.save();
    writeFileSync(fileIn(home), spoil(readFileSync(fileIn(home))));
    const second = await openFacts(home);
    expect(second.find(entryWith('a'), 'q')).toBeUndefined();
    second.keep(entryWith('a'), 'q', 2);
    await second.save();
    expect((await openFacts(home)).find(entryWith('a'), 'q')).toBe(2);
  });

  it('that is larger than any real one, or no file, is not read', async () => {
    const home = tempDir();
    const first = await openFacts(home);
    first.keep(entryWith('a'), 'q', 1);
    await first.save();
    truncateSync(fileIn(home), 3 * 1024 ** 3);
    expect((await openFacts(home)).find(entryWith('a'), 'q')).toBeUndefined();
    const file = fileIn(home);
    rmSync(file);
    mkdirSync(file);
    const other = await openFacts(home);
    other.keep(entryWith('a'), 'q', 1);
    await other.save();
    expect(readdirSync(join(home, 'tare', 'builds'))).toHaveLength(1);
  });

  it('takes no fact that is too large, and no more than there is room for', async () => {
    const home = tempDir();
    const first = await openFacts(home);
    first.keep(entryWith('huge'), 'q', 'x'.repeat(5 * 1024 ** 2));
    first.keep(entryWith('odd\n'), 'q', 1);
    for (let at = 0; at < 25; at += 1) first.keep(entryWith(`large${at}`), 'q', 'x'.repeat(3 * 1024 ** 2));
    await first.save();
    expect(statSync(fileIn(home)).size).toBeLessThanOrEqual(64 * 1024 ** 2);
    const second = await openFacts(home);
    const known = (name: string): boolean => second.find(entryWith(name), 'q') !== undefined;
    expect(['huge', 'odd\n', 'large0', 'large20', 'large24'].map(known)).toEqual([false, false, true, true, false]);
  });

  it('that cannot be written is no error', async () => {
    const home = tempDir();
    writeFileSync(join(home, 'tare'), 'no folder');
    const facts = await openFacts(home);
    facts.keep(entryWith('a'), 'q', 1);
    await facts.save();
    expect(facts.find(entryWith('a'), 'q')).toBe(1);
  });
});
