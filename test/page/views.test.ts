import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import { explore } from '../../src/explain/explore/explore.ts';
import { pageOf } from '../../src/report/page/html.ts';
import { openStore } from '../../src/store/index.ts';
import { openImage } from '../../src/transports/index.ts';
import type { MostExpensive } from '../../src/explain/most-expensive.ts';
import type { Dissection } from '../../src/explain/layers/types.ts';
import type { Trend } from '../../src/explain/trend.ts';
import type { Inspection } from '../../src/explain/inspect.ts';
import type { Why } from '../../src/explain/why.ts';
import { count, size } from '../../src/page/text.ts';
import { browserForTests, hasBrowser, settled, type OpenedPage } from '../helpers/browser.ts';
import { tareJson } from '../helpers/cli.ts';
import { exploredForTests } from '../helpers/explored.ts';
import type { LayerEntry } from '../helpers/images.ts';

const NAIVE: readonly (readonly LayerEntry[])[] = [
  [
    { path: 'usr/lib/libbig.so', content: 'b'.repeat(60_000) },
    { path: 'usr/share/doc/manual.txt', content: 'd'.repeat(30_000) },
    { path: 'var/cache/old.bin', content: 'o'.repeat(20_000) },
    { path: 'etc/app.conf', content: 'one' },
  ],
  [
    { path: 'var/cache/.wh.old.bin' },
    { path: 'usr/lib/libbig.so', content: 'c'.repeat(50_000) },
    { path: 'srv/app/main.js', content: 'm'.repeat(7000) },
  ],
];
const SMALL: readonly (readonly LayerEntry[])[] = [
  [
    { path: 'usr/lib/libbig.so', content: 'c'.repeat(50_000) },
    { path: 'etc/app.conf', content: 'another' },
    { path: 'srv/app/main.js', content: 'm'.repeat(7000) },
    { path: 'srv/app/new.js', content: 'n'.repeat(100) },
  ],
];

describe.skipIf(!hasBrowser())('the views of the page', () => {
  const { open } = browserForTests();
  const explored = exploredForTests();

  async function pair(): Promise<string> {
    const history = [{ created_by: 'FROM scratch base' }, { created_by: '/bin/sh -c make everything' }];
    await explored.put({ name: 'naive:1', layers: NAIVE, config: { history } });
    await explored.put({ name: 'small:1', layers: SMALL });
    return explored.page('pair', 'small:1', '--against', 'naive:1');
  }

  const textOf = async ({ page }: OpenedPage, selector: string): Promise<string> =>
    (await page.innerText(selector)).replaceAll(/\s+/g, ' ');
  /** Texts of the cells of a table's rows. */
  const cells = ({ page }: OpenedPage, caption: string): Promise<readonly (readonly string[])[]> =>
    page
      .locator('table', { has: page.locator('caption', { hasText: caption }) })
      .locator('tbody tr')
      .evaluateAll((rows) =>
        rows.map((row) => [...row.children].map((cell) => (cell.textContent ?? '').replaceAll(/\s+/g, ' ').trim())),
      );
  const plain = (text: string): string => text.replaceAll('\u00a0', ' ');
  const close = async (opened: OpenedPage): Promise<void> => {
    expect(opened.troubles).toEqual([]);
    await opened.page.close();
  };

  it('say what inspect says', async () => {
    const answer = await tareJson<Inspection>(['inspect', 'node-status'], { home: explored.home });
    const opened = await open(await explored.page('own', 'node-status'));
    const summary = await textOf(opened, '.summary');
    for (const told of [
      size(answer.size.disk),
      size(answer.size.wire),
      count(answer.files),
      count(answer.layers.length),
    ])
      expect(summary).toContain(plain(told));
    await opened.go('about');
    const about = await textOf(opened, '.about');
    expect(about).toContain(answer.digest);
    for (const { name, version } of answer.runtimes) expect(about).toContain(`${name} ${version}`);
    for (const value of answer.config.config?.Env ?? []) expect(about).toContain(value);
    for (const { name, version } of answer.findings.libc) expect(about).toContain(`${name} ${version}`);
    await close(opened);
  });

  it('show how sizes went, when they were written down', async () => {
    await pair();
    const file = join(explored.home, 'sizes.jsonl');
    const compare = (image: string): Promise<unknown> =>
      tareJson(['compare', image, 'naive:1', '--history', file], { home: explored.home });
    await compare('small:1');
    await explored.put({ name: 'small:1', layers: NAIVE });
    const answer = await tareJson<{ trends: readonly Trend[] }>(['compare', 'small:1', '--history', file], {
      home: explored.home,
    });
    const [first, second] = answer.trends[0]?.points ?? [];
    const opened = await open(await explored.page('trend', 'small:1', '--history', file), { route: 'trend' });
    expect(await textOf(opened, '.tiles')).toContain(plain(size(second?.disk ?? -1)));
    expect((await cells(opened, 'Images, the newest first')).map(([, , disk]) => disk)).toEqual([
      plain(size(second?.disk ?? -1)),
      plain(size(first?.disk ?? -1)),
    ]);
    expect(await opened.page.locator('.lines .dot.disk').count()).toBe(2);
    await opened.go('trend?of=1');
    expect(await opened.page.locator('.lines .dot.disk').count()).toBe(1);
    await close(opened);
    const without = await open(await explored.page('own', 'node-status'));
    expect(await textOf(without, '.tabs')).not.toContain('Trend');
    await close(without);
  });

  it('say what layers says', async () => {
    const answer = await tareJson<Dissection>(['layers', 'naive:1', '--limit', '0'], {
      home: (await pair(), explored.home),
    });
    const opened = await open(await explored.page('naive', 'naive:1'), { route: 'layers/0' });
    expect(await textOf(opened, '.tiles')).toContain(plain(size(answer.wastedBytes)));
    expect(await textOf(opened, '.tiles')).toContain(`${(answer.efficiency * 100).toFixed(1)}%`);
    const rows = await cells(opened, 'Layers, the base first');
    expect(rows.map(([name, disk, , wire, wasted]) => [name, disk, wire, wasted])).toEqual(
      answer.layers.map(({ createdBy, disk, index, wasted, wire }) => [
        `${index}${createdBy}`,
        plain(size(disk)),
        plain(size(wire)),
        wasted === 0 ? '–' : plain(size(wasted)),
      ]),
    );
    expect(await cells(opened, 'Paths of layer 0')).toContainEqual([
      '/usr/lib/libbig.so',
      '60.0 kB',
      'added, hidden later',
    ]);
    const wasteful = await cells(opened, 'Paths of which copies');
    expect(wasteful.map(([path, bytes]) => [path, bytes])).toEqual(
      answer.inefficiencies.map(({ bytes, path }) => [path, plain(size(bytes))]),
    );
    const widths = await opened.page
      .locator('.strip li')
      .evaluateAll((items) => items.map((item) => item.getBoundingClientRect().width));
    const [first = 0, second = 0] = widths;
    expect(first / second).toBeCloseTo((answer.layers[0]?.disk ?? 0) / (answer.layers[1]?.disk ?? 1), 1);
    await close(opened);
  });

  it('say what why says', async () => {
    const { expenses } = await tareJson<MostExpensive>(['why', 'node-status', '--most-expensive', '--limit', '0'], {
      home: explored.home,
    });
    const opened = await open(await explored.page('own', 'node-status'), { route: 'why' });
    const rows = await cells(opened, 'What costs the most');
    expect(rows.map(([, keeps]) => keeps)).toEqual(
      expenses.slice(0, rows.length).map(({ keeps }) => plain(size(keeps))),
    );
    const path = '/lib/x86_64-linux-gnu/libm.so.6';
    const files = await tareJson<readonly { readonly path: string }[]>(['files', 'node-status'], {
      home: explored.home,
    });
    const library = files.find((row) => row.path.endsWith('/libm.so.6'))?.path ?? path;
    const { chain } = await tareJson<Why>(['why', 'node-status', library], { home: explored.home });
    await opened.go(`why${library}`);
    const steps = await opened.page
      .locator('.chain > li')
      .evaluateAll((items) => items.map((item) => item.textContent ?? ''));
    expect(steps.length).toBe(chain.length);
    for (const [at, { because, path: subject }] of chain.entries()) {
      expect(steps[at]).toContain(subject);
      expect(steps[at]).toContain(because);
    }
    await close(opened);
  });

  it('say what became of the original', async () => {
    const opened = await open(await pair(), { route: 'diff' });
    expect(await textOf(opened, '.summary')).toContain('57.1 kB 34% smaller of 87.0 kB');
    expect(await textOf(opened, '.balance-legend')).toBe(
      'Kept as they were 57.0 kB 2 files, 65% Kept, but changed 7 B 1 file, <0.1% Added 100 B 1 file, 0.1% Dropped 30.0 kB 1 file, 34%',
    );
    expect(await cells(opened, 'Files that were dropped')).toEqual([['/usr/share/doc/manual.txt', '30.0 kB', '–']]);
    await opened.go('diff?show=changed');
    expect(await cells(opened, 'Files that were changed')).toEqual([['/etc/app.conf', '3 B', '7 B', 'content', '–']]);
    await opened.go('diff?show=added');
    expect(await cells(opened, 'Files that were added')).toEqual([['/srv/app/new.js', '100 B', '–']]);
    await opened.go('diff?show=kept&sort=name');
    expect((await cells(opened, 'Files that were kept')).map(([path]) => path)).toEqual([
      '/srv/app/main.js',
      '/usr/lib/libbig.so',
    ]);
    await opened.go('diff?by=type');
    expect(await cells(opened, 'What was dropped')).toEqual([
      ['documentation', '30.0 kB', '1 file', 'nothing', 'gone'],
    ]);
    await opened.page.locator('.tools a', { hasText: 'Kept' }).click();
    await settled(opened.page);
    expect(await opened.page.evaluate('location.hash')).toBe('#/diff?show=kept&by=type');
    await opened.go('why/usr/share/doc/manual.txt');
    expect(await textOf(opened, '.why')).toContain('It was left out');
    await opened.go('why/srv/app/main.js');
    expect(await textOf(opened, '.why')).toContain('layer 0');
    await close(opened);
  });

  it('lead by their address to what is looked at', async () => {
    const opened = await open(await pair(), { route: 'treemap/usr/share?of=original&by=type' });
    expect(await textOf(opened, '.crumbs')).toBe('/ usr share');
    expect(await cells(opened, 'What is in /usr/share')).toEqual([['documentation', '30.0 kB', '100%', '1 file']]);
    await opened.go('treemap/usr/lib?of=original');
    expect(await cells(opened, 'What is in /usr/lib')).toEqual([['libbig.so', '50.0 kB', '100%', '1 file']]);
    await opened.go('treemap?of=original&by=fate');
    expect(await textOf(opened, '.legend')).toBe('kept as it was 57.0 kB kept, changed 3 B dropped 30.0 kB');
    await opened.page.goBack();
    await settled(opened.page);
    expect(await textOf(opened, '.crumbs')).toBe('/ usr lib');
    await opened.go('treemap/no/such/folder?by=nonsense&group=77');
    expect(await textOf(opened, '.crumbs')).toBe('/');
    for (const route of ['nonsense', 'layers/99', 'why/no/such', 'search?q=', 'timeline?phase=9', '%ff%zz?&=&a'])
      await opened.go(route);
    await close(opened);
  });

  it('work by keyboard', async () => {
    const opened = await open(await pair());
    const { page } = opened;
    const hash = (): Promise<string> => page.evaluate<string>('location.hash');
    await page.keyboard.press('/');
    await page.keyboard.type('*.js');
    await settled(page);
    expect(await hash()).toBe('#/search?q=*.js');
    expect((await cells(opened, 'In the image')).map(([path]) => path)).toEqual([
      '/srv/app/main.js',
      '/srv/app/new.js',
    ]);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await settled(page);
    expect(await hash()).toBe('#/why/srv/app/main.js');
    await opened.go('treemap');
    await page.focus('canvas');
    await page.keyboard.press('ArrowRight');
    expect(await textOf(opened, '[aria-live]')).toBe('/usr, 50.0 kB');
    await page.keyboard.press('Enter');
    await settled(page);
    expect(await hash()).toBe('#/treemap/usr');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await settled(page);
    expect(await hash()).toBe('#/treemap/usr/lib');
    for (const [key, wanted] of [
      ['+', '#/treemap/usr/lib'],
      ['Escape', '#/treemap/usr/lib'],
      ['Escape', '#/treemap/usr'],
      ['Escape', '#/treemap'],
      ['Escape', '#/treemap'],
    ] as const) {
      await page.keyboard.press(key);
      await settled(page);
      expect(await hash()).toBe(wanted);
    }
    await close(opened);
  });

  it('are steered with the mouse', async () => {
    const opened = await open(await pair());
    const { page } = opened;
    const box = await page.locator('canvas').boundingBox();
    if (box === null) throw new Error('the treemap is not seen');
    await page.mouse.move(box.x + 40, box.y + 120);
    await settled(page);
    expect(await textOf(opened, '.tip')).toContain('/usr/lib/libbig.so');
    await page.mouse.click(box.x + 40, box.y + 120);
    await settled(page);
    expect(await textOf(opened, '.card')).toContain('shared libraries');
    await page.mouse.dblclick(box.x + 40, box.y + 120);
    await settled(page);
    expect(await page.evaluate('location.hash')).toBe('#/treemap/usr');
    await close(opened);
  });

  it('draw what they say: no pixel of the treemap is of one colour alone, and areas are shares', async () => {
    const opened = await open(await pair(), { route: 'treemap?by=type' });
    const shares = await opened.page.evaluate<Record<string, number>>(`(() => {
      const canvas = document.querySelector('canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const counts = {};
      for (let at = 0; at < data.length; at += 4) {
        const key = data[at] + ',' + data[at + 1] + ',' + data[at + 2];
        counts[key] = (counts[key] ?? 0) + 4 / data.length;
      }
      return counts;
    })()`);
    // Shared libraries have the first colour, JavaScript the second: 50.0 and 7.1 kB of 57.1.
    expect(shares['79,159,208']).toBeGreaterThan(0.75);
    expect(shares['234,176,74']).toBeGreaterThan(0.07);
    expect(shares['234,176,74']).toBeLessThan(0.13);
    await close(opened);
  });

  it('fit on 400 pixels and are wide on many', async () => {
    for (const width of [400, 3840])
      for (const route of [
        'treemap',
        'layers/0',
        'why',
        'why/usr/lib/libbig.so',
        'diff?by=package',
        'timeline',
        'about',
        'search?q=usr',
      ]) {
        const opened = await open(await pair(), { route, width });
        const overflow = await opened.page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        expect({ route, overflow }).toEqual({ route, overflow: Math.min(0, overflow) });
        await close(opened);
      }
  });

  it('tell what is worth a look, and never a secret itself', async () => {
    const token = `ghp_${'a1B2'.repeat(9)}`;
    await explored.put({
      name: 'careless:1',
      layers: [
        [
          { path: 'usr/bin/su', content: 'su', mode: 0o4755 },
          { path: 'root/.npmrc', content: `//registry.npmjs.org/:_authToken=npm_${'x9Y8'.repeat(9)}\n` },
          { path: 'srv/.env', content: `GITHUB_TOKEN=${token}\n` },
        ],
        [{ path: 'root/.wh..npmrc' }],
      ],
      config: { config: { WorkingDir: '/srv' } },
    });
    const { findings } = await tareJson<Inspection>(['inspect', 'careless:1'], { home: explored.home });
    const opened = await open(await explored.page('careless', 'careless:1'), { route: 'about' });
    expect(await textOf(opened, '.findings')).toContain('It runs as root');
    expect(await textOf(opened, '.findings')).toContain(`${findings.secrets.length} suspected secret`);
    const rows = await cells(opened, 'Suspected secrets');
    expect(rows.map(([path, kind]) => [path, kind])).toEqual(findings.secrets.map(({ kind, path }) => [path, kind]));
    expect(rows.length).toBeGreaterThan(1);
    expect(await cells(opened, 'Files with special permissions')).toEqual([['/usr/bin/su', '4755', 'setuid']]);
    expect(await opened.page.content()).not.toContain(token);
    expect(await textOf(opened, '.tabs')).toContain('About 3 findings');
    await close(opened);
  });

  it('say that small files of very many are taken together', async () => {
    const many = Array.from({ length: 400 }, (_, at) => ({ path: `d${at % 4}/f${at}`, content: 'x'.repeat(at) }));
    await explored.put({ name: 'many:1', layers: [many] });
    const store = await openStore({ home: explored.home });
    const ctx = createContext();
    const data = await explore({ image: await openImage('many:1', { store, ctx }), store, ctx, maxRows: 60 });
    const file = join(explored.home, 'many.html');
    writeFileSync(file, (await pageOf(data)).html);
    const opened = await open(file, { route: 'treemap/d1' });
    expect(await textOf(opened, '.side')).toContain('taken together');
    expect(await textOf(opened, '.summary')).toContain('Files 400');
    expect((await cells(opened, 'What is in /d1')).some(([name]) => /^\d+ small files$/.test(name ?? ''))).toBe(true);
    await close(opened);
  });

  it('say how to get what they have not', async () => {
    await pair();
    const opened = await open(await explored.page('naive', 'naive:1'), { route: 'why' });
    expect(await textOf(opened, '.hint')).toContain('tare shrink naive:1');
    await opened.go('diff');
    expect(await textOf(opened, '.hint')).toContain('--against');
    await opened.go('timeline');
    expect(await textOf(opened, '.hint')).toContain('tare observe');
    await close(opened);
  });

  it('remember the colours that were chosen', async () => {
    const opened = await open(await pair());
    const { page } = opened;
    const scheme = (): Promise<string> => page.evaluate<string>('document.documentElement.dataset.scheme');
    const button = page.locator('button[aria-label^="Colours"]');
    expect(await scheme()).toBe('light');
    await button.click();
    expect(await scheme()).toBe('light');
    await button.click();
    expect(await scheme()).toBe('dark');
    await page.reload();
    await page.waitForSelector('#page[data-state="open"]');
    expect(await scheme()).toBe('dark');
    await page.emulateMedia({ media: 'print' });
    await settled(page);
    expect(await scheme()).toBe('light');
    expect(await page.locator('.tools').isVisible()).toBe(false);
    await close(opened);
  });
});
