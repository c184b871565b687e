import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/table.ts';
import { expectAccessible, hasBrowser } from '../helpers/browser.ts';
import { ROOT } from '../helpers/markdown.ts';
import { hasSite, siteForTests } from '../helpers/site.ts';

const PAGES = readdirSync(join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => name.replace(/\.md$/, '.html'))
  .sort();

const LOOKED_AT = [
  'index.html',
  'start.html',
  'how-it-works.html',
  'comparison.html',
  'cli.html',
  'commands/build.html',
  'errors.html',
];

describe.skipIf(!hasSite() || !hasBrowser())('the site', () => {
  const site = siteForTests();
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());

  async function open(
    path: string,
    look: { readonly scheme?: 'light' | 'dark' } = {},
  ): Promise<{ page: Page; troubles: string[] }> {
    if (browser === undefined) throw new Error('the browser has not started');
    const page = await browser.newPage({
      viewport: { width: 1280, height: 900 },
      colorScheme: look.scheme ?? 'light',
      reducedMotion: 'reduce',
    });
    const troubles: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) troubles.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => troubles.push(`exception: ${error.message}`));
    page.on('response', (response) => {
      if (response.status() >= 400) troubles.push(`${response.status()}: ${response.url()}`);
    });
    await page.route('**/*', async (request) => {
      const url = request.request().url();
      if (url.startsWith(`${site.url()}/`) || url.startsWith('data:')) return request.continue();
      troubles.push(`request: ${url}`);
      return request.abort();
    });
    await page.goto(`${site.url()}/${path}`, { waitUntil: 'networkidle' });
    return { page, troubles };
  }

  it('has a page for each document and each command', () => {
    for (const name of [...PAGES, ...COMMANDS.map((line) => `commands/${line.name}.html`)])
      expect(site.read(name), name).toContain('<h1');
  });

  it('names nothing outside of it that a page would load', () => {
    for (const name of PAGES)
      expect([
        ...site.read(name).matchAll(/<(?:script|link|img|source|iframe)\b[^>]*"(?:https?:)?\/\/[^"]*"/g),
      ]).toEqual([]);
  });

  it('leads from the front page to every page, and each has a title', () => {
    const seen = new Map<string, string>();
    const todo = ['/index.html'];
    for (let at = todo.shift(); at !== undefined; at = todo.shift()) {
      if (seen.has(at)) continue;
      const html = site.read(at);
      seen.set(at, /<title>(.*?)<\/title>/.exec(html)?.[1] ?? '');
      const links = [...html.matchAll(/<a\b[^>]*?\bhref="([^"#]+)/g)].map(([, href = '']) => href);
      const inside = links
        .map((href) => new URL(href, `${site.url()}${at}`))
        .filter((url) => url.origin === site.url());
      todo.push(
        ...inside.map(({ pathname }) => pathname.replace(/\/$/, '/index.html').replace(/(\/[\w-]+)$/, '$1.html')),
      );
    }
    expect([...seen].filter(([, title]) => !/^.+ \| tare$|^tare$/.test(title))).toEqual([]);
    const wanted = [...PAGES, ...COMMANDS.map(({ name }) => `commands/${name}.html`)].map((name) => `/${name}`);
    expect(wanted.filter((path) => !seen.has(path))).toEqual([]);
  });

  for (const scheme of ['light', 'dark'] as const)
    it.each(LOOKED_AT)(`can be read by everybody in ${scheme}, also on a telephone: %s`, async (path) => {
      const { page, troubles } = await open(path, { scheme });
      await expectAccessible(page);
      await page.setViewportSize({ width: 390, height: 800 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
      expect(troubles).toEqual([]);
      await page.close();
    });

  it('shows the picture of the colours that were chosen', async () => {
    const { page } = await open('', { scheme: 'light' });
    const shown = (): Promise<unknown> =>
      page.evaluate(
        '[...document.querySelectorAll("main img")].filter((i) => i.checkVisibility()).map((i) => i.src.replace(/.*treemap-1280-(\\w+).*/, "$1"))',
      );
    expect(await shown()).toEqual(['light']);
    await page.click('.VPNavBarAppearance button');
    expect(await shown()).toEqual(['dark']);
    await page.close();
  });

  it('finds a page by a word of it', async () => {
    const { page, troubles } = await open('');
    await page.click('#local-search button');
    await page.fill('.search-input', 'E_PORT_IN_USE');
    await page.waitForSelector('.result');
    expect(await page.textContent('.results')).toContain('E_PORT_IN_USE');
    expect(troubles).toEqual([]);
    await page.close();
  });

  it('leads to the heading of an error', async () => {
    const { page } = await open('errors.html#e_port_in_use');
    expect(await page.textContent('#e_port_in_use')).toContain('E_PORT_IN_USE');
    await page.close();
  });
});
