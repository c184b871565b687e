import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { execute, type Answer } from '../helpers/cli.ts';
import { documents, readDocument, ROOT } from '../helpers/markdown.ts';
import { hasSite } from '../helpers/site.ts';
import { tempDir } from '../helpers/temp.ts';

const SITE = join(ROOT, 'site');

const spell = (...args: readonly string[]): Promise<Answer> =>
  execute(
    process.execPath,
    [join(SITE, 'node_modules/cspell/bin.mjs'), 'lint', '--config', 'cspell.json', '--no-progress', ...args],
    { cwd: SITE },
  );

describe.skipIf(!hasSite())('the spelling of the documents', () => {
  it('has no mistake', async () => {
    const { code, stderr, stdout } = await spell();
    expect(stdout).toBe('');
    expect(stderr).toContain(`Files checked: ${documents().length}, Issues found: 0`);
    expect(code).toBe(0);
  }, 180_000);

  it('would find one, and what is American, but none in code', async () => {
    const file = join(tempDir(), 'x.md');
    writeFileSync(file, 'Its behavior, its color, a `chekc`, a [chekd](mispelt.md) mispelt.\n\n```sh\nechoo\n```\n');
    const { stdout } = await spell('--root', '/', '--words-only', file);
    expect(stdout.trim().split('\n')).toEqual(['behavior', 'color', 'chekd', 'mispelt']);
  }, 180_000);
});

describe('site/words.txt', () => {
  const words = readFileSync(join(SITE, 'words.txt'), 'utf8').split('\n').slice(1, -1);

  it('is in order, and has only words that are used', () => {
    const order = (text: string): string => text.toLowerCase();
    expect(words).toEqual([...words].sort((a, b) => (order(a) < order(b) ? -1 : 1)));
    const text = documents().map(readDocument).join('\n').toLowerCase();
    expect(words.filter((word) => !text.includes(word.toLowerCase()))).toEqual([]);
  });
});
