import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { downstream, gatewayOffered, route, startGateway } from '../../helpers/gateway.ts';
import { tempDir } from '../../helpers/temp.ts';

const offered = gatewayOffered();
const SECRET = 'a secret of at least thirty-two bytes';
const LATER = 4_102_444_800;
const GOOD = { iss: 'here', aud: 'there', exp: LATER, scope: 'read write' };

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const hs256 = (claims: object, secret: string = SECRET): string => {
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const counting = () => {
  let count = 0;
  return (_: unknown, response: { end(text: string): void }): void => response.end(JSON.stringify({ count: ++count }));
};

describe.skipIf(!offered)('who may ask, and how often', () => {
  it('lets in whoever has a good token, with the scope', async () => {
    const one = await downstream(counting());
    const dir = tempDir();
    writeFileSync(join(dir, 'key'), `${SECRET}\n`);
    const options = (scopes: readonly string[]) => ({
      AuthenticationOptions: { AuthenticationProviderKey: 'Bearer', AllowedScopes: scopes },
    });
    const { url } = await startGateway(dir, {
      Routes: [route('/any', [one], options([])), route('/admin', [one], options(['admin', 'write']))],
      AuthenticationProviders: {
        Bearer: { Algorithm: 'HS256', KeyFile: join(dir, 'key'), Issuer: 'here', Audience: 'there' },
      },
    });
    const [head, body] = hs256(GOOD).split('.');
    const bad = [
      hs256({ ...GOOD, exp: 1_000_000_000 }),
      hs256({ ...GOOD, nbf: LATER - 1 }),
      hs256({ ...GOOD, iss: 'elsewhere' }),
      hs256({ ...GOOD, aud: 'elsewhere' }),
      hs256(GOOD, 'another secret of thirty-two bytes'),
      `${part({ alg: 'none' })}.${body}.`,
      `${head}.${part({ ...GOOD, scope: 'admin' })}.${hs256(GOOD).split('.')[2]}`,
      'x.y.z',
      'x'.repeat(9000),
    ];
    for (const token of bad) expect([token, (await fetch(`${url}/any`, bearer(token))).status]).toEqual([token, 401]);
    const none = await fetch(`${url}/any`);
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect((await fetch(`${url}/any`, { headers: { authorization: 'Basic eDp5' } })).status).toBe(401);
    expect((await fetch(`${url}/admin`, bearer(hs256({ ...GOOD, scope: 'read' })))).status).toBe(403);
    expect(one.asked).toEqual([]);
    expect((await fetch(`${url}/any`, bearer(hs256(GOOD)))).status).toBe(200);
    expect((await fetch(`${url}/admin`, bearer(hs256({ ...GOOD, scope: ['write'] })))).status).toBe(200);
  });

  it('takes a public key for what it is, and not for a secret', async () => {
    const one = await downstream(counting());
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const dir = tempDir();
    writeFileSync(join(dir, 'key.pem'), pem);
    const { url } = await startGateway(dir, {
      Routes: [route('/a', [one], { AuthenticationOptions: { AuthenticationProviderKey: 'Idp' } })],
      AuthenticationProviders: { Idp: { Algorithm: 'RS256', KeyFile: join(dir, 'key.pem'), Issuer: 'here' } },
    });
    const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(GOOD)}`;
    const token = `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url')}`;
    expect((await fetch(`${url}/a`, bearer(token))).status).toBe(200);
    for (const secret of [pem, pem.trim()])
      expect((await fetch(`${url}/a`, bearer(hs256(GOOD, secret)))).status).toBe(401);
  });

  it('counts the requests of each client', async () => {
    const one = await downstream(counting());
    const { url } = await startGateway(tempDir(), {
      Routes: [
        route('/id', [one], { RateLimitOptions: { Period: '1h', Limit: 2, ClientIdHeader: 'X-Client' } }),
        route('/ip', [one], { RateLimitOptions: { Period: '1h', Limit: 1 } }),
        route('/free', [one]),
      ],
    });
    const ask = async (path: string, client = 'a') =>
      (await fetch(url + path, { headers: { 'x-client': client } })).status;
    expect([await ask('/id'), await ask('/id'), await ask('/id'), await ask('/id', 'b')]).toEqual([200, 200, 429, 200]);
    expect([await ask('/ip'), await ask('/ip', 'b'), await ask('/free'), await ask('/free')]).toEqual([
      200, 429, 200, 200,
    ]);
    const refused = await fetch(`${url}/ip`);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3000);
    expect(await refused.json()).toMatchObject({ status: 429 });
  });

  it('remembers answers of a route for as long as it says, and no more than they allow', async () => {
    const one = await downstream(counting());
    const secret = await downstream((incoming, response) => {
      const kind = new URL(incoming.url ?? '/', 'http://x').searchParams.get('kind');
      if (kind === 'cookie') response.setHeader('set-cookie', 'a=b');
      if (kind === 'private') response.setHeader('cache-control', 'private');
      if (kind === 'vary') response.setHeader('vary', 'X-Other');
      if (kind === 'error') response.statusCode = 404;
      response.end('{}');
    });
    const keep = { FileCacheOptions: { TtlSeconds: 3600 }, UpstreamHttpMethod: ['GET', 'POST'] };
    const { url } = await startGateway(tempDir(), {
      Routes: [route('/a', [one], keep), route('/s', [secret], keep)],
      GlobalConfiguration: { CacheOptions: { MaxEntries: 3 } },
    });
    const count = async (path: string, init: RequestInit = {}) =>
      ((await (await fetch(url + path, init)).json()) as { count: number }).count;
    expect([await count('/a'), await count('/a'), await count('/a?x')]).toEqual([1, 1, 2]);
    expect(await count('/a', bearer('one'))).toBe(3);
    expect(await count('/a', bearer('two'))).toBe(4);
    expect((await fetch(`${url}/a`, bearer('two'))).headers.get('age')).toBe('0');
    expect([await count('/a', { method: 'POST' }), await count('/a', { method: 'POST' })]).toEqual([5, 6]);
    // Three entries and no more: the first one, longest unused, has gone.
    expect(await count('/a')).toBe(7);
    for (const kind of ['cookie', 'private', 'vary', 'error'])
      for (let round = 0; round < 2; round++) await (await fetch(`${url}/s?kind=${kind}`)).text();
    expect(secret.asked).toHaveLength(8);
  });

  it('asks several at once, and names what failed', async () => {
    const name = await downstream((incoming, response) => response.end(JSON.stringify({ at: incoming.url })));
    const fails = await downstream((_, response) => response.writeHead(500).end('{}'));
    const text = await downstream((_, response) => response.end('not JSON'));
    const dir = tempDir();
    const closed = { AuthenticationOptions: { AuthenticationProviderKey: 'Bearer' } };
    const { url } = await startGateway(
      dir,
      {
        Routes: [
          route('/n', [name], { Key: 'n', DownstreamPathTemplate: '/n/{id}' }),
          route('/m', [name], { Key: 'm', DownstreamPathTemplate: '/m?of={id}', ...closed }),
          route('/f', [fails], { Key: 'f' }),
          route('/t', [text], { Key: 't' }),
        ],
        Aggregates: [
          { RouteKeys: ['n', 'm'], UpstreamPathTemplate: '/both/{id}' },
          { RouteKeys: ['n', 'f', 't'], UpstreamPathTemplate: '/some/{id}' },
          { RouteKeys: ['f', 't'], UpstreamPathTemplate: '/none' },
        ],
        AuthenticationProviders: { Bearer: { Algorithm: 'HS256', KeyEnv: 'GATEWAY_TEST_SECRET' } },
      },
      { GATEWAY_TEST_SECRET: SECRET },
    );
    const ask = async (path: string, init?: RequestInit) => {
      const answer = await fetch(url + path, init);
      return [answer.status, await answer.json()];
    };
    expect(await ask('/both/7', bearer(hs256(GOOD)))).toEqual([200, { n: { at: '/n/7' }, m: { at: '/m?of=7' } }]);
    expect(await ask('/both/7')).toEqual([207, { n: { at: '/n/7' }, errors: [{ key: 'm', status: 401 }] }]);
    const errors = [
      { key: 'f', status: 500 },
      { key: 't', status: 502 },
    ];
    expect(await ask('/some/7')).toEqual([207, { n: { at: '/n/7' }, errors }]);
    expect(await ask('/none')).toEqual([502, { errors }]);
  });
});
