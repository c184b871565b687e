import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { browserForTests, expectAccessible, hasBrowser } from '../helpers/browser.ts';
import { exploredForTests } from '../helpers/explored.ts';

const INJECTIONS = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(1)</script>',
  "'-alert(1)-'",
  '<svg onload=alert(1)>',
  'javascript:alert(1)',
  '${alert(1)}{{alert(1)}}',
  '</script><script>alert(1)</script>',
  '<!--',
  ']]>',
  '&lt;b&gt;',
  '\u202egnp.exe',
  'ab\u001b[31mc\nd',
  '\udcff\udc80 not utf-8',
  'x'.repeat(255),
  '%00%2e%2e%2f#?&=',
  '__proto__',
  'constructor',
];

describe.skipIf(!hasBrowser())('names that somebody chose with care', () => {
  const { open } = browserForTests();
  const explored = exploredForTests();

  async function hostilePage(): Promise<string> {
    const evil = INJECTIONS.join(' ');
    await explored.put({
      name: 'hostile:1',
      layers: [
        INJECTIONS.map((name, at) => ({
          path: `srv/${name.replaceAll('/', '∕')}/${name.replaceAll('/', '∕')}`,
          content: 'x'.repeat(1000 * (at + 1)),
        })),
        [{ path: 'etc/x', content: 'x' }],
      ],
      config: {
        author: evil,
        config: {
          User: evil,
          WorkingDir: evil,
          Env: [evil],
          Labels: Object.fromEntries(INJECTIONS.map((text) => [text, text])),
          Entrypoint: [evil],
        },
        history: [{ created_by: `RUN ${evil}`, comment: evil, created: '2024-01-01T00:00:00Z' }, { created_by: evil }],
      },
      annotations: Object.fromEntries(INJECTIONS.map((text) => [text, text])),
    });
    await explored.put({
      name: 'other:1',
      layers: [INJECTIONS.map((name) => ({ path: `opt/${name.replaceAll('/', '∕')}`, content: 'y' }))],
    });
    return explored.page('hostile', 'hostile:1', '--against', 'other:1');
  }

  it('are text in every view, run nothing and ask for nothing', async () => {
    const file = await hostilePage();
    for (const width of [400, 1280]) {
      const { go, page, troubles } = await open(file, { width });
      for (const route of [
        'treemap',
        'treemap/srv',
        'treemap/srv?by=type',
        'treemap?of=original&by=fate',
        'layers/0',
        'layers/1',
        'why',
        `why/srv/${encodeURIComponent(INJECTIONS[0] ?? '')}/${encodeURIComponent(INJECTIONS[0] ?? '')}`,
        'diff',
        'diff?by=package',
        'timeline',
        'about',
        'search?q=alert',
        'search?q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E',
        '%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E?q=%3Cscript%3E',
      ]) {
        await go(route);
        const made = await page.evaluate<number>(
          "document.querySelectorAll('#page img, #page script, #page iframe, #page object, #page [onerror], #page [onload], #page a[href^=javascript]').length",
        );
        expect({ route, made }).toEqual({ route, made: 0 });
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        expect({ route, overflow: Math.max(0, overflow) }).toEqual({ route, overflow: 0 });
        const text = await page.evaluate<string>('document.body.innerText');
        expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u001b]/);
      }
      expect(troubles).toEqual([]);
      await page.close();
    }
  });

  it('can be opened one by one', async () => {
    const { go, page, troubles } = await open(await hostilePage(), { route: 'treemap/srv' });
    const links = await page
      .locator('.list tbody a')
      .evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''));
    expect(links.length).toBe(INJECTIONS.length);
    for (const link of links) {
      expect(link.startsWith('#/treemap/srv/')).toBe(true);
      await go(link.slice(2));
      expect(await page.locator('.crumbs li').count()).toBe(3);
    }
    expect(troubles).toEqual([]);
    await page.close();
  });

  it('stay usable for everybody', async () => {
    const { page } = await open(await hostilePage(), { route: 'about' });
    await expectAccessible(page);
    await page.close();
  });

  it('cannot bring a script of their own: the policy refuses it', async () => {
    const file = await hostilePage();
    const other = file.replace('.html', '-injected.html');
    writeFileSync(
      other,
      readFileSync(file, 'utf8').replace(
        '</body>',
        '<script>document.title = "run"</script><img src="https://example.com/x.png"></body>',
      ),
    );
    const { page, troubles } = await open(other);
    expect(await page.title()).not.toBe('run');
    expect(troubles.some((text) => text.includes('Content Security Policy'))).toBe(true);
    expect(troubles.filter((text) => text.startsWith('request:'))).toEqual([]);
    await page.close();
  });
});
