import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A small site for Node: pages, assets, an API with its description, what counts and what tells the time. */
const SITE = `
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
let count = 0;
const started = process.hrtime.bigint().toString();
const html = (body) => [200, 'text/html', body];
const json = (value) => [200, 'application/json', JSON.stringify(value)];
const pages = {
  '/': () => html('<link rel=stylesheet href=/site.css><a href="/list?page=1">list</a> <a href=//elsewhere.example/>no</a><a href=/dead>x</a><script src=/app.js></script>'),
  '/site.css': () => [200, 'text/css', 'body { background: url(img/a.png) }'],
  '/img/a.png': () => [200, 'image/png', 'png'],
  '/app.js': () => [200, 'text/javascript', 'fetch("/api/items"); const nothing = "/api/none"'],
  '/api/items': () => json({ items: [{ name: 'a' }], count: count++, _links: { next: { href: '/api/items/2' } } }),
  '/api/items/2': () => json({ name: 'b', started }),
  '/list?page=1': () => [302, 'text/plain', '', { location: '/moved' }],
  '/moved': () => html('<p>moved ' + readFileSync('/app/words.txt', 'utf8')),
  '/openapi.json': () => json({ openapi: '3.1.0', paths: { '/described': { get: {}, post: {} } } }),
  '/described': () => json({ ok: true }),
  '/events': () => [200, 'text/event-stream', undefined],
};
createServer((request, response) => {
  const page = pages[request.url];
  try {
    const [status, type, body, headers] = page === undefined ? [404, 'text/html', 'nothing at ' + request.url] : page();
    response.writeHead(status, { 'content-type': type, ...headers });
    if (body === undefined) response.write('data: x'); else response.end(body);
  } catch (error) {
    console.error(String(error));
    response.writeHead(500, { 'content-type': 'text/plain' });
    response.end('broken');
  }
}).listen(8080, () => console.log('listening'));
`;

/** Puts the site at /app/site.mjs of a root made by makeNodeRoot. It reads /app/words.txt for /moved alone. */
export function addSite(root: string): void {
  writeFileSync(join(root, 'app/site.mjs'), SITE);
  writeFileSync(join(root, 'app/words.txt'), 'words');
}
