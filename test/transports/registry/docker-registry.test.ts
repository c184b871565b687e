import { execFileSync } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import type { Digest } from '../../../src/base/digest.ts';
import { bytesOf } from '../../../src/base/streams.ts';
import { encodeIndex } from '../../../src/oci/encode.ts';
import { EVIDENCE_MEDIA_TYPE, OCI_INDEX, OCI_LAYER } from '../../../src/oci/media-types.ts';
import type { Descriptor } from '../../../src/oci/types.ts';
import { login, logout } from '../../../src/ship/login.ts';
import { listTags, pull, push } from '../../../src/ship/registry.ts';
import { openStore } from '../../../src/store/index.ts';
import { openImage, writeImage } from '../../../src/transports/index.ts';
import { fallbackTag } from '../../../src/transports/attached.ts';
import { faultRegistry } from '../../helpers/fault-registry.ts';
import { dockerRegistry } from '../../helpers/docker-registry.ts';
import { makeImage } from '../../helpers/images.ts';
import { needs } from '../../helpers/needs.ts';
import { noise } from '../../helpers/streams.ts';
import { tempDir } from '../../helpers/temp.ts';
import { failure, NAME, readAll, run, sample, skopeo } from '../sample.ts';
import { all, bareEnvironment, listed, testClient } from './client.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** What the transport reads of the environment. */
function isolate(more: Readonly<Record<string, string>> = {}): Record<string, string | undefined> {
  const env = bareEnvironment(more);
  for (const name of [
    'XDG_RUNTIME_DIR',
    'XDG_CONFIG_HOME',
    'REGISTRY_AUTH_FILE',
    'DOCKER_CONFIG',
    'SSL_CERT_FILE',
    'TARE_INSECURE',
  ])
    vi.stubEnv(name, more[name] ?? '');
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  return env;
}

describe.skipIf(!needs('docker-registry', 'skopeo'))('with docker-registry', () => {
  it('pushes what skopeo pulls, and pulls it back with its record of reasons', async () => {
    isolate();
    const { host } = await dockerRegistry();
    const { dir, evidence, made, tools } = await sample();
    const pushed = await push({ ...tools, name: NAME, reference: `${host}/team/app:1` });
    expect(pushed).toMatchObject({
      reference: `docker://${host}/team/app:1`,
      digest: made.descriptor.digest,
      blobs: 5,
      reused: 0,
    });
    expect(await push({ ...tools, name: NAME, reference: `${host}/team/app:1` })).toMatchObject({
      blobs: 0,
      bytes: 0,
      reused: 5,
    });
    skopeo('copy', '-q', '--src-tls-verify=false', `docker://${host}/team/app:1`, `oci:${dir}/out:x`);
    await readAll(await openImage(`oci:${dir}/out:x`, tools));

    const store = await openStore({ home: join(dir, 'other') });
    const pulled = await pull({ store, ctx: tools.ctx, reference: `${host}/team/app:1` });
    expect(pulled).toMatchObject({ reference: `${host}/team/app:1`, digest: made.descriptor.digest, blobs: 5 });
    const image = await openImage(`${host}/team/app:1`, { store, ctx: tools.ctx });
    expect(image.evidence).toEqual(evidence);
    await readAll(image);
    expect(await pull({ store, ctx: tools.ctx, reference: `docker://${host}/team/app:1`, name: 'app' })).toMatchObject({
      reference: 'app:latest',
      blobs: 0,
      reused: 5,
    });
  });

  it.each(['none', 'gzip', 'zstd'] as const)('keeps layers of %s as they are', async (compression) => {
    isolate();
    const { host } = await dockerRegistry();
    const { made, tools } = await sample(compression);
    await writeImage(await openImage(NAME, tools), `docker://${host}/a:1`, tools);
    const image = await openImage(`docker://${host}/a@${made.descriptor.digest}`, tools);
    expect(image.manifest).toEqual(made.manifest);
    await readAll(image);
  });

  it('pulls what skopeo pushes, in the format of docker, too', async () => {
    isolate();
    const { host } = await dockerRegistry();
    const { dir, tools } = await sample();
    await writeImage(await openImage(NAME, tools), `oci:${dir}/in:x`, tools);
    for (const format of ['oci', 'v2s2']) {
      skopeo(
        'copy',
        '-q',
        '--dest-tls-verify=false',
        '--format',
        format,
        `oci:${dir}/in:x`,
        `docker://${host}/s:${format}`,
      );
      const image = await openImage(`docker://${host}/s:${format}`, tools);
      expect(image.evidence).toBeUndefined();
      await readAll(image);
      const store = await openStore({ home: join(dir, format) });
      await pull({ store, ctx: tools.ctx, reference: `${host}/s:${format}` });
      await readAll(await openImage(`${host}/s:${format}`, { store, ctx: tools.ctx }));
    }
  });

  it('takes the platform that is asked for from an index', async () => {
    isolate();
    const { host } = await dockerRegistry();
    const { store, tools } = await sample();
    const manifests = [];
    for (const architecture of ['amd64', 'arm64']) {
      const made = await makeImage({
        store,
        name: architecture,
        layers: [[{ path: architecture }]],
        config: { architecture },
      });
      await writeImage(
        await openImage(architecture, { ...tools, platform: `linux/${architecture}` }),
        `docker://${host}/m:${architecture}`,
        tools,
      );
      manifests.push({ ...made.descriptor, platform: { os: 'linux', architecture } });
    }
    const { client } = await testClient(host);
    const bytes = encodeIndex({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
    await client.putManifest('m', 'all', { bytes, mediaType: OCI_INDEX });
    for (const architecture of ['amd64', 'arm64']) {
      const image = await openImage(`docker://${host}/m:all`, { ...tools, platform: `linux/${architecture}` });
      expect(image.config.architecture).toBe(architecture);
    }
    const error = await failure(openImage(`docker://${host}/m:all`, { ...tools, platform: 'linux/s390x' }));
    expect(error.code).toBe('E_PLATFORM');
  });

  it('writes the fallback tag as the specification says, and adds to it', async () => {
    isolate();
    const { host } = await dockerRegistry();
    const { made, tools } = await sample();
    await push({ ...tools, name: NAME, reference: `${host}/a:1` });
    const { client } = await testClient(host);
    const index = JSON.parse(
      Buffer.from((await client.getManifest('a', fallbackTag(made.descriptor.digest))).bytes).toString('utf8'),
    ) as {
      mediaType: string;
      manifests: { artifactType: string; digest: Digest; size: number }[];
    };
    expect(index.mediaType).toBe(OCI_INDEX);
    expect(index.manifests.map(({ artifactType }) => artifactType)).toEqual([EVIDENCE_MEDIA_TYPE]);
    expect(await client.referrers('a', made.descriptor.digest)).toHaveLength(1);
    expect(await client.referrers('a', made.descriptor.digest, 'other/type')).toEqual([]);
    await push({ ...tools, name: NAME, reference: `${host}/a:2` });
    expect(await client.referrers('a', made.descriptor.digest)).toHaveLength(1);
  });

  it('lists, deletes, and says what is not there', async () => {
    const env = isolate();
    const { host } = await dockerRegistry();
    const { made, tools } = await sample();
    for (const tag of ['b', 'a', 'c10']) await push({ ...tools, name: NAME, reference: `${host}/x/y:${tag}` });
    const tags = await listTags({ ctx: tools.ctx, env, repository: `${host}/x/y` });
    expect(tags.tags.filter((tag) => !tag.startsWith('sha256-')).sort()).toEqual(['a', 'b', 'c10']);
    expect(await listTags({ ctx: tools.ctx, env, repository: `${host}/x/y`, limit: 1 })).toMatchObject({ cut: true });
    expect((await failure(listTags({ ctx: tools.ctx, env, repository: `${host}/x/y:a` }))).code).toBe('E_REFERENCE');
    const { client } = await testClient(host);
    expect(await listed(client.repositories())).toEqual(['x/y']);
    const { digest, size } = made.descriptor;
    expect(await client.headManifest('x/y', 'a')).toMatchObject({ digest, size });
    expect(await client.deleteManifest('x/y', digest)).toBe(true);
    expect(await client.headManifest('x/y', 'a')).toBeUndefined();
    expect(await client.deleteManifest('x/y', digest)).toBe(false);
    const layer = made.manifest.layers[0];
    if (layer === undefined) throw new Error('it has layers');
    expect(await client.hasBlob('x/y', layer.digest)).toBe(layer.size);
    expect(await client.deleteBlob('x/y', layer.digest)).toBe(true);
    expect(await client.hasBlob('x/y', layer.digest)).toBeUndefined();
    for (const reference of [`${host}/x/y:a`, `${host}/none:1`, `${host}/x/y@${digest}`])
      expect((await failure(openImage(`docker://${reference}`, tools))).code).toBe('E_IMAGE_NOT_FOUND');
  });

  it('mounts what another repository has, and uploads in pieces', async () => {
    isolate();
    const { host } = await dockerRegistry();
    const { tools } = await sample();
    await push({ ...tools, name: NAME, reference: `${host}/a:1` });
    const there = await writeImage(await openImage(`docker://${host}/a:1`, tools), `docker://${host}/b/c:1`, tools);
    expect(there).toMatchObject({ reused: 4, blobs: 1 });
    await readAll(await openImage(`docker://${host}/b/c:1`, tools));

    const { client } = await testClient(host);
    const bytes = Buffer.alloc(3_000_000, 'tare ');
    const descriptor = { mediaType: 'x/y', digest: `sha256:${sha256(bytes)}` as Digest, size: bytes.length };
    expect(await client.uploadBlob('d', { descriptor, open: () => bytesOf(bytes) })).toBe('uploaded');
    expect((await all(client.blob('d', descriptor))).equals(bytes)).toBe(true);
    expect((await all(client.blob('d', descriptor, { range: { from: 5, to: 9 } }))).toString()).toBe('tare ');
  });

  it('fetches a blob once for all that want it', async () => {
    isolate();
    const { host } = await dockerRegistry();
    const { dir, tools } = await sample();
    await push({ ...tools, name: NAME, reference: `${host}/a:1` });
    const home = join(dir, 'shared');
    const results = await Promise.all(
      [1, 2, 3, 4].map(async (name) =>
        pull({ store: await openStore({ home }), ctx: tools.ctx, reference: `${host}/a:1`, name: `n:${name}` }),
      ),
    );
    expect(results.every(({ digest }) => digest === results[0]?.digest)).toBe(true);
    expect(readdirSync(join(home, 'tare', 'tmp'))).toEqual([]);
  });

  it('reads its layers for whoever asks, and keeps them', async () => {
    isolate();
    const { host } = await dockerRegistry();
    const { dir, made, tools } = await sample();
    await push({ ...tools, name: NAME, reference: `${host}/a:1` });
    const store = await openStore({ home: join(dir, 'fresh') });
    const image = await openImage(`docker://${host}/a:1`, { store, ctx: tools.ctx });
    const [layer] = made.layers;
    if (layer === undefined) throw new Error('it has layers');
    expect((await store.layerIndex(image.blobs, layer.descriptor, layer.diffId)).members.length).toBeGreaterThan(0);
    expect(await store.blobs.size(layer.descriptor.digest)).toBe(layer.descriptor.size);
  });
});

function sha256(bytes: Uint8Array): string {
  return execFileSync('sha256sum', { input: bytes, encoding: 'utf8' }).slice(0, 64);
}

describe.skipIf(!needs('docker-registry', 'skopeo', 'htpasswd'))('with a registry that wants a password', () => {
  it('logs in, works, logs out; and skopeo reads what is kept', async () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'htpasswd'), run('htpasswd', '-Bbn', 'me', 'top:secret'));
    const { host } = await dockerRegistry({ htpasswd: join(dir, 'htpasswd') });
    const env = isolate({ DOCKER_CONFIG: join(dir, 'docker') });
    const ctx = createContext();
    const file = join(dir, 'docker/config.json');
    const { made, tools } = await sample();

    const refused = await failure(push({ ...tools, name: NAME, reference: `${host}/a:1` }));
    expect(refused.code).toBe('E_AUTH');
    expect(refused.hint).toContain(`tare login ${host}`);
    const wrong = await failure(login({ ctx, env, host, username: 'me', password: 'wrong-one' }));
    expect(wrong.code).toBe('E_AUTH');
    expect(`${wrong.message} ${wrong.stack}`).not.toContain('wrong-one');
    expect(() => statSync(file)).toThrow();

    mkdirSync(join(dir, 'docker'));
    writeFileSync(file, JSON.stringify({ auths: { 'other.io': { auth: 'eDp5' } }, psFormat: 'table' }));
    expect(await login({ ctx, env, host, username: 'me', password: 'top:secret' })).toEqual({
      registry: host,
      username: 'me',
      file,
      helper: null,
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      auths: { 'other.io': { auth: 'eDp5' }, [host]: { auth: Buffer.from('me:top:secret').toString('base64') } },
      psFormat: 'table',
    });
    expect(readdirSync(join(dir, 'docker'))).toEqual(['config.json']);

    await push({ ...tools, name: NAME, reference: `${host}/a:1` });
    const inspected = skopeo('inspect', '--tls-verify=false', '--authfile', file, `docker://${host}/a:1`);
    expect((JSON.parse(inspected) as { Digest: string }).Digest).toBe(made.descriptor.digest);

    expect(await logout({ ctx, env, host })).toMatchObject({ removed: true, elsewhere: false });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      auths: { 'other.io': { auth: 'eDp5' } },
      psFormat: 'table',
    });
    expect(await logout({ ctx, env, host })).toMatchObject({ removed: false });
    expect((await failure(openImage(`docker://${host}/a:1`, tools))).code).toBe('E_AUTH');
  });
});

interface Pki {
  readonly dir: string;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** An authority, and certificates of a server and of a client that it has signed. */
function pki(): Pki {
  const dir = tempDir();
  const openssl = (...args: readonly string[]): string =>
    run('openssl', ...args.map((arg) => arg.replaceAll('DIR', dir)));
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'DIR/ca.key',
    '-out',
    'DIR/ca.crt',
    '-days',
    '2',
    '-subj',
    '/CN=ca',
  );
  for (const name of ['server', 'client']) {
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      `DIR/${name}.key`,
      '-out',
      `DIR/${name}.csr`,
      '-subj',
      `/CN=${name}`,
    );
    writeFileSync(join(dir, 'ext'), 'subjectAltName=IP:127.0.0.1,DNS:registry.example\n');
    openssl(
      'x509',
      '-req',
      '-in',
      `DIR/${name}.csr`,
      '-CA',
      'DIR/ca.crt',
      '-CAkey',
      'DIR/ca.key',
      '-CAcreateserial',
      '-out',
      `DIR/${name}.crt`,
      '-days',
      '2',
      '-extfile',
      'DIR/ext',
    );
  }
  return { dir, ca: join(dir, 'ca.crt'), certificate: join(dir, 'server.crt'), key: join(dir, 'server.key') };
}

describe.skipIf(!needs('docker-registry', 'openssl'))('with a registry that speaks TLS', () => {
  it('trusts its authority alone, or everybody when it is told to', async () => {
    const { ca, certificate, dir, key } = pki();
    const { host } = await dockerRegistry({ tls: { certificate, key } });
    const { tools } = await sample();
    const reference = `${host}/a:1`;
    isolate();
    const refused = await failure(push({ ...tools, name: NAME, reference }));
    expect(refused.code).toBe('E_TLS');
    expect(refused.hint).toContain('--insecure');
    await push({ ...tools, name: NAME, reference, registry: { insecure: [host] } });
    isolate({ TARE_INSECURE: host });
    await openImage(`docker://${reference}`, tools);
    isolate({ TARE_INSECURE: 'other.example' });
    expect((await failure(openImage(`docker://${reference}`, tools))).code).toBe('E_TLS');
    isolate({ SSL_CERT_FILE: ca });
    await openImage(`docker://${reference}`, tools);
    mkdirSync(join(dir, 'containers/certs.d', host), { recursive: true });
    writeFileSync(join(dir, 'containers/certs.d', host, 'ca.crt'), readFileSync(ca));
    isolate({ XDG_CONFIG_HOME: dir });
    await openImage(`docker://${reference}`, tools);
  });

  it.each(['http', 'https'])(
    'is reached through a tunnel, and its %s proxy alone is shown the password',
    async (scheme) => {
      const { ca, certificate, key } = pki();
      const { host } = await dockerRegistry({ tls: { certificate, key } });
      const asked: (string | undefined)[] = [];
      const pem = { cert: readFileSync(certificate), key: readFileSync(key) };
      const proxy = scheme === 'http' ? createServer() : createSecureServer(pem);
      proxy.on('connect', (request, client: Duplex) => {
        asked.push(request.url, request.headers['proxy-authorization'], request.headers.authorization);
        const server = connect(Number(host.split(':')[1]), '127.0.0.1', () => {
          client.write('HTTP/1.1 200 Connection established\r\n\r\n');
          client.pipe(server).pipe(client);
        });
        server.on('error', () => client.destroy());
        client.on('error', () => server.destroy());
        onTestFinished(() => void server.destroy());
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => {
        proxy.closeAllConnections();
        proxy.close();
      });
      const { port } = proxy.address() as AddressInfo;
      const env = bareEnvironment({ https_proxy: `${scheme}://me:p%40ss@127.0.0.1:${port}`, SSL_CERT_FILE: ca });
      const { client } = await testClient('registry.example', { env });
      const { bytes, descriptor } = large();
      expect(await client.uploadBlob('a', { descriptor, open: () => bytesOf(bytes) })).toBe('uploaded');
      expect((await all(client.blob('a', descriptor))).equals(bytes)).toBe(true);
      const login = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
      expect(asked.slice(0, 3)).toEqual(['registry.example:443', login, undefined]);
      const { client: shut } = await testClient('other.example', { env });
      expect((await failure(shut.getManifest('a', '1'))).code).toBe('E_TLS');
    },
  );

  it('shows a client certificate', async () => {
    const { ca, certificate, dir, key } = pki();
    const { host } = await dockerRegistry({ tls: { certificate, key, clientCa: ca } });
    const { tools } = await sample();
    const folder = join(dir, 'containers/certs.d', host);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'ca.crt'), readFileSync(ca));
    isolate({ XDG_CONFIG_HOME: dir });
    const refused = await failure(push({ ...tools, name: NAME, reference: `${host}/a:1` }));
    expect(['E_TLS', 'E_REGISTRY']).toContain(refused.code);
    writeFileSync(join(folder, 'client.cert'), readFileSync(join(dir, 'client.crt')));
    expect((await failure(push({ ...tools, name: NAME, reference: `${host}/a:1` }))).message).toContain('no key');
    writeFileSync(join(folder, 'client.key'), readFileSync(join(dir, 'client.key')));
    await push({ ...tools, name: NAME, reference: `${host}/a:1` });
    await openImage(`docker://${host}/a:1`, tools);
    // What is large comes over a connection of its own, which shows it as well.
    const { client } = await testClient(host, { env: bareEnvironment({ XDG_CONFIG_HOME: dir }) });
    const { bytes, descriptor } = large();
    expect(await client.uploadBlob('a', { descriptor, open: () => bytesOf(bytes) })).toBe('uploaded');
    expect((await all(client.blob('a', descriptor))).equals(bytes)).toBe(true);
  });

  it('takes no blob from a host of which nobody has heard', async () => {
    const { ca, certificate, key } = pki();
    const { host } = await dockerRegistry({ tls: { certificate, key } });
    const { bytes, descriptor } = large();
    const { client: writer } = await testClient(host, { env: bareEnvironment({ SSL_CERT_FILE: ca }) });
    await writer.uploadBlob('a', { descriptor, open: () => bytesOf(bytes) });
    const registry = await faultRegistry();
    const respond = (_: IncomingMessage, response: ServerResponse): void => {
      response.writeHead(307, { location: `https://${host}/v2/a/blobs/${descriptor.digest}`, 'content-length': 0 });
      response.end();
    };
    registry.fault({ path: /blobs/, times: 100, respond });
    const { client } = await testClient(registry.host);
    expect((await failure(all(client.blob('a', descriptor)))).code).toBe('E_TLS');
    const { client: trusting } = await testClient(registry.host, { env: bareEnvironment({ SSL_CERT_FILE: ca }) });
    expect((await all(slowly(trusting.blob('a', descriptor)))).equals(bytes)).toBe(true);
  });
});

/** A reader that is slower than the connection. */
async function* slowly(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    yield chunk;
  }
}

function large(): { readonly bytes: Buffer; readonly descriptor: Descriptor } {
  const bytes = noise(12_000_000);
  return {
    bytes,
    descriptor: { mediaType: OCI_LAYER, digest: `sha256:${sha256(bytes)}` as Digest, size: bytes.length },
  };
}
