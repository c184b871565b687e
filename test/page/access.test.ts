import { describe, expect, it } from 'vitest';
import { browserForTests, expectAccessible, hasBrowser } from '../helpers/browser.ts';
import { exploredForTests } from '../helpers/explored.ts';

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
});
