import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { needs } from './needs.ts';

/** The browser that Debian has; nothing is downloaded. */
const PROGRAM = 'chromium';

export const hasBrowser = (): boolean => needs(PROGRAM);

export interface OpenOptions {
  /** Behind the `#`. */
  readonly route?: string;
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
}

export interface OpenedPage {
  readonly page: Page;
  /** Console errors, exceptions, and requests that would have left the page: to be empty. */
  readonly troubles: readonly string[];
  go(route: string): Promise<void>;
}

/** A browser for all tests of a file. Call it where tests are described. */
export function browserForTests(): { open(file: string, options?: OpenOptions): Promise<OpenedPage> } {
  let browser: Browser | undefined;
  beforeAll(async () => {
    // Tests run as root, where Chromium's own sandbox does not.
    browser = await chromium.launch({ executablePath: `/usr/bin/${PROGRAM}`, args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());
  return {
    async open(file, { height = 860, route = '', scheme = 'light', width = 1280 } = {}) {
      if (browser === undefined) throw new Error('the browser has not started');
      const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme, reducedMotion: 'reduce' });
      const troubles: string[] = [];
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) troubles.push(`console: ${message.text()}`);
      });
      page.on('pageerror', (error) => troubles.push(`exception: ${error.message}`));
      page.on('dialog', (dialog) => {
        troubles.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      const home = file.startsWith('http://') ? file : pathToFileURL(file).href;
      await page.route('**/*', async (request) => {
        const url = request.request().url();
        if (url.split('#')[0] === home || url.startsWith('data:')) return request.continue();
        troubles.push(`request: ${url}`);
        return request.abort();
      });
      await page.goto(`${home}#/${route}`);
      await page.waitForSelector('#page[data-state="open"]');
      return {
        page,
        troubles,
        async go(next) {
          await page.evaluate(`location.hash = ${JSON.stringify(`#/${next}`)}`);
          await settled(page);
        },
      };
    },
  };
}

/** Waits until what was asked for is drawn. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
}

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** Fails with what axe-core finds to keep people from using the page. The policy of the page keeps scripts out, but not those of the tool that steers the browser. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(
    serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html}\n${node.failureSummary}`).join('\n')}`),
  ).toEqual([]);
}
