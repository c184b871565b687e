import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ignoreFor } from '../../../src/solve/context/index.ts';
import { tempDir } from '../../helpers/temp.ts';
import { writeFiles } from './helpers.ts';

async function patterns(dir: string, dockerfile?: string): Promise<string | undefined> {
  const rules = await ignoreFor(dir, dockerfile);
  return rules?.map(({ file, line, pattern }) => `${file}:${line} ${pattern}`).join(' ');
}

it('takes the file of the Dockerfile before that of the folder', async () => {
  const dir = tempDir();
  const other = tempDir();
  expect(await patterns(dir, join(dir, 'Dockerfile'))).toBeUndefined();
  writeFiles(dir, { '.dockerignore': 'a\n', 'Dockerfile.dockerignore': '\nb', 'empty.dockerignore': '' });
  writeFiles(other, { 'x.Dockerfile.dockerignore': 'c' });
  expect(await patterns(dir)).toBe('.dockerignore:1 a');
  expect(await patterns(dir, join(dir, 'Dockerfile'))).toBe('Dockerfile.dockerignore:2 b');
  expect(await patterns(dir, join(dir, 'dev.Dockerfile'))).toBe('.dockerignore:1 a');
  expect(await patterns(dir, join(dir, 'empty'))).toBe('');
  expect(await patterns(dir, join(other, 'x.Dockerfile'))).toBe('x.Dockerfile.dockerignore:1 c');
  expect(await patterns(dir, join(dir, '.dockerignore/Dockerfile')).catch((error: unknown) => error)).toMatchObject({
    code: 'E_NOT_DIRECTORY',
  });
});

it('reads bytes that are not UTF-8, and says what is wrong', async () => {
  const dir = tempDir();
  writeFiles(dir, { '.dockerignore': Buffer.of(0xef, 0xbb, 0xbf, 0x61, 0xff, 0x0a) });
  expect(await patterns(dir)).toBe('.dockerignore:1 a\udcff');
  writeFiles(dir, { '.dockerignore': 'a\n[b' });
  await expect(ignoreFor(dir)).rejects.toMatchObject({
    code: 'E_IGNORE_FILE',
    message: expect.stringContaining('.dockerignore:2'),
  });
  writeFiles(dir, { '.dockerignore': Buffer.alloc(2_000_000) });
  await expect(ignoreFor(dir)).rejects.toMatchObject({ code: 'E_LIMIT' });
  mkdirSync(join(dir, 'Dockerfile.dockerignore'));
  await expect(ignoreFor(dir, join(dir, 'Dockerfile'))).rejects.toMatchObject({ code: 'E_NOT_FILE' });
});
