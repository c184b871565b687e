import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFileDigests, type FileIdentity } from '../../src/pack/file-digests.ts';
import { tempDir } from '../helpers/temp.ts';

const SUM = 'a'.repeat(64);

function identity(changed: Partial<FileIdentity> = {}): FileIdentity {
  return { dev: 1n, ino: (1n << 64n) - 1n, size: 3n, mtimeNs: 1_000_000_001n, ctimeNs: 2_000_000_002n, ...changed };
}

describe('the digests of files', () => {
  it('are there the next time', async () => {
    const home = tempDir();
    const digests = await openFileDigests(home);
    expect(digests.get(identity())).toBeUndefined();
    digests.remember(identity(), SUM, Date.now());
    expect(digests.get(identity())).toBe(SUM);
    await digests.save();
    expect((await openFileDigests(home)).get(identity())).toBe(SUM);
    expect(readdirSync(join(home, 'tare'))).toEqual(['file-digests']);
  });

  it.each(['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const)(
    'are of a file with the same %s only',
    async (field) => {
      const digests = await openFileDigests(tempDir());
      digests.remember(identity(), SUM, Date.now());
      expect(digests.get(identity({ [field]: 77n }))).toBeUndefined();
    },
  );

  it.each([
    ['just changed', 0n],
    ['changed a second ago', 1_000_000_000n],
    ['comes from the future', -60_000_000_000n],
  ])('are not remembered of a file that %s', async (_what, age) => {
    const digests = await openFileDigests(tempDir());
    const now = BigInt(Date.now()) * 1_000_000n;
    for (const file of [identity({ ctimeNs: now - age }), identity({ mtimeNs: now - age })]) {
      digests.remember(file, SUM, Date.now());
      expect(digests.get(file)).toBeUndefined();
    }
  });

  it('of two processes are both kept', async () => {
    const home = tempDir();
    const [one, two] = [await openFileDigests(home), await openFileDigests(home)];
    one.remember(identity(), SUM, Date.now());
    two.remember(identity({ ino: 5n }), SUM, Date.now());
    await one.save();
    await two.save();
    const all = await openFileDigests(home);
    expect([all.get(identity()), all.get(identity({ ino: 5n }))]).toEqual([SUM, SUM]);
  });

  it.each([
    ['another version', 'tare file digests 9\n'],
    ['garbage', '\u0000\u0001\n'],
    ['half a line', 'tare file digests 1\n1 18446744073709551615 3 1000000001 2000000002 aaaa'],
    ['a digest in capitals', `tare file digests 1\n1 18446744073709551615 3 1000000001 2000000002 ${'A'.repeat(64)}\n`],
    ['nothing', ''],
  ])('are not believed when the file holds %s, and are written again', async (_what, text) => {
    const home = tempDir();
    mkdirSync(join(home, 'tare'));
    writeFileSync(join(home, 'tare/file-digests'), text);
    const digests = await openFileDigests(home);
    expect(digests.get(identity())).toBeUndefined();
    digests.remember(identity(), SUM, Date.now());
    await digests.save();
    expect(readFileSync(join(home, 'tare/file-digests'), 'utf8').split('\n')).toHaveLength(3);
  });

  it('are not needed: a home that cannot hold them is fine', async () => {
    const home = join(tempDir(), 'file');
    writeFileSync(home, '');
    const digests = await openFileDigests(home);
    digests.remember(identity(), SUM, Date.now());
    await digests.save();
  });
});
