import { afterEach, describe, expect, it, vi } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import type { Digest } from '../../../src/base/digest.ts';
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { copy } from '../../../src/ship/copy.ts';
import { openImage, writeImage } from '../../../src/transports/index.ts';
import { errors, faultRegistry, respond, sha, type FaultRegistry } from '../../helpers/fault-registry.ts';
import { failure, NAME, readAll, sample } from '../sample.ts';
import { bareEnvironment, testClient } from './client.ts';

const MANIFEST = Buffer.from('{"schemaVersion":2}');
const ANYTHING = { times: 100_000 };

afterEach(() => {
  vi.unstubAllEnvs();
});

function isolate(): void {
  for (const name of ['XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'REGISTRY_AUTH_FILE', 'DOCKER_CONFIG', 'TARE_INSECURE'])
    vi.stubEnv(name, '');
  for (const [name, value] of Object.entries(bareEnvironment())) vi.stubEnv(name, value);
}

/** With `sample:1` under `a:1`, `b:1`. */
async function filled(names: readonly string[] = ['a:1']) {
  isolate();
  const registry = await faultRegistry();
  const base = await sample();
  for (const name of names)
    await writeImage(await openImage(NAME, base.tools), `docker://${registry.host}/${name}`, base.tools);
  return { registry, ...base };
}

describe('a registry that answers with storms and loops', () => {
  it('of 429 is asked six times, with pauses that grow, and then no more', async () => {
    const registry = await faultRegistry();
    registry.fault({
      ...ANYTHING,
      path: /manifests/,
      respond: respond(429, JSON.stringify(errors('TOOMANYREQUESTS'))),
    });
    const { client, slept } = await testClient(registry.host);
    expect(await failure(client.getManifest('a', '1'))).toMatchObject({ code: 'E_RATE_LIMIT' });
    expect(slept).toEqual([250, 500, 1000, 2000, 4000]);
    expect(registry.seen.filter(({ path }) => path.includes('manifests'))).toHaveLength(6);
  });

  it.for([
    ['to itself', ['/v2/a/manifests/1']],
    ['in a circle', ['/v2/a/manifests/2', '/v2/a/manifests/1']],
    ['for ever', Array.from({ length: 50 }, (_, at) => `/v2/a/manifests/x${at}`)],
  ] as const)('of redirects %s is left after five', async ([, targets]) => {
    const registry = await faultRegistry();
    let hops = 0;
    registry.fault({
      ...ANYTHING,
      path: /manifests/,
      respond: (request, response) => {
        request.resume();
        response.writeHead(307, { location: targets[hops % targets.length] }).end();
        hops += 1;
      },
    });
    const { client } = await testClient(registry.host);
    expect(await failure(client.getManifest('a', '1'))).toMatchObject({ code: 'E_REGISTRY' });
    expect(hops).toBe(6);
  });

  it.for(['manifest', 'list of tags', 'list of referrers'] as const)('of HTML in place of a %s', async (what) => {
    const registry = await faultRegistry();
    const page = Buffer.from(`<html>${'Log in to the network first. '.repeat(1000)}</html>`);
    registry.fault({ ...ANYTHING, path: /\/a\//, respond: respond(200, page, { 'content-type': 'text/html' }) });
    const { client } = await testClient(registry.host);
    const ask = {
      manifest: () => client.getManifest('a', '1'),
      'list of tags': async () => {
        for await (const _tag of client.tags('a')) break;
      },
      'list of referrers': () => client.referrers('a', sha(MANIFEST) as Digest),
    }[what];
    const error = await failure(ask());
    expect(error.code).toBe('E_REGISTRY');
    expect(error.message.length).toBeLessThan(1000);
  });
});

describe('a registry that sends bombs', () => {
  const put = (registry: FaultRegistry, text: string | Buffer, name = 'a@1'): string => {
    const bytes = Buffer.from(text);
    registry.manifests.set(name, { mediaType: OCI_INDEX, bytes });
    registry.manifests.set(`a@${sha(bytes)}`, { mediaType: OCI_INDEX, bytes });
    return sha(bytes);
  };
  const entry = { mediaType: OCI_MANIFEST, digest: sha(MANIFEST), size: MANIFEST.length };

  it.for([
    [
      'a million entries that are nothing',
      () => `{"schemaVersion":2,"manifests":[${'{},'.repeat(999_999)}{}]}`,
      'E_MANIFEST',
    ],
    [
      'a million entries',
      () => `{"schemaVersion":2,"manifests":[${`${JSON.stringify(entry)},`.repeat(999_999)}${JSON.stringify(entry)}]}`,
      'E_LIMIT',
    ],
    ['brackets in brackets', () => `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`, 'E_LIMIT'],
  ] as const)('of %s', async ([, text, code]) => {
    isolate();
    const registry = await faultRegistry();
    put(registry, text());
    const { tools } = await sample();
    for (const allPlatforms of [false, true]) {
      const error = await failure(
        copy({ source: `docker://${registry.host}/a:1`, target: 'x:1', allPlatforms, ...tools }),
      );
      expect(error.code).toBe(code);
      expect(error.message.length).toBeLessThan(2000);
    }
  });

  it('of indexes in indexes, and of more manifests than an image has', async () => {
    isolate();
    const registry = await faultRegistry();
    let inner = put(registry, '{"schemaVersion":2,"manifests":[]}');
    for (let depth = 0; depth < 10; depth++) {
      const size = registry.manifests.get(`a@${inner}`)?.bytes.length;
      const platform = { os: 'linux', architecture: 'amd64' };
      inner = put(
        registry,
        JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType: OCI_INDEX, digest: inner, size, platform }] }),
      );
    }
    const { tools } = await sample();
    const wish = { source: `docker://${registry.host}/a:1`, target: 'x:1', ...tools };
    expect(await failure(copy({ ...wish, platform: 'linux/amd64' }))).toMatchObject({ code: 'E_LIMIT' });
    expect(await failure(copy({ ...wish, allPlatforms: true }))).toMatchObject({ code: 'E_LIMIT' });
    const many = Array.from({ length: 1500 }, (_, at) => {
      const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [], annotations: { at: String(at) } }));
      return { mediaType: OCI_INDEX, digest: put(registry, bytes, `a@many${at}`), size: bytes.length };
    });
    put(registry, JSON.stringify({ schemaVersion: 2, manifests: many }));
    expect(await failure(copy({ ...wish, allPlatforms: true }))).toMatchObject({ code: 'E_LIMIT' });
  });
});

describe('media types that nobody knows', () => {
  it('of a manifest are named; those of layers are carried as they are', async () => {
    const { made, registry, tools } = await filled();
    registry.manifests.set('a@2', { mediaType: 'application/vnd.example.thing+json', bytes: MANIFEST });
    const error = await failure(openImage(`docker://${registry.host}/a:2`, tools));
    expect(error).toMatchObject({ code: 'E_MEDIA_TYPE' });
    expect(error.message).toContain('vnd.example.thing');
    const manifest = {
      ...made.manifest,
      mediaType: DOCKER_MANIFEST,
      layers: made.manifest.layers.map((layer) => ({ ...layer, mediaType: 'application/vnd.example.layer' })),
    };
    const bytes = Buffer.from(JSON.stringify(manifest));
    registry.manifests.set('a@3', { mediaType: DOCKER_MANIFEST, bytes });
    registry.manifests.set(`a@${sha(bytes)}`, { mediaType: DOCKER_MANIFEST, bytes });
    const source = `docker://${registry.host}/a:3`;
    const copied = await copy({ source, target: `docker://${registry.host}/b:3`, allPlatforms: true, ...tools });
    expect(copied.digest).toBe(sha(bytes));
  });
});

describe('what changes in the middle', () => {
  it('a tag that moves: the image is the one that it was at first, whole', async () => {
    const { made, registry, tools } = await filled();
    let moved = false;
    registry.fault({
      path: /\/blobs\/sha256/,
      respond: (_request, response) => {
        moved = true;
        registry.manifests.set('a@1', { mediaType: OCI_MANIFEST, bytes: MANIFEST });
        response.destroy();
      },
    });
    const fresh = (await sample()).tools;
    await fresh.store.untag(NAME);
    await fresh.store.prune();
    const copied = await copy({ source: `docker://${registry.host}/a:1`, target: 'x:1', ...fresh });
    expect([moved, copied.digest]).toEqual([true, made.descriptor.digest]);
    await readAll(await openImage('x:1', fresh));
    expect(await failure(openImage(`docker://${registry.host}/a:1`, tools))).toMatchObject({ code: 'E_MANIFEST' });
  });

  it('two who push to one tag: one of both, whole, and both know their own digest', async () => {
    const { registry, tools } = await filled([]);
    const [first, second] = await Promise.all(
      [tools, (await sample('none')).tools].map(async (own) =>
        writeImage(await openImage(NAME, own), `docker://${registry.host}/a:1`, own),
      ),
    );
    const image = await openImage(`docker://${registry.host}/a:1`, tools);
    expect([first?.digest, second?.digest]).toContain(image.descriptor.digest);
    expect(first?.digest).not.toBe(second?.digest);
    await readAll(image);
  });

  it('a push that is killed before each of its requests: the next one sends what is missing, and no more', async () => {
    isolate();
    const base = await sample();
    const image = await openImage(NAME, base.tools);
    const expected = [image.manifest.config, ...image.manifest.layers, base.evidence].map(({ digest }) => digest);
    for (let before = 0; ; before++) {
      const registry = await faultRegistry();
      const stop = new AbortController();
      if (before > 0) registry.fault({ times: before });
      registry.fault({
        respond: (request, response) => {
          request.resume();
          stop.abort();
          response.destroy();
        },
      });
      const target = `docker://${registry.host}/a:1`;
      const killed = { store: base.store, ctx: createContext({ signal: stop.signal }) };
      const outcome = await writeImage(image, target, killed).catch((error: unknown) => error);
      if (!stop.signal.aborted) {
        expect(outcome).toMatchObject({ digest: base.made.descriptor.digest });
        expect(before).toBeGreaterThan(15);
        return;
      }
      expect(outcome).toMatchObject({ code: 'E_CANCELLED' });
      const there = [...registry.blobs.keys()];
      const asked = registry.seen.length;
      expect((await writeImage(image, target, base.tools)).digest).toBe(base.made.descriptor.digest);
      const sent = registry.seen.slice(asked).flatMap(({ method, path }) => {
        const digest = new URL(path, 'http://registry').searchParams.get('digest');
        return method === 'PUT' && digest !== null ? [digest] : [];
      });
      expect(sent.filter((digest) => there.includes(digest))).toEqual([]);
      expect([...registry.blobs.keys()]).toEqual(expect.arrayContaining(expected));
      await readAll(await openImage(target, base.tools));
    }
  });
});

describe('clocks that differ', () => {
  it.for(['2001-01-01T00:00:00Z', '2099-01-01T00:00:00Z', 'yesterday'])(
    'a token of %s lasts as long as it is said to',
    async (issued) => {
      let tokens = 0;
      const registry = await faultRegistry({
        auth: {
          challenge: (host) => `Bearer realm="http://${host}/token",service="s"`,
          accepts: (header) => header === `Bearer t${tokens}`,
        },
      });
      registry.manifests.set('a@1', { mediaType: OCI_MANIFEST, bytes: MANIFEST });
      registry.fault({
        ...ANYTHING,
        path: /^\/token/,
        respond: (request, response) => {
          tokens += 1;
          return respond(200, JSON.stringify({ token: `t${tokens}`, expires_in: 300, issued_at: issued }))(
            request,
            response,
          );
        },
      });
      const { client } = await testClient(registry.host);
      for (let count = 0; count < 5; count++) await client.getManifest('a', '1');
      expect(tokens).toBe(1);
    },
  );

  it.for([-86_400_000, 0, 86_400_000])(
    'a Retry-After counts by the clock of the server, which is %d ms off',
    async (off) => {
      const registry = await faultRegistry();
      registry.manifests.set('a@1', { mediaType: OCI_MANIFEST, bytes: MANIFEST });
      const there = Math.floor(Date.now() / 1000) * 1000 + off;
      const headers = { date: new Date(there).toUTCString(), 'retry-after': new Date(there + 8000).toUTCString() };
      registry.fault({ path: /manifests/, respond: respond(503, '', headers) });
      const { client, slept } = await testClient(registry.host);
      await client.getManifest('a', '1');
      expect(slept).toEqual([8025]);
    },
  );
});
