import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { sha256, type Digest } from '../../../src/base/digest.ts';
import type { TareEvent } from '../../../src/base/events.ts';
import { httpFiles, type HttpOptions } from '../../../src/solve/local/http-source.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';

interface Web {
  readonly url: string;
  readonly port: number;
  readonly asked: IncomingMessage[];
}

async function web(
  answer: RequestListener,
  create: (listener: RequestListener) => Server = createServer,
): Promise<Web> {
  const asked: IncomingMessage[] = [];
  const server = create((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, asked };
}

interface Fetched {
  readonly text: string;
  readonly cached: boolean;
}

function fetcher(more: Partial<HttpOptions> = {}): {
  readonly home: string;
  get(url: string, checksum?: string): Promise<Fetched>;
  entry(url: string): Promise<unknown>;
  /** Half-written ones. */
  parts(): readonly string[];
} {
  const home = tempDir();
  const options: HttpOptions = { home, env: {}, ctx: createContext(), ...more };
  const files = (url: string, checksum?: string): ReturnType<typeof httpFiles> =>
    httpFiles(
      { kind: 'http', url, filename: 'f', ...(checksum === undefined ? {} : { checksum: checksum as Digest }) },
      options,
    );
  const dir = join(home, 'tare/solve/downloads');
  return {
    home,
    get: async (url, checksum) => {
      const { cached, files: found } = await files(url, checksum);
      const [entry] = found.tree.children('/' as never);
      if (entry?.content?.in !== 'host') throw new Error('no file');
      const sha256Of = await found.digestsOf([entry]);
      const bytes = readFileSync(entry.content.path);
      expect(`sha256:${sha256Of(entry)}`).toBe(sha256(bytes));
      return { text: bytes.toString('utf8'), cached };
    },
    entry: async (url) => (await files(url)).files.tree.children('/' as never)[0],
    parts: () => (existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith('.part')) : []),
  };
}

const content: RequestListener = (_, response) => response.end('content');

describe('a file of the network', () => {
  it('is 0600, of root, and of the time that the server says', async () => {
    const { url } = await web((_, response) =>
      response.setHeader('last-modified', 'Tue, 01 Jan 2030 00:00:00 GMT').end('content'),
    );
    expect(await fetcher().entry(`${url}/x`)).toMatchObject({
      path: '/f',
      type: 'file',
      mode: 0o600,
      uid: 0,
      gid: 0,
      size: 7,
      mtime: 1_893_456_000,
    });
    const plain = await web(content);
    expect(await fetcher().entry(`${plain.url}/x`)).toMatchObject({ mtime: 0 });
  });

  it.each([
    ['etag', 'if-none-match', '"one"', '"two"'],
    ['last-modified', 'if-modified-since', 'Tue, 01 Jan 2019 00:00:00 GMT', 'Wed, 02 Jan 2019 00:00:00 GMT'],
  ])('is not sent again while its %s is the same', async (name, question, first, second) => {
    let tag = first;
    const { asked, url } = await web((request, response) => {
      if (request.headers[question] === tag) return response.writeHead(304).end();
      return response.setHeader(name, tag).end(`content of ${tag}`);
    });
    const { get } = fetcher();
    expect(await get(`${url}/x`)).toEqual({ text: `content of ${first}`, cached: false });
    expect(await get(`${url}/x`)).toEqual({ text: `content of ${first}`, cached: true });
    tag = second;
    expect(await get(`${url}/x`)).toEqual({ text: `content of ${second}`, cached: false });
    expect(asked).toHaveLength(3);
  });

  it('is sent again when the copy was touched or is gone', async () => {
    const { url } = await web((request, response) =>
      request.headers['if-none-match'] === undefined
        ? response.setHeader('etag', '"x"').end('content')
        : response.writeHead(304).end(),
    );
    const { get, home } = fetcher();
    await get(`${url}/x`);
    const dir = join(home, 'tare/solve/downloads');
    const file = readdirSync(dir).find((name) => /^[0-9a-f]{64}$/.test(name)) ?? '';
    writeFileSync(join(dir, file), 'contEnt');
    expect(await get(`${url}/x`)).toEqual({ text: 'content', cached: false });
    for (const name of readdirSync(dir).filter((name) => name.endsWith('.json')))
      writeFileSync(join(dir, name), '{"sha256":1}');
    expect(await get(`${url}/x`)).toEqual({ text: 'content', cached: false });
  });

  it.each(['sha256', 'sha512'])('with a checksum (%s) is fetched once', async (algorithm) => {
    const { asked, url } = await web(content);
    const sum = execFileSync(`${algorithm}sum`, { input: 'content' }).toString('latin1').split(' ')[0];
    const { get } = fetcher();
    expect(await get(`${url}/x`, `${algorithm}:${sum}`)).toEqual({ text: 'content', cached: false });
    expect(await get(`${url}/elsewhere`, `${algorithm}:${sum}`)).toEqual({ text: 'content', cached: true });
    expect(asked).toHaveLength(1);
  });

  it('with another checksum is refused', async () => {
    const { url } = await web(content);
    const { get, parts } = fetcher();
    const wrong = get(`${url}/x`, sha256('other'));
    await expect(wrong).rejects.toMatchObject({
      code: 'E_DIGEST',
      message: expect.stringContaining(sha256('content')),
    });
    expect(parts()).toEqual([]);
  });

  it('tells how far it is', async () => {
    const { url } = await web((_, response) => response.setHeader('content-length', '7').end('content'));
    const events: TareEvent[] = [];
    await fetcher({ ctx: createContext({ onEvent: (event) => events.push(event) }) }).get(`${url}/x?token=secret`);
    expect(events.at(-1)).toEqual({ kind: 'step.progress', step: `fetch ${url}/x`, done: 7, total: 7, unit: 'bytes' });
  });

  it('follows redirects, ten at most', async () => {
    const { asked, url } = await web((request, response) => {
      const left = Number(request.url?.slice(1));
      return left === 0 ? response.end('content') : response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    const { get } = fetcher();
    expect((await get(`${url}/10`)).text).toBe('content');
    expect(asked).toHaveLength(11);
    await expect(get(`${url}/11`)).rejects.toMatchObject({
      code: 'E_FETCH',
      message: expect.stringContaining('10 times'),
    });
  });

  it.each(['ftp://a.example/x', 'file:///etc/passwd'])('follows none to %s', async (location) => {
    const { url } = await web((_, response) => response.writeHead(302, { location }).end());
    await expect(fetcher().get(`${url}/`)).rejects.toMatchObject({ code: 'E_FETCH' });
  });

  it('gives credentials to their own host alone, and shows them to nobody', async () => {
    const other = await web(content);
    const { asked, url } = await web((request, response) =>
      request.url === '/a'
        ? response.writeHead(302, { location: '/b' }).end()
        : response.writeHead(302, { location: `${other.url}/c?sig=hidden` }).end(),
    );
    const { get, home } = fetcher();
    const login = url.replace('//', '//me:pass%20word@');
    expect((await get(`${login}/a`)).text).toBe('content');
    const basic = `Basic ${Buffer.from('me:pass word').toString('base64')}`;
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([basic, basic]);
    expect(other.asked.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    const said = await get(`${login.replace(/:\d+$/, ':1')}/x?sig=hidden`).catch((error: unknown) => String(error));
    expect(said).toMatch(/cannot fetch http:\/\/127\.0\.0\.1:1\/x: /);
    expect(said).not.toMatch(/pass|hidden/);
    const dir = join(home, 'tare/solve/downloads');
    for (const name of readdirSync(dir)) expect(readFileSync(join(dir, name), 'utf8')).not.toMatch(/pass|hidden/);
  });

  it.each([401, 403, 404, 429, 500, 304, 204])('says what the answer was: %s', async (status) => {
    const { url } = await web((_, response) => response.writeHead(status).end());
    await expect(fetcher().get(`${url}/x`)).rejects.toMatchObject({
      code: 'E_FETCH',
      message: expect.stringMatching(new RegExp(`${url}/x: the answer is ${status}`)),
    });
  });

  it.each<[string, RequestListener]>([
    [
      'with a length',
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('content', () => response.destroy());
      },
    ],
    ['in chunks', (_, response) => void response.write('content', () => response.destroy())],
  ])('that breaks off in the middle is none: %s', async (_, answer) => {
    const { url } = await web(answer);
    const { get, parts } = fetcher();
    await expect(get(`${url}/x`)).rejects.toMatchObject({ code: 'E_FETCH' });
    expect(parts()).toEqual([]);
  });

  it.each([
    ['promised', { 'content-length': '1001' }],
    ['sent', {}],
  ])('has a limit: %s', async (_, headers) => {
    const { url } = await web((__, response) => response.writeHead(200, headers).end('x'.repeat(1001)));
    const { get, parts } = fetcher({ maxBytes: 1000 });
    await expect(get(`${url}/x`)).rejects.toMatchObject({ code: 'E_LIMIT' });
    expect(parts()).toEqual([]);
  });

  it('is given up with the build', async () => {
    const stop = new AbortController();
    const { url } = await web((_, response) => void response.write('content', () => stop.abort()));
    const { get, parts } = fetcher({ ctx: createContext({ signal: stop.signal }) });
    await expect(get(`${url}/x`)).rejects.toMatchObject({ code: 'E_CANCELLED' });
    expect(parts()).toEqual([]);
  });

  it('is asked for by the proxy of the environment', async () => {
    const proxy = await web(content);
    const login = proxy.url.replace('//', '//who:what@');
    const { get } = fetcher({ env: { http_proxy: login } });
    expect((await get('http://files.example/x?y=1')).text).toBe('content');
    expect(proxy.asked.map(({ headers, url }) => [url, headers.host, headers['proxy-authorization']])).toEqual([
      ['http://files.example/x?y=1', 'files.example', `Basic ${Buffer.from('who:what').toString('base64')}`],
    ]);
    const direct = await web(content);
    await get(`${direct.url}/x`);
    expect(direct.asked).toHaveLength(1);
  });

  it.skipIf(!needs('openssl'))(
    'over TLS: the authorities of SSL_CERT_FILE are believed, a way back to http is not gone',
    async () => {
      const dir = tempDir();
      const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
      const subject = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1'];
      execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:prime256v1',
          '-nodes',
          '-days',
          '2',
          ...subject,
          '-keyout',
          key,
          '-out',
          cert,
        ],
        { stdio: 'ignore' },
      );
      const plain = await web(content);
      const tls = { key: readFileSync(key), cert: readFileSync(cert) };
      const secure = await web(
        (request, response) =>
          request.url === '/down'
            ? response.writeHead(302, { location: `${plain.url}/x` }).end()
            : response.end('content'),
        (listener) => createSecureServer(tls, listener),
      );
      const url = `https://127.0.0.1:${secure.port}`;
      await expect(fetcher().get(`${url}/x`)).rejects.toMatchObject({
        code: 'E_FETCH',
        hint: expect.stringContaining('SSL_CERT_FILE'),
      });
      const { get } = fetcher({ env: { SSL_CERT_FILE: cert } });
      expect((await get(`${url}/x`)).text).toBe('content');
      await expect(get(`${url}/down`)).rejects.toMatchObject({
        code: 'E_FETCH',
        message: expect.stringContaining('not encrypted'),
      });
      expect(plain.asked).toHaveLength(0);
      await expect(fetcher({ env: { SSL_CERT_FILE: join(dir, 'none') } }).get(url)).rejects.toMatchObject({
        code: 'E_PATH_NOT_FOUND',
      });
    },
  );
});
