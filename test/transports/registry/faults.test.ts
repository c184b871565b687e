import { writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Digest } from '../../../src/base/digest.ts';
import { bytesOf } from '../../../src/base/streams.ts';
import { OCI_LAYER, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import type { Descriptor } from '../../../src/oci/types.ts';
import { errors, faultRegistry, respond, sha, type Fault, type FaultRegistry } from '../../helpers/fault-registry.ts';
import { noise } from '../../helpers/streams.ts';
import { failure } from '../sample.ts';
import { tempDir } from '../../helpers/temp.ts';
import { all, bareEnvironment, listed, testClient } from './client.ts';

const BLOB = noise(300_000);
const blobOf = (bytes: Uint8Array): Descriptor => ({
  mediaType: OCI_LAYER,
  digest: sha(bytes) as Digest,
  size: bytes.length,
});
const MANIFEST = Buffer.from(
  JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: blobOf(BLOB), layers: [] }),
);

async function withBlob(...faults: readonly Fault[]): Promise<FaultRegistry> {
  const registry = await faultRegistry();
  registry.blobs.set(sha(BLOB), BLOB);
  registry.manifests.set('a@1', { mediaType: OCI_MANIFEST, bytes: MANIFEST });
  for (const fault of faults) registry.fault(fault);
  return registry;
}

const GET_BLOB = { method: 'GET', path: /\/blobs\/sha256:/ };
const GET_MANIFEST = { method: 'GET', path: /\/manifests\// };

describe('a blob that comes with faults', () => {
  it.each([0, 1, 1000, 65_536, 299_999])('is resumed when the connection breaks after %d bytes', async (cut) => {
    const registry = await withBlob({ ...GET_BLOB, cut });
    const { client } = await testClient(registry.host);
    expect((await all(client.blob('a', blobOf(BLOB)))).equals(BLOB)).toBe(true);
    const asked = registry.seen.filter(({ path }) => GET_BLOB.path.test(path));
    expect(asked).toHaveLength(2);
    if (cut > 0) expect(asked[1]?.headers.range).toMatch(/^bytes=\d+-299999$/);
  });

  it('is resumed again and again, as long as something comes each time', async () => {
    const registry = await withBlob({ ...GET_BLOB, cut: 20_000, times: 14 });
    const { client } = await testClient(registry.host);
    expect((await all(client.blob('a', blobOf(BLOB)))).equals(BLOB)).toBe(true);
    expect(registry.seen.length).toBeGreaterThan(10);
  });

  it('is read again from the start where there are no ranges', async () => {
    const registry = await faultRegistry({ noRanges: true });
    registry.blobs.set(sha(BLOB), BLOB);
    registry.fault({ ...GET_BLOB, cut: 100_000 });
    const { client } = await testClient(registry.host);
    expect((await all(client.blob('a', blobOf(BLOB)))).equals(BLOB)).toBe(true);
  });

  it('may be read in part', async () => {
    const registry = await withBlob();
    const { client } = await testClient(registry.host);
    const part = await all(client.blob('a', blobOf(BLOB), { range: { from: 10, to: 19 } }));
    expect(part.equals(BLOB.subarray(10, 20))).toBe(true);
    expect(
      (await all(client.blob('a', blobOf(BLOB), { range: { from: 299_990 } }))).equals(BLOB.subarray(299_990)),
    ).toBe(true);
  });

  const wrong = Buffer.from(BLOB);
  wrong[5] = 0xff ^ (wrong[5] ?? 0);
  const cases: readonly (readonly [what: string, code: string, respond: Fault['respond']])[] = [
    ['is another one', 'E_DIGEST', respond(200, wrong)],
    [
      'is announced as longer',
      'E_SIZE',
      respond(200, Buffer.concat([BLOB, BLOB]), { 'content-length': String(2 * BLOB.length) }),
    ],
    [
      'is announced as shorter',
      'E_SIZE',
      respond(200, BLOB.subarray(1), { 'content-length': String(BLOB.length - 1) }),
    ],
    [
      'never ends',
      'E_SIZE',
      (_request, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write(BLOB));
          if (!response.destroyed) response.once('drain', more);
        };
        more();
      },
    ],
    ['is not there', 'E_IMAGE_NOT_FOUND', respond(404, JSON.stringify(errors('BLOB_UNKNOWN')))],
    ['is forbidden', 'E_DENIED', respond(403, JSON.stringify(errors('DENIED')))],
    ['is a loop', 'E_REGISTRY', respond(302, '', { location: '?again' })],
    ['leads nowhere', 'E_REGISTRY', respond(302, '', { location: 'http://' })],
    ['leads to a file', 'E_REGISTRY', respond(302, '', { location: 'file:///etc/passwd' })],
  ];
  it.each(cases)('%s: %s', async (_what, code, answer) => {
    const registry = await withBlob({ ...GET_BLOB, times: 100, ...(answer === undefined ? {} : { respond: answer }) });
    const { client } = await testClient(registry.host);
    expect((await failure(all(client.blob('a', blobOf(BLOB))))).code).toBe(code);
  });

  it('that always ends early is given up', async () => {
    const registry = await withBlob({
      ...GET_BLOB,
      times: 100,
      respond: (_request, response) => void response.destroy(),
    });
    const { client, slept } = await testClient(registry.host);
    expect((await failure(all(client.blob('a', blobOf(BLOB))))).code).toBe('E_REGISTRY');
    expect(slept.length).toBeLessThan(100);
  });

  it('that trickles is given up', async () => {
    const registry = await withBlob({
      ...GET_BLOB,
      times: 100,
      respond: (_request, response) => {
        response.writeHead(200, { 'content-length': String(BLOB.length) });
        const timer = setInterval(() => response.write('x'), 5);
        response.on('close', () => clearInterval(timer));
      },
    });
    const { client } = await testClient(registry.host, { pacing: { windowMs: 50, minBytes: 10_000 } });
    const error = await failure(all(client.blob('a', blobOf(BLOB))));
    expect(['E_REGISTRY', 'E_SIZE']).toContain(error.code);
  });

  it('that falls silent is given up', async () => {
    const registry = await withBlob({ ...GET_BLOB, times: 100, respond: () => undefined });
    const { client } = await testClient(registry.host, { pacing: { silenceMs: 200 } });
    expect((await failure(all(client.blob('a', blobOf(BLOB))))).code).toBe('E_REGISTRY');
  });

  it('stops at the signal', async () => {
    const registry = await withBlob({ ...GET_BLOB, respond: () => undefined });
    const stop = new AbortController();
    const { client } = await testClient(registry.host);
    const reading = all(client.blob('a', blobOf(BLOB), { signal: stop.signal }));
    setTimeout(() => stop.abort(), 50);
    expect((await failure(reading)).code).toBe('E_CANCELLED');
  });
});

describe('a manifest that comes with faults', () => {
  const index = { schemaVersion: 2, manifests: [] };
  const cases: readonly (readonly [what: string, code: string, respond: Fault['respond']])[] = [
    [
      'is announced by another digest',
      'E_DIGEST',
      respond(200, MANIFEST, { 'docker-content-digest': sha(BLOB), 'content-type': OCI_MANIFEST }),
    ],
    ['is a page', 'E_REGISTRY', respond(200, '<html>', { 'content-type': 'text/html; charset=utf-8' })],
    ['is endless', 'E_LIMIT', respond(200, Buffer.alloc(5_000_000, 32), { 'content-type': OCI_MANIFEST })],
    ['is not there', 'E_IMAGE_NOT_FOUND', respond(404, '<html>')],
    ['is forbidden', 'E_AUTH', respond(401, JSON.stringify(errors('UNAUTHORIZED')))],
    ['comes too often', 'E_RATE_LIMIT', respond(429, '', { 'retry-after': '3600' })],
    ['meets a teapot with much to say', 'E_REGISTRY', respond(418, Buffer.alloc(5_000_000, 65))],
  ];
  it.each(cases)('%s: %s', async (_what, code, answer) => {
    const registry = await withBlob({
      ...GET_MANIFEST,
      times: 100,
      ...(answer === undefined ? {} : { respond: answer }),
    });
    const { client } = await testClient(registry.host);
    const error = await failure(client.getManifest('a', '1'));
    expect(error.code).toBe(code);
    expect(error.message.length).toBeLessThan(2000);
  });

  it('is not what was asked for by its digest', async () => {
    const registry = await withBlob({ ...GET_MANIFEST, respond: respond(200, JSON.stringify(index)) });
    const { client } = await testClient(registry.host);
    expect((await failure(client.getManifest('a', sha(MANIFEST)))).code).toBe('E_DIGEST');
  });

  it.each([408, 429, 500, 502, 503, 504])('comes after %d, three times', async (status) => {
    const registry = await withBlob({ ...GET_MANIFEST, times: 3, respond: respond(status, '{') });
    const { client, slept } = await testClient(registry.host);
    expect((await client.getManifest('a', '1')).digest).toBe(sha(MANIFEST));
    expect(slept).toEqual([250, 500, 1000]);
  });

  it('comes when the server says that it may', async () => {
    const registry = await withBlob({ ...GET_MANIFEST, respond: respond(429, '', { 'retry-after': '7' }) });
    const { client, slept } = await testClient(registry.host);
    await client.getManifest('a', '1');
    expect(slept).toEqual([7025]);
  });

  it('brings a warning along', async () => {
    const registry = await withBlob({
      ...GET_MANIFEST,
      respond: respond(200, MANIFEST, {
        'content-type': OCI_MANIFEST,
        warning: '299 - "this \\"image\\" is old\\u001b"',
      }),
    });
    const { client, events } = await testClient(registry.host);
    await client.getManifest('a', '1');
    expect(events).toEqual([
      { kind: 'warning', warning: { code: 'registry', message: expect.stringContaining('old') as string } },
    ]);
  });

  it('shows nothing that a registry could command a terminal with', async () => {
    const body = JSON.stringify(errors('DENIED', 'no\u001b[2J\nforged: line'));
    const registry = await withBlob({ ...GET_MANIFEST, respond: respond(403, body) });
    const { client } = await testClient(registry.host);
    // oxlint-disable-next-line no-control-regex
    expect((await failure(client.getManifest('a', '1'))).message).not.toMatch(/[\x00-\x1f]/);
  });
});

describe('a push that comes with faults', () => {
  const upload = (bytes: Buffer = BLOB): { descriptor: Descriptor; open: () => AsyncGenerator<Uint8Array> } => ({
    descriptor: blobOf(bytes),
    open: () => bytesOf(bytes.subarray(0, 100_000), bytes.subarray(100_000)),
  });

  it('sends a blob once', async () => {
    const registry = await faultRegistry();
    const { client } = await testClient(registry.host);
    expect(await client.uploadBlob('a', upload())).toBe('uploaded');
    expect(registry.blobs.get(sha(BLOB))?.equals(BLOB)).toBe(true);
    expect(await client.uploadBlob('a', upload())).toBe('existed');
    expect(await client.uploadBlob('a', upload(Buffer.alloc(0)))).toBe('uploaded');
  });

  it.each(Array.from({ length: 50 }, (_, index) => index * 6_000 + 1))(
    'goes on where it was cut, after %d bytes',
    async (cut) => {
      const registry = await faultRegistry();
      registry.fault({ method: 'PUT', cut });
      const { client } = await testClient(registry.host);
      expect(await client.uploadBlob('a', upload())).toBe('uploaded');
      expect(registry.blobs.get(sha(BLOB))?.equals(BLOB)).toBe(true);
      const patch = registry.seen.find(({ method }) => method === 'PATCH');
      if (cut > 1) expect(patch?.headers['content-range']).toBe(`${cut}-299999`);
    },
  );

  it('begins again when the server has forgotten the upload', async () => {
    const registry = await faultRegistry();
    registry.fault({ method: 'PUT', cut: 1000 });
    registry.fault({ method: 'GET', path: /uploads/, respond: respond(404) });
    const { client } = await testClient(registry.host);
    expect(await client.uploadBlob('a', upload())).toBe('uploaded');
    expect(registry.seen.filter(({ method }) => method === 'POST')).toHaveLength(2);
  });

  it('finds that the blob came through when only the answer was lost', async () => {
    const registry = await faultRegistry();
    registry.fault({
      method: 'PUT',
      respond: async (request, response) => {
        for await (const _chunk of request);
        registry.blobs.set(sha(BLOB), BLOB);
        response.destroy();
      },
    });
    const { client } = await testClient(registry.host);
    expect(await client.uploadBlob('a', upload())).toBe('uploaded');
    expect(registry.seen.filter(({ method }) => method === 'PUT')).toHaveLength(1);
  });

  it('is in chunks where the registry asks for that', async () => {
    const registry = await faultRegistry({ minChunk: 20_000_000 });
    const big = noise(45_000_000);
    const { client } = await testClient(registry.host);
    expect(await client.uploadBlob('a', upload(big))).toBe('uploaded');
    expect(
      registry.seen.filter(({ method }) => method === 'PATCH').map(({ headers }) => headers['content-range']),
    ).toEqual(['0-19999999', '20000000-39999999', '40000000-44999999']);
    expect(registry.blobs.get(sha(big))?.equals(big)).toBe(true);
  });

  it('is in chunks where one request is too big', async () => {
    const registry = await faultRegistry();
    registry.fault({ method: 'PUT', respond: respond(413) });
    const { client } = await testClient(registry.host);
    expect(await client.uploadBlob('a', upload())).toBe('uploaded');
    expect(registry.seen.filter(({ method }) => method === 'PATCH')).toHaveLength(1);
  });

  it('mounts, and sends where it cannot', async () => {
    const registry = await faultRegistry();
    const { client } = await testClient(registry.host);
    expect(await client.uploadBlob('a', { ...upload(), mountFrom: 'b' })).toBe('uploaded');
    registry.fault({ method: 'HEAD', respond: respond(404) });
    expect(await client.uploadBlob('c', { ...upload(), mountFrom: 'a' })).toBe('mounted');
    registry.fault({ method: 'HEAD', respond: respond(404) });
    registry.fault({ method: 'POST', path: /mount=/, respond: respond(403) });
    expect(await client.uploadBlob('d', { ...upload(), mountFrom: 'a' })).toBe('uploaded');
  });

  it('sends a blob once for all that want it, and again when that came to nothing', async () => {
    const registry = await faultRegistry();
    const { client } = await testClient(registry.host);
    const puts = (): number => registry.seen.filter(({ method }) => method === 'PUT').length;
    const sent = await Promise.all([1, 2, 3].map(() => client.uploadBlob('a', upload())));
    expect(sent).toEqual(['uploaded', 'existed', 'existed']);
    expect(puts()).toBe(1);
    const other = (): Promise<string> => client.uploadBlob('a', upload(noise(1000)));
    registry.fault({ method: 'POST', respond: respond(403, JSON.stringify(errors('DENIED'))) });
    const [first, ...more] = await Promise.allSettled([other(), other(), other()]);
    expect([first.status, ...more.map((item) => item.status === 'fulfilled' && item.value)]).toEqual([
      'rejected',
      'uploaded',
      'existed',
    ]);
    expect(puts()).toBe(2);
    await client.deleteBlob('a', sha(BLOB) as Digest);
    registry.blobs.delete(sha(BLOB));
    expect(await client.uploadBlob('a', upload())).toBe('uploaded');
  });

  it('fails with what its source fails with', async () => {
    const registry = await faultRegistry();
    const { client } = await testClient(registry.host);
    const open = async function* (): AsyncGenerator<Uint8Array> {
      yield BLOB.subarray(0, 1000);
      await Promise.resolve();
      throw new Error('the disk is gone');
    };
    await expect(client.uploadBlob('a', { descriptor: blobOf(BLOB), open })).rejects.toThrow('the disk is gone');
    expect(registry.blobs.size).toBe(0);
  });

  it.each([
    ['says nowhere to go on', respond(202), 'E_REGISTRY'],
    ['goes on over another protocol', respond(202, '', { location: 'ftp://x/y' }), 'E_REGISTRY'],
    [
      'wants chunks of a terabyte',
      respond(202, '', { location: '/x', 'oci-chunk-min-length': '1099511627776' }),
      'E_LIMIT',
    ],
    ['is refused', respond(403, JSON.stringify(errors('DENIED'))), 'E_DENIED'],
  ])('%s', async (_what, answer, code) => {
    const registry = await faultRegistry();
    registry.fault({ method: 'POST', times: 100, respond: answer });
    const { client } = await testClient(registry.host);
    expect((await failure(client.uploadBlob('a', upload()))).code).toBe(code);
  });

  it('notices a registry that stores something else', async () => {
    const registry = await faultRegistry();
    registry.fault({
      method: 'PUT',
      path: /manifests/,
      respond: respond(201, '', { 'docker-content-digest': sha(BLOB) }),
    });
    const { client } = await testClient(registry.host);
    const put = client.putManifest('a', '1', { bytes: MANIFEST, mediaType: OCI_MANIFEST });
    expect((await failure(put)).code).toBe('E_DIGEST');
  });
});

describe('lists', () => {
  it('are read page by page', async () => {
    const registry = await faultRegistry({ page: 2 });
    for (const tag of ['a', 'b', 'c', 'd', 'e']) registry.manifests.set(`x@${tag}`, { mediaType: '', bytes: MANIFEST });
    const { client } = await testClient(registry.host);
    expect(await listed(client.tags('x'))).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(registry.seen.filter(({ path }) => path.includes('/tags/'))).toHaveLength(3);
  });

  it.each([
    ['go in a circle', respond(200, '{"tags":["a"]}', { link: '</v2/x/tags/list?n=1000>; rel="next"' }), 'E_REGISTRY'],
    ['are no JSON', respond(200, '<html>'), 'E_REGISTRY'],
    ['are no list', respond(200, '{"tags":{"a":1}}'), 'E_REGISTRY'],
    ['hold what is no name', respond(200, '{"tags":[1]}'), 'E_REGISTRY'],
    ['are endless', respond(200, Buffer.alloc(17_000_000, 32)), 'E_LIMIT'],
    ['are not there', respond(404, JSON.stringify(errors('NAME_UNKNOWN'))), 'E_IMAGE_NOT_FOUND'],
  ])('%s', async (_what, answer, code) => {
    const registry = await faultRegistry();
    registry.fault({ path: /tags/, times: 100, respond: answer });
    const { client } = await testClient(registry.host);
    expect((await failure(listed(client.tags('x')))).code).toBe(code);
  });

  it('may be empty', async () => {
    const registry = await faultRegistry();
    registry.fault({ path: /tags/, respond: respond(200, '{"name":"x","tags":null}') });
    const { client } = await testClient(registry.host);
    expect(await listed(client.tags('x'))).toEqual([]);
  });
});

describe('referrers', () => {
  it.each([true, false])('are asked for in the way that the registry knows: by its API: %s', async (referrers) => {
    const registry = await faultRegistry({ referrers });
    const { client } = await testClient(registry.host);
    for (const repository of ['a', 'a', 'b'])
      expect(await client.referrers(repository, sha(MANIFEST) as Digest)).toEqual([]);
    const asked = (path: RegExp): number => registry.seen.filter((seen) => path.test(seen.path)).length;
    expect([asked(/\/referrers\//), asked(/\/manifests\/sha256-/)]).toEqual(referrers ? [3, 0] : [2, 3]);
  });
});

describe('credentials and redirects', () => {
  const credentials = { username: 'me', password: 'top-secret' };
  const basic = { challenge: () => 'Basic realm="x"', accepts: (header: string) => header.startsWith('Basic ') };

  it('stay with the registry when a blob is elsewhere', async () => {
    const seen: (string | undefined)[] = [];
    const elsewhere = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end(BLOB);
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void elsewhere.close());
    const registry = await faultRegistry({ auth: basic });
    const location = `http://user:pw@127.0.0.1:${(elsewhere.address() as AddressInfo).port}/x?signed=1`;
    registry.fault({ ...GET_BLOB, respond: respond(307, '', { location }) });
    const { client } = await testClient(registry.host, { credentials });
    expect((await all(client.blob('a', blobOf(BLOB)))).equals(BLOB)).toBe(true);
    expect(seen).toEqual([undefined]);
    expect(registry.seen.some(({ headers }) => headers.authorization !== undefined)).toBe(true);
  });

  it('are in no error', async () => {
    const registry = await faultRegistry({ auth: { ...basic, accepts: () => false } });
    const { client, events } = await testClient(registry.host, { credentials });
    const error = await failure(client.getManifest('a', '1'));
    expect(error.code).toBe('E_AUTH');
    expect(error.hint).toContain('tare login');
    for (let at: unknown = error; at instanceof Error; at = at.cause)
      expect(`${at.message} ${at.stack ?? ''}`).not.toMatch(/top-secret|dG9wLXNlY3JldA|bWU6/);
    expect(JSON.stringify(events)).not.toContain('top-secret');
    // One without, one with them: the same name and password are not shown again.
    expect(registry.seen.filter(({ path }) => path.includes('manifests'))).toHaveLength(1);
  });
});

describe('a server that takes nothing', () => {
  it('is given up, and asked again', async () => {
    const registry = await faultRegistry();
    registry.fault({ method: 'PUT', respond: (request) => void request.pause() });
    const big = noise(20_000_000);
    const { client } = await testClient(registry.host, { pacing: { silenceMs: 400 } });
    const upload = {
      descriptor: blobOf(big),
      open: () => bytesOf(big.subarray(0, 5_000_000), big.subarray(5_000_000)),
    };
    expect(await client.uploadBlob('a', upload)).toBe('uploaded');
  });

  it('not even the rest of what is sent in one piece, is given up as well', async () => {
    const registry = await faultRegistry();
    registry.fault({ method: 'PUT', respond: (request) => void request.pause() });
    const bytes = Buffer.concat([MANIFEST, Buffer.alloc(20_000_000, ' ')]);
    const { client } = await testClient(registry.host, { pacing: { silenceMs: 400 } });
    expect((await client.putManifest('a', '1', { bytes, mediaType: OCI_MANIFEST })).digest).toBe(sha(bytes));
  });
});

describe('one who is stopped', () => {
  it.each([
    ['while the registry is greeted', /^\/v2\/$/],
    ['while a token is fetched', /^\/token/],
  ])('%s stops nobody else', async (_when, path) => {
    const registry = await faultRegistry({
      auth: {
        challenge: (host) => `Bearer realm="http://${host}/token",service="test"`,
        accepts: (header) => header === 'Bearer good',
      },
    });
    registry.manifests.set('a@1', { mediaType: OCI_MANIFEST, bytes: MANIFEST });
    const stop = new AbortController();
    const { client } = await testClient(registry.host);
    const token = (response: ServerResponse): void => void response.end('{"token":"good"}');
    registry.fault({ path, respond: () => stop.abort() });
    registry.fault({ path: /^\/token/, times: 9, respond: (_request, response) => token(response) });
    const [first, second] = await Promise.allSettled([
      client.getManifest('a', '1', stop.signal),
      client.getManifest('a', '1'),
    ]);
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'E_CANCELLED' } });
    expect(second).toMatchObject({ status: 'fulfilled', value: { digest: sha(MANIFEST) } });
  });
});

describe('a registry behind a proxy', () => {
  // By itself it would be given up after ten seconds.
  it('that never answers is left at the signal', { timeout: 5_000 }, async () => {
    const proxy = createServer();
    const stop = new AbortController();
    proxy.on('connect', (_request, socket) => {
      socket.on('error', () => undefined);
      stop.abort();
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void proxy.close());
    const env = bareEnvironment({ https_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` });
    const { client } = await testClient('registry.example', { env });
    expect((await failure(client.getManifest('a', '1', stop.signal))).code).toBe('E_CANCELLED');
  });

  it('is reached through it, in plain HTTP only where that was allowed', async () => {
    const registry = await faultRegistry();
    registry.manifests.set('a@1', { mediaType: OCI_MANIFEST, bytes: MANIFEST });
    const asked: string[] = [];
    const proxy = createServer((incoming, response) => {
      asked.push(`${incoming.method} ${incoming.url}`);
      const url = new URL(incoming.url ?? '');
      void fetch(`http://${registry.host}${url.pathname}`).then(async (answer) => {
        response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
        response.end(Buffer.from(await answer.arrayBuffer()));
      });
    });
    proxy.on('connect', (incoming, socket) => {
      asked.push(`CONNECT ${incoming.url}`);
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      proxy.closeAllConnections();
      proxy.close();
    });
    const http = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const env = bareEnvironment({ http_proxy: http, https_proxy: http, no_proxy: '' });
    const open = await testClient('registry.example', { env, insecure: ['registry.example'] });
    expect((await open.client.getManifest('a', '1')).digest).toBe(sha(MANIFEST));
    expect(asked).toEqual([
      'CONNECT registry.example:443',
      'GET http://registry.example/v2/',
      'GET http://registry.example/v2/a/manifests/1',
    ]);
    const closed = await testClient('registry.example', { env });
    expect((await failure(closed.client.getManifest('a', '1'))).code).toBe('E_REGISTRY');
    expect(asked.filter((line) => line.startsWith('GET'))).toHaveLength(2);
  });
});

describe('mirrors', () => {
  it('are asked first, each by its own names and without the credentials of others', async () => {
    const mirror = await faultRegistry();
    const broken = await faultRegistry();
    broken.fault({ times: 1000, respond: respond(500) });
    mirror.blobs.set(sha(BLOB), BLOB);
    mirror.manifests.set('hub/a@1', { mediaType: OCI_MANIFEST, bytes: MANIFEST });
    const conf = join(tempDir(), 'registries.conf');
    const rows = [
      `[[registry]]\nlocation = "nowhere.invalid"`,
      ...[broken, mirror].map(({ host }) => `[[registry.mirror]]\nlocation = "${host}/hub"`),
    ];
    writeFileSync(conf, rows.join('\n'));
    const env = bareEnvironment({ CONTAINERS_REGISTRIES_CONF: conf });
    const { client } = await testClient('nowhere.invalid', { env });
    expect((await client.getManifest('a', '1')).digest).toBe(sha(MANIFEST));
    expect((await all(client.blob('a', blobOf(BLOB)))).equals(BLOB)).toBe(true);
    expect(await client.referrers('a', sha(MANIFEST) as Digest)).toEqual([]);
    const put = client.putManifest('a', '2', { bytes: MANIFEST, mediaType: OCI_MANIFEST });
    expect((await failure(put)).message).toContain('nowhere.invalid');
    expect(mirror.seen.some(({ method }) => method === 'PUT')).toBe(false);
  });
});
