import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { TareError } from '../../src/base/error.ts';
import { readProject, type ReadProjectOptions } from '../../src/systems/read-project.ts';

const root = fileURLToPath(new URL('fixtures', import.meta.url));

/** One folder a scenario; `expected.json` beside it is what is read, or the error. `vitest -u` writes it anew. */
describe('projects', () => {
  it.each(readdirSync(root).sort())('%s', async (name) => {
    const dir = join(root, name);
    const told = await readOrError({ cwd: dir, env: { HOME: '/home/me' }, ...optionsOf(dir) });
    const text = JSON.stringify(told, undefined, 2).replaceAll(dir, '$DIR');
    await expect(`${text}\n`).toMatchFileSnapshot(join(dir, 'expected.json'));
  });
});

async function readOrError(options: ReadProjectOptions): Promise<unknown> {
  try {
    return await readProject(options);
  } catch (error) {
    if (!(error instanceof TareError)) throw error;
    return { error: { code: error.code, message: error.message.split('\n'), hint: error.hint } };
  }
}

function optionsOf(dir: string): Partial<ReadProjectOptions> {
  if (!readdirSync(dir).includes('options.json')) return {};
  const { cwd, ...rest } = JSON.parse(readFileSync(join(dir, 'options.json'), 'utf8')) as Partial<ReadProjectOptions>;
  return { ...rest, ...(cwd === undefined ? {} : { cwd: join(dir, cwd) }) };
}
