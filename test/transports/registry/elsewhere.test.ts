import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Digest } from '../../../src/base/digest.ts';
import { OCI_LAYER } from '../../../src/oci/media-types.ts';
import type { Descriptor } from '../../../src/oci/types.ts';
import { faultRegistry, sha } from '../../helpers/fault-registry.ts';
import { noise } from '../../helpers/streams.ts';
import { failure } from '../sample.ts';
import { all, testClient } from './client.ts';

const BLOB = noise(200_000);
const FOREIGN = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';

const layer = (urls: readonly string[], mediaType = FOREIGN): Descriptor => ({
  mediaType,
  digest: sha(BLOB) as Digest,
  size: BLOB.length,
  urls,
});

/** Somebody's file server. */
async function site(listener: RequestListener): Promise<{ readonly url: string; readonly seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/layer`, seen };
}

const basic = {
  challenge: () => 'Basic realm="x"',
  accepts: (header: string) => header.startsWith('Basic '),
};
const credentials = { username: 'me', password: 'secret' };

describe('a layer that may not be distributed', () => {
  it('is fetched from where its descriptor says, without credentials, and not from the registry', async () => {
    const registry = await faultRegistry({ auth: basic });
    const files = await site((_request, response) => response.end(BLOB));
    const { client } = await testClient(registry.host, { credentials });
    const address = files.url.replace('http://', 'http://user:password@');
    expect((await all(client.blob('a', layer([address])))).equals(BLOB)).toBe(true);
    expect(files.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(registry.seen).toEqual([]);
  });

  it('gets no credentials when it asks for them, and the next address and the registry are tried', async () => {
    const registry = await faultRegistry({ auth: basic });
    registry.blobs.set(sha(BLOB), BLOB);
    const greedy = await site((_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="give"' }).end();
    });
    const html = await site((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'content-length': 18 }).end('<html>moved</html>');
    });
    const odd = ['file:///etc/passwd', 'ftp://127.0.0.1/x', 'data:,x', 'no address'];
    const { client } = await testClient(registry.host, { credentials });
    const urls = [...odd, greedy.url, html.url];
    expect((await all(client.blob('a', layer(urls)))).equals(BLOB)).toBe(true);
    const asked = [...greedy.seen, ...html.seen];
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
    expect(registry.seen.some(({ headers }) => headers.authorization !== undefined)).toBe(true);
  });

  it('is resumed, redirected, and checked', async () => {
    const registry = await faultRegistry();
    let cut = true;
    const files = await site((request, response) => {
      const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      if (request.url === '/layer') {
        response.writeHead(302, { location: '/there' }).end();
        return;
      }
      const part = BLOB.subarray(from);
      const range = { 'content-range': `bytes ${from}-${BLOB.length - 1}/${BLOB.length}` };
      response.writeHead(from > 0 ? 206 : 200, { 'content-length': part.length, ...(from > 0 ? range : {}) });
      if (!cut) {
        response.end(part);
        return;
      }
      cut = false;
      response.write(part.subarray(0, 50_000), () => response.destroy());
    });
    const { client } = await testClient(registry.host);
    expect((await all(client.blob('a', layer([files.url])))).equals(BLOB)).toBe(true);
    expect(files.seen.length).toBeGreaterThan(3);
    const wrong = Buffer.from(BLOB);
    wrong[0] = 255 - (wrong[0] ?? 0);
    const liar = await site((_request, response) => response.end(wrong));
    expect(await failure(all(client.blob('a', layer([liar.url]))))).toMatchObject({ code: 'E_DIGEST' });
  });

  it('is the only kind whose addresses count', async () => {
    const registry = await faultRegistry();
    const files = await site((_request, response) => response.end(BLOB));
    const { client } = await testClient(registry.host);
    const error = await failure(all(client.blob('a', layer([files.url], OCI_LAYER))));
    expect([error.code, files.seen.length]).toEqual(['E_IMAGE_NOT_FOUND', 0]);
  });
});
