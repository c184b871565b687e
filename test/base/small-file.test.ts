import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readSmallFile } from '../../src/base/small-file.ts';
import { tempDir } from '../helpers/temp.ts';

it.each([
  [0, 'read'],
  [100_000, 'read'],
  [100_001, 'refused'],
])('a file of %d bytes is %s', async (size, what) => {
  const file = join(tempDir(), 'file');
  writeFileSync(file, Buffer.alloc(size, 7));
  const reading = readSmallFile(file, 100_000);
  if (what === 'read') expect((await reading).equals(Buffer.alloc(size, 7))).toBe(true);
  else await expect(reading).rejects.toMatchObject({ code: 'E_LIMIT' });
});

it('a file without an end, which says that it is empty, is refused', async () => {
  await expect(readSmallFile('/proc/self/pagemap', 1000)).rejects.toMatchObject({ code: 'E_LIMIT' });
});
