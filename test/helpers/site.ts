import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { ROOT } from './markdown.ts';

const SITE = join(ROOT, 'site');

/** Whether the packages of the site are installed. With TARE_TEST_STRICT=1 it throws when they are not. */
export function hasSite(): boolean {
  const found = existsSync(join(SITE, 'node_modules/vitepress')) && existsSync(join(SITE, 'node_modules/cspell'));
  if (!found && process.env['TARE_TEST_STRICT'] === '1')
    throw new Error('TARE_TEST_STRICT=1, and site/node_modules is missing: script/bootstrap --all');
  return found;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

export interface BuiltSite {
  /** Without a slash at the end; only after beforeAll. */
  url(): string;
  /** Text of a built file. */
  read(name: string): string;
}

/** Builds the site once for a file of tests, and serves it on loopback. Call it where tests are described. */
export function siteForTests(): BuiltSite {
  const dist = join(SITE, 'dist');
  let server: Server | undefined;
  let url = '';
  beforeAll(async () => {
    execFileSync(process.execPath, [join(SITE, 'build.mjs')], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
    const opened = createServer((request, response) => {
      const path = decodeURIComponent(new URL(request.url ?? '/', 'http://site').pathname);
      const file = join(dist, path.endsWith('/') ? `${path}index.html` : path);
      const found = file.startsWith(dist) && statSync(file, { throwIfNoEntry: false })?.isFile() === true;
      response.writeHead(found ? 200 : 404, { 'content-type': TYPES[extname(file)] ?? 'text/plain' });
      response.end(found ? readFileSync(file) : 'not found');
    });
    await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve));
    server = opened;
    url = `http://127.0.0.1:${(opened.address() as AddressInfo).port}`;
  }, 240_000);
  afterAll(() => new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve))));
  return {
    url: () => url,
    read: (name) => readFileSync(join(dist, name), 'utf8'),
  };
}
