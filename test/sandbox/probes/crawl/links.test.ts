import type { IncomingHttpHeaders } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFrontier } from '../../../../src/sandbox/probes/crawl/frontier.ts';
import { linksOf } from '../../../../src/sandbox/probes/crawl/links.ts';

const linksIn = async (
  type: string,
  body: string,
  path = '/',
  headers: IncomingHttpHeaders = {},
): Promise<readonly string[]> => {
  const links = await linksOf({ path, headers: { 'content-type': type, ...headers }, body: Buffer.from(body) });
  return links.map(({ base, guess, href }) => `${base ?? ''}${href}${guess === true ? ' ?' : ''}`);
};

describe('linksOf', () => {
  it.each<[string, string, readonly string[]]>([
    [
      'text/html; charset=utf-8',
      `<!doctype html><link rel=stylesheet href="/a.css"><link rel=preconnect href="https://cdn.example">
       <meta http-equiv=refresh content="5; URL='/next'"><a href="b?x=1&amp;y=2">b</a><A HREF=/c>c</A>
       <img src=d.png srcset="d1.png 1x, d2.png 2x"><script src="/e.js"></script><div style="background: url(f.png)">
       <style>@import "g.css"; .x { src: url('h.woff2') } /* url(old.png) */</style><!-- <a href=/no> -->
       <form action=/search><input type=image src=i.png></form><form method=post action=/buy></form>
       <script type=module>import './j.js'; fetch("/api/items"); const t = "a / b";</script>
       <video poster=k.jpg><source src=l.mp4></video><svg><use xlink:href="m.svg#x"/></svg>`,
      [
        '/a.css',
        '/next',
        'b?x=1&y=2',
        '/c',
        'd.png',
        'd1.png',
        'd2.png',
        '/e.js',
        'f.png',
        'g.css',
        'h.woff2',
        '/search',
        'i.png',
        './j.js ?',
        '/api/items ?',
        'k.jpg',
        'l.mp4',
        'm.svg#x',
      ],
    ],
    ['text/html', '<img srcset=" a.png 1x,b,c.png 2x , d.png, e.png,">', ['a.png', 'b,c.png', 'd.png', 'e.png']],
    ['text/html', '<base href="/sub/"><a href=x>', ['/sub/x']],
    ['image/svg+xml', '<svg xmlns="x"><image href="/p.png"/></svg>', ['/p.png']],
    [
      'text/css',
      '@import url("a.css"); b { background: url( c.png ) } d { x: url(data:image/png;base64,AA==) }',
      ['a.css', 'c.png', 'data:image/png;base64,AA=='],
    ],
    [
      'application/hal+json',
      '{"_links": {"self": {"href": "/a"}, "next": {"href": "/a{?page}"}}, "root": "/", "no": "/a b", "x": ["/b", "//c"]}',
      ['/a', '/b ?'],
    ],
    ['application/manifest+json', '{"start_url": "./", "icons": [{"src": "i.png"}], "name": "x"}', ['./', 'i.png']],
    ['application/json', '{"a": ', []],
    [
      'text/javascript',
      'import x from "./a.js"; import("/b.js"); const p = `/c`; const q = `/d/${x}`; const r = /re/',
      ['./a.js ?', '/b.js ?', '/b.js ?', '/c ?'],
    ],
    [
      'application/xml',
      '<urlset><url><loc>https://site.example/a?b=1&amp;c=2</loc></url><url><loc>/rel</loc></url></urlset>',
      ['/a?b=1&c=2 ?'],
    ],
    ['image/png', '<a href=/x>', []],
    ['', '<a href=/x>', []],
  ])('%s', async (type, body, links) => {
    expect(await linksIn(type, body)).toEqual(links);
  });

  it('reads headers and robots.txt', async () => {
    expect(await linksIn('text/plain', 'User-agent: *\nSitemap: https://x.example/map.xml\n', '/robots.txt')).toEqual([
      '/map.xml ?',
    ]);
    const headers = { location: '/l', refresh: '0;url=/r', link: '</s.css>; rel=preload, </t>; rel=next' };
    expect(await linksIn('text/plain', '', '/', headers)).toEqual(['/l', '/r', '/s.css', '/t']);
    expect(await linksIn('text/html', '<a href=/x>', '/', { 'content-encoding': 'gzip' })).toEqual([]);
  });

  it('is not impressed by anything', { timeout: 30_000 }, async () => {
    const types = ['text/html', 'text/css', 'application/json', 'text/javascript', 'application/xml', 'image/svg+xml'];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...types), fc.string({ unit: 'binary' }), async (type, body) => {
        expect((await linksIn(type, body)).length).toBeLessThanOrEqual(500);
      }),
    );
    // Each of these has once made some parser quadratic.
    for (const piece of [
      '<a href=',
      '<!--',
      'url(',
      'url("',
      '/*',
      '/* *',
      '@import ',
      '{"a":',
      '["/',
      '"/',
      'import ',
      '<loc> ',
      '<i>',
      '<a style="',
      '<script>',
      ' x,',
      'from',
    ]) {
      for (const type of types) expect((await linksIn(type, piece.repeat(100_000))).length).toBeLessThanOrEqual(500);
    }
    for (const piece of ['a', 'a ', 'a,', ', '])
      expect((await linksIn('text/html', `<img srcset="${piece.repeat(400_000)}">`)).length).toBeLessThanOrEqual(500);
  });
});

describe('createFrontier', () => {
  const root = { path: '/', depth: 0, guess: false };
  const all = (hrefs: readonly string[], from = { path: '/dir/page?x', depth: 1, guess: false }, base?: string) => {
    const frontier = createFrontier(8080, []);
    for (const href of hrefs) frontier.add(base === undefined ? { href } : { href, base }, from);
    const paths: string[] = [];
    for (let next = frontier.next(); next !== undefined; next = frontier.next()) paths.push(next.path);
    return { paths, cut: frontier.cut };
  };

  it.each<[string, string | undefined]>([
    ['a', '/dir/a'],
    ['../a#b', '/a'],
    ['../../../a', '/a'],
    ['?q=ü', '/dir/page?q=%C3%BC'],
    ['/a b', '/a%20b'],
    ['http://localhost:8080/x', '/x'],
    ['http://127.0.0.1:8080/x', '/x'],
    ['http://localhost:9090/x', undefined],
    ['//localhost:8080/x', '/x'],
    ['//cdn.example/x', undefined],
    ['https://example.com/', undefined],
    ['mailto:a@b', undefined],
    ['javascript:alert(1)', undefined],
    ['data:,x', undefined],
    ['http://[', undefined],
    [`/${'a'.repeat(3000)}`, undefined],
  ])('%s', (href, path) => {
    expect(all([href]).paths).toEqual(path === undefined ? [] : [path]);
  });

  it('respects a base', () => {
    expect(all(['x'], root, '/sub/').paths).toEqual(['/sub/x']);
    expect(all(['x'], root, 'https://cdn.example/').paths).toEqual([]);
  });

  it('asks everything once, in order, and not without end', () => {
    expect(all(['/b', '/a', '/b', '/b#x'])).toEqual({ paths: ['/b', '/a'], cut: false });
    expect(all(Array.from({ length: 100 }, (_, id) => `/item/${id}`))).toMatchObject({
      paths: { length: 8 },
      cut: true,
    });
    expect(all(Array.from({ length: 100 }, (_, id) => `/list?page=${id}`))).toMatchObject({
      paths: { length: 3 },
      cut: true,
    });
    const words = Array.from(
      { length: 900 },
      (_, id) => `/${String.fromCharCode(97 + (id % 26))}${String.fromCharCode(97 + Math.floor(id / 26))}`,
    );
    expect(all(words)).toMatchObject({ paths: { length: 200 }, cut: true });
    expect(all(['/x'], { path: '/', depth: 6, guess: false })).toEqual({ paths: [], cut: true });
  });
});
