import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/digest.ts';
import { browserForTests, expectAccessible, hasBrowser } from '../helpers/browser.ts';
import { exploredForTests } from '../helpers/explored.ts';
import { tempDir } from '../helpers/temp.ts';

const VIEWS = [
  'treemap',
  'treemap?by=reason',
  'layers/0',
  'why',
  'why/etc/passwd',
  'diff',
  'timeline',
  'about',
  'search?q=lib',
];

describe.skipIf(!hasBrowser())('the page for everybody', () => {
  const { open } = browserForTests();
  const explored = exploredForTests();

  for (const scheme of ['light', 'dark'] as const)
    it.each(VIEWS)(`has no serious finding of axe-core in ${scheme} %s`, async (route) => {
      const { page, troubles } = await open(await explored.page('own', 'node-status'), { route, scheme });
      await expectAccessible(page);
      expect(troubles).toEqual([]);
      await page.close();
    });

  it.each(['light', 'dark'] as const)('has none in %s with a trend of many names either', async (scheme) => {
    const history = join(tempDir(), 'sizes.jsonl');
    const point = { digest: sha256(Buffer.from('x')), created: null, disk: 2e6, wire: 1e6, files: 3, layers: 1 };
    const names = ['node-status:latest', 'a', 'b', 'c', 'd', 'e'];
    writeFileSync(history, names.map((reference) => `${JSON.stringify({ ...point, reference })}\n`).join(''));
    const { page, troubles } = await open(await explored.page('trends', 'node-status', '--history', history), {
      route: 'trend',
      scheme,
    });
    await expectAccessible(page);
    await page.selectOption('#trend-of', 'c');
    expect(new URL(page.url()).hash).toBe('#/trend?of=3');
    expect(troubles).toEqual([]);
    await page.close();
  });
});
