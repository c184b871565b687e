import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { downstream, gatewayOffered, route, startGateway, stop } from '../../helpers/gateway.ts';
import { tempDir } from '../../helpers/temp.ts';

const offered = gatewayOffered();
const OK = (_: unknown, response: { end(text: string): void }): void => response.end('{"ok":true}');
/** A path as it is, which fetch would tidy up. */
const statusOfRaw = (url: string, path: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.once('error', reject).end();
  });

describe.skipIf(!offered)('what the gateway passes on', () => {
  it('hides what stands behind it, and hardens what it answers', async () => {
    const one = await downstream((_, response) => {
      response.setHeader('Server', 'Kestrel');
      response.setHeader('X-Powered-By', 'ASP.NET');
      response.setHeader('X-AspNet-Version', '4.0');
      response.setHeader('Connection', 'X-Hop, keep-alive');
      response.setHeader('X-Hop', '1');
      response.setHeader('X-Frame-Options', 'ALLOWALL');
      response.setHeader('X-Stays', 'yes');
      response.end('x');
    });
    const { url } = await startGateway(tempDir(), { Routes: [route('/a', [one])] });
    for (const path of ['/a', '/none', '/healthz']) {
      const { headers } = await fetch(url + path);
      for (const name of ['server', 'x-powered-by', 'x-aspnet-version', 'x-hop', 'via'])
        expect([path, name, headers.get(name)]).toEqual([path, name, null]);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d{7,}/);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    }
    expect((await fetch(`${url}/a`)).headers.get('x-stays')).toBe('yes');
  });

  it('passes on neither hop-by-hop headers nor what a client says of itself', async () => {
    const one = await downstream(OK);
    const { url } = await startGateway(tempDir(), { Routes: [route('/a', [one])] });
    await new Promise((resolve, reject) => {
      const headers = {
        connection: 'x-drop',
        'x-drop': '1',
        te: 'trailers',
        'x-forwarded-for': '10.9.8.7',
        'x-keep': '2',
      };
      request(`${url}/a?b=%20c&d`, { headers }, (response) => response.resume().once('end', resolve))
        .once('error', reject)
        .end();
    });
    expect(one.asked[0]).toMatchObject({
      url: '/a?b=%20c&d',
      headers: {
        'x-keep': '2',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
        host: `127.0.0.1:${one.at.Port}`,
      },
    });
    expect(Object.keys(one.asked[0]?.headers ?? {})).not.toEqual(expect.arrayContaining(['x-drop']));
    expect(one.asked[0]?.headers.te).toBeUndefined();
  });

  it('makes a request id, or passes a good one on', async () => {
    const one = await downstream(OK);
    const { url } = await startGateway(tempDir(), {
      Routes: [route('/a', [one])],
      GlobalConfiguration: { RequestIdKey: 'X-Trace' },
    });
    const made = (await fetch(`${url}/a`)).headers.get('x-trace');
    expect(made).toMatch(/^[0-9a-f-]{36}$/);
    expect(one.asked[0]?.headers['x-trace']).toBe(made);
    expect((await fetch(`${url}/a`, { headers: { 'x-trace': 'abc-1' } })).headers.get('x-trace')).toBe('abc-1');
    expect(one.asked[1]?.headers['x-trace']).toBe('abc-1');
    const bad = await fetch(`${url}/none`, { headers: { 'x-trace': 'a b' } });
    expect(bad.headers.get('content-type')).toContain('application/problem+json');
    const problem = (await bad.json()) as { requestId: string };
    expect(problem).toMatchObject({ status: 404, requestId: bad.headers.get('x-trace') });
    expect(problem.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('finds the most special route, and fills its template', async () => {
    const one = await downstream(OK);
    const { url } = await startGateway(tempDir(), {
      Routes: [
        route('/c/{everything}', [one], { DownstreamPathTemplate: '/rest/{everything}' }),
        route('/c/{id}', [one], { DownstreamPathTemplate: '/one?id={id}' }),
        route('/c/me', [one], { DownstreamPathTemplate: '/me' }),
        route('/c/{id}', [one], { UpstreamHttpMethod: ['PUT'], DownstreamPathTemplate: '/put/{id}' }),
      ],
    });
    for (const path of ['/c/me', '/c/7?x=1', '/c/a%20b/d', '/c/']) await fetch(url + path);
    await fetch(`${url}/c/7`, { method: 'PUT', body: 'x' });
    await fetch(`${url}/c/7`, { method: 'HEAD' });
    expect(one.asked.map(({ method, url: at }) => `${method} ${at}`)).toEqual([
      'GET /me',
      'GET /one?id=7&x=1',
      'GET /rest/a%20b/d',
      'GET /rest/',
      'PUT /put/7',
      'HEAD /one?id=7',
    ]);
    const wrong = await fetch(`${url}/c/7`, { method: 'PATCH' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, PUT']);
  });

  it('refuses paths that another route could hide in', async () => {
    const one = await downstream(OK);
    const { url } = await startGateway(tempDir(), { Routes: [route('/a/{everything}', [one])] });
    for (const path of ['/a/../b', '/a/%2e%2E/b', '/a/./b', '/a/%2fb', '/a/b%5cc', '/a/b\\c', '/a/%00', '/a/%zz'])
      expect([path, await statusOfRaw(url, path)]).toEqual([path, 400]);
    expect(one.asked).toEqual([]);
  });

  it('limits bodies to what is configured, and passes long answers on', async () => {
    const bytes = Buffer.alloc(5_000_000, 'tare');
    const one = await downstream((incoming, response) => {
      if (incoming.method === 'GET') return void response.end(bytes);
      const hash = createHash('sha256');
      incoming.on('data', (chunk: Buffer) => hash.update(chunk)).on('end', () => response.end(hash.digest('hex')));
    });
    const { url } = await startGateway(tempDir(), {
      Routes: [route('/a', [one], { UpstreamHttpMethod: ['GET', 'POST'], FileCacheOptions: { TtlSeconds: 60 } })],
      GlobalConfiguration: { MaxRequestBodyBytes: 2_000_000 },
    });
    expect(Buffer.from(await (await fetch(`${url}/a`)).arrayBuffer()).equals(bytes)).toBe(true);
    const whole = bytes.subarray(0, 2_000_000);
    const posted = await fetch(`${url}/a`, { method: 'POST', body: whole, headers: { 'content-type': 'x/y' } });
    expect(await posted.text()).toBe(createHash('sha256').update(whole).digest('hex'));
    expect((await fetch(`${url}/a`, { method: 'POST', body: bytes.subarray(0, 2_000_001) })).status).toBe(413);
    const chunked = await new Promise((resolve, reject) => {
      const outgoing = request(`${url}/a`, { method: 'POST' }, (response) => resolve(response.statusCode));
      outgoing.once('error', reject);
      outgoing.write(whole);
      outgoing.end('more');
    });
    expect(chunked).toBe(413);
  });

  it('transforms headers both ways', async () => {
    const one = await downstream((incoming, response) => {
      response.setHeader('Location', `http://127.0.0.1:${incoming.socket.localPort}/new`);
      response.setHeader('X-Secret', 's');
      response.writeHead(201).end();
    });
    const { url } = await startGateway(tempDir(), {
      Routes: [
        route('/a', [one], {
          UpstreamHeaderTransform: { 'X-Ip': '{RemoteIpAddress}', 'X-Old': 'a, b', Accept: '' },
          DownstreamHeaderTransform: { Location: '{DownstreamBaseUrl}, {BaseUrl}', 'X-Secret': '', 'X-New': 'n' },
        }),
      ],
      GlobalConfiguration: { BaseUrl: 'https://api.example.org' },
    });
    const answer = await fetch(`${url}/a`, { headers: { 'x-old': 'banana' }, redirect: 'manual' });
    expect(answer.headers.get('location')).toBe('https://api.example.org/new');
    expect([answer.headers.get('x-secret'), answer.headers.get('x-new')]).toEqual([null, 'n']);
    expect(one.asked[0]?.headers).toMatchObject({ 'x-ip': '127.0.0.1', 'x-old': 'bbnbnb' });
    expect(one.asked[0]?.headers.accept).toBeUndefined();
  });

  it('tells how it is, and what it has done', async () => {
    const one = await downstream(OK);
    const { url } = await startGateway(tempDir(), { Routes: [route('/a/{id}', [one])] });
    await fetch(`${url}/a/1`);
    await fetch(`${url}/nothing/secret`);
    expect(await (await fetch(`${url}/healthz`)).json()).toMatchObject({ status: 'OK' });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    await stop(one.server);
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 10_000 }).toBe(503);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('gateway_requests_total{route="/a/{id}",method="GET",status="200"} 1');
    expect(text).toContain('gateway_requests_total{route="none",method="GET",status="404"} 1');
    expect(text).not.toContain('secret');
  });
});
