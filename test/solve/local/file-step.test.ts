import { utimesSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { openContext } from '../../../src/solve/context/index.ts';
import { localFiles } from '../../../src/solve/local/sources.ts';
import type { FileSystem } from '../../../src/solve/local/result.ts';
import { openFileSteps } from '../../helpers/file-steps.ts';
import { tempDir } from '../../helpers/temp.ts';

/** A folder whose file is written to once its digest is known. */
async function changing(home: string): Promise<FileSystem> {
  const dir = tempDir();
  const file = join(dir, 'f');
  writeFileSync(file, 'before');
  const files = localFiles(await openContext({ dir, ignore: undefined, home, ctx: createContext() }));
  return {
    ...files,
    digestsOf: async (entries) => {
      const sha256Of = await files.digestsOf(entries);
      const { atime, mtime } = statSync(file);
      writeFileSync(file, 'after!');
      utimesSync(file, atime, mtime);
      return sha256Of;
    },
  };
}

describe('a file step', () => {
  it.each([false, true])('notices a file that is not what its key says (unpack: %s)', async (unpack) => {
    const steps = await openFileSteps();
    await expect(steps.add(await changing(steps.home), { unpack, sources: ['/f'] })).rejects.toMatchObject({
      code: 'E_CHANGED',
      message: expect.stringContaining('"/f"'),
    });
  });

  it('has the same digest for the same content', async () => {
    const steps = await openFileSteps();
    const [one, other] = [tempDir(), tempDir()];
    for (const dir of [one, other]) writeFileSync(join(dir, 'f'), 'content');
    expect(await steps.digest(one, {})).toBe(await steps.digest(other, {}));
    writeFileSync(join(other, 'f'), 'another');
    expect(await steps.digest(one, {})).not.toBe(await steps.digest(other, {}));
  });
});
