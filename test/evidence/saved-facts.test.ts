import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { pathOfText } from '../../src/base/path.ts';
import { openFacts } from '../../src/evidence/saved-facts.ts';
import { learn } from '../../src/evidence/facts.ts';
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
