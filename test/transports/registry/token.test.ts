import { describe, expect, it } from 'vitest';
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import type { Credentials } from '../../../src/transports/registry/types.ts';
import {
  errors,
  faultRegistry,
  respond,
  type FaultRegistry,
  type FaultRegistryOptions,
} from '../../helpers/fault-registry.ts';
import { failure } from '../sample.ts';
import { testClient } from './client.ts';

const MANIFEST = Buffer.from('{"schemaVersion":2}');

interface Issuer {
  readonly registry: FaultRegistry;
  /** Requests for tokens: method, query or form, and Authorization. */
  readonly asked: {
    readonly method: string;
    readonly values: URLSearchParams;
    readonly authorization: string | undefined;
  }[];
  /** Tokens that are refused from now on. */
  readonly expired: Set<string>;
}

/** A registry with its own token server, which counts tokens: t1, t2, … */
async function issuing(
  options: FaultRegistryOptions & { readonly answer?: (token: string) => unknown; readonly scope?: string } = {},
): Promise<Issuer> {
  const issued = new Set<string>();
  const expired = new Set<string>();
  const asked: Issuer['asked'] = [];
  const scope = options.scope === undefined ? '' : `,scope="${options.scope}"`;
  const registry = await faultRegistry({
    ...options,
    auth: {
      challenge: (host) => `Bearer realm="http://${host}/token?fixed=1",service="the service"${scope}`,
      accepts: (header) => issued.has(header.slice(7)) && !expired.has(header.slice(7)) && header.startsWith('Bearer '),
    },
  });
  registry.fault({
    path: /^\/token/,
    times: 1000,
    respond: async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const url = new URL(request.url ?? '', 'http://x');
      const values = request.method === 'POST' ? new URLSearchParams(body) : url.searchParams;
      asked.push({ method: request.method ?? '', values, authorization: request.headers.authorization });
      const token = `t${asked.length}`;
      issued.add(token);
      const answer = options.answer?.(token) ?? { token, expires_in: 300 };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    },
  });
  registry.manifests.set('a/b@1', { mediaType: OCI_MANIFEST, bytes: MANIFEST });
  registry.manifests.set('c@1', { mediaType: OCI_MANIFEST, bytes: MANIFEST });
  return { registry, asked, expired };
}

describe('the token flow', () => {
  it('asks once for each scope, and without credentials where there are none', async () => {
    const { asked, registry } = await issuing();
    const { client } = await testClient(registry.host);
    for (let count = 0; count < 3; count++) await client.getManifest('a/b', '1');
    await client.getManifest('c', '1');
    expect(asked.map(({ values }) => values.getAll('scope'))).toEqual([['repository:a/b:pull'], ['repository:c:pull']]);
    expect(asked[0]?.values.get('service')).toBe('the service');
    expect(asked[0]?.values.get('fixed')).toBe('1');
    expect(asked[0]?.authorization).toBeUndefined();
  });

  it('shows name and password to the token server alone', async () => {
    const { asked, registry } = await issuing();
    const { client } = await testClient(registry.host, { credentials: { username: 'me', password: 'pw' } });
    await client.getManifest('a/b', '1');
    expect(asked[0]?.authorization).toBe(`Basic ${Buffer.from('me:pw').toString('base64')}`);
    const others = registry.seen.filter(({ path }) => !path.startsWith('/token'));
    expect(others.every(({ headers }) => headers.authorization?.startsWith('Basic') !== true)).toBe(true);
  });

  it('exchanges an identity token', async () => {
    const { asked, registry } = await issuing({ answer: (token) => ({ access_token: token }) });
    const { client } = await testClient(registry.host, { credentials: { identityToken: 'refresh' } });
    await client.getManifest('a/b', '1');
    expect(asked[0]?.method).toBe('POST');
    expect(Object.fromEntries(asked[0]?.values ?? [])).toMatchObject({
      grant_type: 'refresh_token',
      refresh_token: 'refresh',
      scope: 'repository:a/b:pull',
      service: 'the service',
    });
  });

  it('asks for both repositories of a mount', async () => {
    const { asked, registry } = await issuing();
    const { client } = await testClient(registry.host);
    const descriptor = { mediaType: 'x/y', digest: `sha256:${'0'.repeat(64)}` as const, size: 0 };
    await client.uploadBlob('a/b', { descriptor, open: async function* () {}, mountFrom: 'c' }).catch(() => undefined);
    expect(asked.map(({ values }) => values.getAll('scope'))).toContainEqual([
      'repository:a/b:pull,push',
      'repository:c:pull',
    ]);
  });

  it('asks for what the registry demands as well', async () => {
    const { asked, registry } = await issuing({ scope: 'repository:a/b:pull,special other:thing:*' });
    const { client } = await testClient(registry.host);
    await client.getManifest('a/b', '1');
    expect(asked[0]?.values.getAll('scope')).toEqual(['other:thing:*', 'repository:a/b:pull,special']);
  });

  it('gets a new one when one is refused in the middle', async () => {
    const { asked, expired, registry } = await issuing();
    const { client } = await testClient(registry.host);
    await client.getManifest('a/b', '1');
    expired.add('t1');
    await client.getManifest('a/b', '1');
    expect(asked).toHaveLength(2);
  });

  it('gets a new one before one expires', async () => {
    const { asked, registry } = await issuing({ answer: (token) => ({ token, expires_in: 60 }) });
    let now = 0;
    const { client } = await testClient(registry.host, { pacing: { now: () => now } });
    await client.getManifest('a/b', '1');
    now = 45_000;
    await client.getManifest('a/b', '1');
    expect(asked).toHaveLength(1);
    now = 55_000;
    await client.getManifest('a/b', '1');
    expect(asked).toHaveLength(2);
  });

  it('finishes an upload whose token expires between its requests', async () => {
    const { asked, expired, registry } = await issuing({ minChunk: 16 * 1024 * 1024 });
    const bytes = Buffer.alloc(20 * 1024 * 1024, 7);
    const { client } = await testClient(registry.host);
    registry.fault({
      method: 'PATCH',
      respond: (request, response) => {
        expired.add('t1');
        request.resume();
        response
          .writeHead(401, { 'www-authenticate': `Bearer realm="http://${registry.host}/token",service="x"` })
          .end();
      },
    });
    const { sha } = await import('../../helpers/fault-registry.ts');
    const descriptor = { mediaType: 'x/y', digest: sha(bytes) as `sha256:${string}`, size: bytes.length };
    const open = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes;
    };
    expect(await client.uploadBlob('a/b', { descriptor, open })).toBe('uploaded');
    expect(asked.length).toBeGreaterThan(1);
  });

  it('gives up when the new one is refused, too', async () => {
    const { asked, registry } = await issuing({ answer: () => ({ token: 'never-issued' }) });
    const { client } = await testClient(registry.host);
    expect((await failure(client.getManifest('a/b', '1'))).code).toBe('E_AUTH');
    expect(asked.length).toBeLessThan(4);
  });

  it('asks once for many that need the same', async () => {
    const { asked, registry } = await issuing();
    const { client } = await testClient(registry.host);
    await Promise.all(Array.from({ length: 20 }, () => client.getManifest('a/b', '1')));
    expect(asked.length).toBeLessThanOrEqual(2);
  });

  const secret: Credentials = { username: 'me', password: 'top-secret' };
  it.each([
    ['refuses', respond(401, JSON.stringify(errors('UNAUTHORIZED'))), 'E_AUTH'],
    ['knows no such account', respond(404, '{"details":"x"}'), 'E_AUTH'],
    ['gives a page', respond(200, '<html>'), 'E_REGISTRY'],
    ['gives nothing', respond(200, '{}'), 'E_REGISTRY'],
    ['gives another header along', respond(200, JSON.stringify({ token: 'a\r\nX-Evil: 1' })), 'E_REGISTRY'],
    ['never ends', respond(200, Buffer.alloc(400_000, 32)), 'E_LIMIT'],
    ['leads in a circle', respond(302, '', { location: '/token' }), 'E_REGISTRY'],
    ['is out of order', respond(503), 'E_REGISTRY'],
  ])('says so when the token server %s', async (_what, answer, code) => {
    const registry = await faultRegistry({
      auth: { challenge: (host) => `Bearer realm="http://${host}/token"`, accepts: () => false },
    });
    registry.fault({ path: /^\/token/, times: 100, respond: answer });
    const { client } = await testClient(registry.host, { credentials: secret });
    const error = await failure(client.getManifest('a/b', '1'));
    expect(error.code).toBe(code);
    expect(error.message).not.toMatch(/top-secret|dG9wLXNlY3JldA/);
  });

  it.each(['', 'nonsense', 'ftp://x/token', 'file:///etc/passwd'])('refuses the realm %j', async (realm) => {
    const registry = await faultRegistry({
      auth: { challenge: () => `Bearer realm="${realm}"`, accepts: () => false },
    });
    const { client } = await testClient(registry.host, { credentials: secret });
    expect(['E_REGISTRY', 'E_AUTH']).toContain((await failure(client.getManifest('a/b', '1'))).code);
  });
});
