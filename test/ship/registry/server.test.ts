import { connect } from 'node:net';
import { createHash, randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { collect } from '../../../src/ship/registry/storage/collect.ts';
import { openStorage } from '../../../src/ship/registry/storage/storage.ts';
import { serveRegistry, type ServeOptions, type Serving } from '../../../src/ship/registry/server.ts';
import { tare } from '../../helpers/cli.ts';
import { needs } from '../../helpers/needs.ts';
import { startTareRegistry } from '../../helpers/registry.ts';
import { tempDir } from '../../helpers/temp.ts';
import { digestOf, FIXTURES, OCI_MANIFEST } from './fixtures.ts';

async function serving(options: Partial<ServeOptions> = {}): Promise<Serving> {
  const server = await serveRegistry({ host: '127.0.0.1', port: 0, storage: tempDir(), ...options });
  onTestFinished(() => server.stop());
  return server;
}

const bytesOf = (name: string): Buffer<ArrayBuffer> => Buffer.from(FIXTURES[name]?.bytes ?? Buffer.alloc(0));

function pushBlob(url: string, repository: string, bytes: Buffer<ArrayBuffer>, headers = {}): Promise<Response> {
  const target = `${url}/v2/${repository}/blobs/uploads/?digest=${digestOf(bytes)}`;
  return fetch(target, { method: 'POST', body: bytes, headers });
}

async function pushImage(url: string, repository: string, name: string, tag: string): Promise<void> {
  for (const blob of FIXTURES[name]?.needs ?? [])
    expect((await pushBlob(url, repository, bytesOf(blob))).status).toBe(201);
  expect((await putImage(url, repository, name, tag)).status).toBe(201);
}

const putImage = (url: string, repository: string, name: string, tag: string): Promise<Response> =>
  fetch(`${url}/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    headers: { 'content-type': OCI_MANIFEST },
    body: bytesOf(name),
  });

const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { errors: { code: string }[] }).errors[0]?.code ?? '';

/** Sends bytes as they are; gives all that comes back until the server closes. */
function raw(url: string, text: string, end = true): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    if (end) socket.end(text);
    else socket.write(text);
  });
}

describe('paths', () => {
  it.for([
    '/v2/../../etc/passwd/blobs/uploads/',
    '/v2/a/../../../x/manifests/latest',
    '/v2/a%2f..%2f..%2fx/manifests/latest',
    '/v2/a/manifests/..%2f..%2fx',
    '/v2/a/manifests/%00',
    '/v2/a/blobs/uploads/..%2f..%2fx',
    '/v2/%ff/tags/list',
    '/v2/a+b/tags/list',
    '/v2//tags/list',
    '//v2/',
    '/',
    '/favicon.ico',
  ])('%s leads nowhere', async (path) => {
    const storage = tempDir();
    const server = await serving({ storage });
    const answer = await raw(server.url, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 (400|404|405) /);
    expect(answer).toMatch(/"code":"(NAME_INVALID|MANIFEST_INVALID|BLOB_UPLOAD_UNKNOWN|UNSUPPORTED)"/);
    expect(readdirSync(storage).sort()).toEqual(['blobs', 'registry.json', 'tare', 'uploads']);
  });
});

describe('clients that hold on', () => {
  it('gives up a request whose head does not come', async () => {
    const server = await serving({ limits: { headMs: 200, idleMs: 60_000 } });
    expect(await raw(server.url, 'GET /v2/ HTTP/1.1\r\nHost: x\r\n', false)).toMatch(/^(HTTP\/1\.1 408 |$)/);
  });

  it('gives up a body that hardly moves, and a connection on which nothing does', async () => {
    const server = await serving({ limits: { paceMs: 100 } });
    const head = 'POST /v2/a/blobs/uploads/?digest=sha256:';
    const rest = `${'0'.repeat(64)} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc`;
    expect(await raw(server.url, head + rest, false)).toBe('');
    const quick = await serving({ limits: { idleMs: 100 } });
    expect(await raw(quick.url, 'GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n', false)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('caps heads', async () => {
    const server = await serving();
    const answer = await raw(server.url, `GET /v2/ HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('caps open uploads, per repository and in all, and drops those that nobody goes on with', async () => {
    const server = await serving({ limits: { maxUploads: 3, maxUploadsPerRepository: 2 } });
    const begin = async (repository: string): Promise<number> =>
      (await fetch(`${server.url}/v2/${repository}/blobs/uploads/`, { method: 'POST' })).status;
    expect([await begin('a'), await begin('a'), await begin('a')]).toEqual([202, 202, 429]);
    expect([await begin('b'), await begin('b')]).toEqual([202, 429]);
  });
});

describe('quotas', () => {
  it('refuses a blob that is too large, announced or not', async () => {
    const server = await serving({ limits: { maxBlobBytes: 100 } });
    const large = randomBytes(101);
    expect((await pushBlob(server.url, 'a', large)).status).toBe(413);
    const begun = await fetch(`${server.url}/v2/a/blobs/uploads/`, { method: 'POST' });
    const target = new URL(begun.headers.get('location') ?? '', server.url);
    const stream = new ReadableStream({
      start: (controller) => {
        controller.enqueue(large);
        controller.close();
      },
    });
    const patched = await fetch(target, { method: 'PATCH', body: stream, duplex: 'half' });
    expect([patched.status, await codeOf(patched)]).toEqual([413, 'SIZE_INVALID']);
    expect((await pushBlob(server.url, 'a', randomBytes(100))).status).toBe(201);
  });

  it('refuses what does not fit any more, and new repositories beyond their number', async () => {
    const server = await serving({ limits: { maxBytes: 250, maxRepositories: 1 } });
    expect((await pushBlob(server.url, 'a', randomBytes(200))).status).toBe(201);
    const full = await pushBlob(server.url, 'a', randomBytes(100));
    expect([full.status, await codeOf(full)]).toEqual([403, 'DENIED']);
    const another = await pushBlob(server.url, 'b', randomBytes(1));
    expect([another.status, await codeOf(another)]).toEqual([403, 'DENIED']);
    expect((await pushBlob(server.url, 'a', randomBytes(1))).status).toBe(201);
  });

  it('count what several clients send at a time together', async () => {
    const server = await serving({ limits: { maxBytes: 1_000_000, maxRepositories: 1 } });
    const begun = async (repository: string): Promise<URL> => {
      const answer = await fetch(`${server.url}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
      return new URL(answer.headers.get('location') ?? '', server.url);
    };
    const targets = await Promise.all(['a', 'a', 'a', 'a'].map(begun));
    let ready = 0;
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const sent = targets.map(async (target) => {
      const body = new ReadableStream({
        start: async (controller) => {
          controller.enqueue(randomBytes(1000));
          ready += 1;
          if (ready === targets.length) setTimeout(go, 200);
          await gate;
          for (let piece = 0; piece < 6; piece++) controller.enqueue(randomBytes(100_000));
          controller.close();
        },
      });
      return (await fetch(target, { method: 'PATCH', body, duplex: 'half' })).status;
    });
    expect((await Promise.all(sent)).filter((status) => status === 202).length).toBeLessThan(2);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    // And what each of them was about to write.
    expect(Number(/uploads_open_bytes (\d+)/.exec(metrics)?.[1])).toBeLessThanOrEqual(1_000_000 + 4 * 65_536);
  });

  it('count repositories when their first blob is whole, not when it begins', async () => {
    const server = await serving({ limits: { maxRepositories: 1 } });
    const bytes = randomBytes(10);
    const targets: URL[] = [];
    for (const repository of ['a', 'b']) {
      const answer = await fetch(`${server.url}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
      const target = new URL(answer.headers.get('location') ?? '', server.url);
      target.searchParams.set('digest', digestOf(bytes));
      targets.push(target);
    }
    const ends: number[] = [];
    for (const target of targets) ends.push((await fetch(target, { method: 'PUT', body: bytes })).status);
    expect(ends).toEqual([201, 403]);
  });
});

describe('an upload that a full disk has stopped in the middle of a chunk', () => {
  it('goes on where the client is told to, without what was left of the chunk', async () => {
    const storage = tempDir();
    const server = await serving({ storage });
    const bytes = randomBytes(2000);
    const begun = await fetch(`${server.url}/v2/a/blobs/uploads/`, { method: 'POST' });
    const target = new URL(begun.headers.get('location') ?? '', server.url);
    await fetch(target, { method: 'PATCH', body: bytes.subarray(0, 1000) });
    const id = target.pathname.split('/').at(-1) ?? '';
    appendFileSync(join(storage, 'uploads', id, 'a'), bytes.subarray(1000, 1300));
    target.searchParams.set('digest', digestOf(bytes));
    expect((await fetch(target, { method: 'PUT', body: bytes.subarray(1000) })).status).toBe(201);
    const blob = await fetch(`${server.url}/v2/a/blobs/${digestOf(bytes)}`);
    expect(Buffer.from(await blob.arrayBuffer()).equals(bytes)).toBe(true);
  });
});

describe('read-only', () => {
  it('serves what is there, and says what is possible', async () => {
    const storage = tempDir();
    const writer = await serveRegistry({ host: '127.0.0.1', port: 0, storage });
    await pushImage(writer.url, 'a', 'image', 'latest');
    await writer.stop();
    const server = await serving({ storage, readOnly: true });
    expect((await fetch(`${server.url}/v2/a/manifests/latest`)).status).toBe(200);
    for (const [method, path] of [
      ['POST', 'blobs/uploads/'],
      ['PUT', 'manifests/x'],
      ['DELETE', 'manifests/latest'],
    ]) {
      const answer = await fetch(`${server.url}/v2/a/${path}`, { method: method ?? '' });
      expect([answer.status, await codeOf(answer)]).toEqual([405, 'UNSUPPORTED']);
    }
  });
});

describe('two writers of one tag', () => {
  it('end with one of both, whole', async () => {
    const server = await serving();
    await pushImage(server.url, 'a', 'image', 'latest');
    await pushImage(server.url, 'a', 'image2', 'other');
    await Promise.all(
      Array.from({ length: 40 }, (_, at) => putImage(server.url, 'a', at % 2 === 0 ? 'image' : 'image2', 'latest')),
    );
    const answer = await fetch(`${server.url}/v2/a/manifests/latest`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(answer.headers.get('docker-content-digest')).toBe(digestOf(bytes));
    expect([digestOf(bytesOf('image')), digestOf(bytesOf('image2'))]).toContain(digestOf(bytes));
  });
});

describe('storage', () => {
  it('is served by one at a time, and is no folder of something else', async () => {
    const storage = tempDir();
    await serving({ storage });
    await expect(serving({ storage })).rejects.toMatchObject({ code: 'E_LOCKED' });
    const full = tempDir();
    writeFileSync(join(full, 'thesis.txt'), 'mine');
    await expect(serving({ storage: full })).rejects.toMatchObject({ code: 'E_STORE' });
    const layout = tempDir();
    writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    mkdirSync(join(layout, 'blobs'));
    await expect(serving({ storage: layout })).rejects.toMatchObject({ code: 'E_STORE' });
  });

  it('survives kill -9 in the middle of pushes: nothing that is served is damaged, nothing is left behind', async () => {
    const storage = tempDir();
    const blobs = Array.from({ length: 6 }, () => randomBytes(3_000_000));
    for (let round = 0; round < 3; round++) {
      const registry = await startTareRegistry({ storage, args: ['--access-log', 'none'] });
      const pushes = blobs.map((bytes) => pushBlob(registry.url, 'a', bytes).catch(() => undefined));
      // At another moment every time: after the first answer, or while none has come.
      if (round > 0) await Promise.race(pushes);
      await registry.stop('SIGKILL');
      await Promise.all(pushes);
    }
    const registry = await startTareRegistry({ storage, args: ['--access-log', 'none'] });
    for (const bytes of blobs) {
      const answer = await fetch(`${registry.url}/v2/a/blobs/${digestOf(bytes)}`);
      const got = Buffer.from(await answer.arrayBuffer());
      expect([200, 404]).toContain(answer.status);
      if (answer.status === 200) expect(got.equals(bytes)).toBe(true);
      expect((await pushBlob(registry.url, 'a', bytes)).status).toBe(201);
    }
    await registry.stop();
    // What was cut is kept for whoever goes on with it, and goes with the years.
    const later = new Date(Date.now() - 2 * 60 * 60 * 1000);
    const uploads = join(storage, 'uploads');
    for (const id of readdirSync(uploads))
      for (const name of readdirSync(join(uploads, id))) utimesSync(join(uploads, id, name), later, later);
    await (await serveRegistry({ host: '127.0.0.1', port: 0, storage })).stop();
    expect(readdirSync(uploads)).toEqual([]);
    for (const hex of readdirSync(join(storage, 'blobs', 'sha256')))
      expect(
        createHash('sha256')
          .update(readFileSync(join(storage, 'blobs', 'sha256', hex)))
          .digest('hex'),
      ).toBe(hex);
  });
});

describe('collect', () => {
  it('deletes what no manifest refers to, beside a running server, and only what is old enough', async () => {
    const storage = tempDir();
    const server = await serving({ storage });
    await pushImage(server.url, 'a', 'image', 'latest');
    await pushBlob(server.url, 'a', bytesOf('other'));
    const opened = await openStorage({ root: storage, create: false });
    expect(await collect(opened)).toEqual({ links: 0, blobs: 0, bytes: 0 });
    const gone = { links: 1, blobs: 1, bytes: bytesOf('other').length };
    expect(await collect(opened, { dryRun: true, grace: -1000 })).toEqual(gone);
    expect(await collect(opened, { grace: -1000 })).toEqual(gone);
    expect(await collect(opened, { grace: -1000 })).toEqual({ links: 0, blobs: 0, bytes: 0 });
    const file = join(storage, 'blobs', 'sha256', digestOf(bytesOf('other')).slice(7));
    expect(existsSync(file)).toBe(false);
    expect((await fetch(`${server.url}/v2/a/blobs/${digestOf(bytesOf('layer'))}`)).status).toBe(200);
    const refused = await putImage(server.url, 'a', 'image2', 'two');
    expect([refused.status, await codeOf(refused)]).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
  });

  it('deletes nothing when a manifest is damaged', async () => {
    const storage = tempDir();
    const server = await serving({ storage });
    await pushImage(server.url, 'a', 'image', 'latest');
    await pushBlob(server.url, 'a', bytesOf('other'));
    writeFileSync(join(storage, 'blobs', 'sha256', digestOf(bytesOf('image')).slice(7)), '{');
    const opened = await openStorage({ root: storage, create: false });
    await expect(collect(opened, { grace: -1000 })).rejects.toMatchObject({ code: 'E_STORE' });
    expect((await fetch(`${server.url}/v2/a/blobs/${digestOf(bytesOf('other'))}`)).status).toBe(200);
  });

  it('keeps what is young', async () => {
    const storage = tempDir();
    const server = await serving({ storage });
    await pushBlob(server.url, 'a', bytesOf('other'));
    const link = join(storage, 'repositories', 'a', 'blobs', digestOf(bytesOf('other')).replace(':', '-'));
    const opened = await openStorage({ root: storage, create: false });
    expect((await collect(opened)).links).toBe(0);
    const past = new Date(Date.now() - 2 * 60 * 60 * 1000);
    utimesSync(link, past, past);
    expect((await collect(opened)).links).toBe(1);
  });
});

describe('the command', () => {
  it('ends with 0 when it is told to stop, and finishes what is in flight', async () => {
    const registry = await startTareRegistry({ storage: tempDir() });
    const bytes = randomBytes(1_000_000);
    const begun = await fetch(`${registry.url}/v2/a/blobs/uploads/`, { method: 'POST' });
    const target = new URL(begun.headers.get('location') ?? '', registry.url);
    target.searchParams.set('digest', digestOf(bytes));
    let more = (_bytes: Uint8Array | undefined): void => undefined;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        more = (chunk) => (chunk === undefined ? controller.close() : controller.enqueue(chunk));
      },
    });
    const put = fetch(target, { method: 'PUT', body: stream, duplex: 'half' });
    more(bytes.subarray(0, 1000));
    await expect.poll(async () => (await fetch(target)).headers.get('range')).toBe('0-999');
    const ended = registry.stop('SIGTERM');
    more(bytes.subarray(1000));
    more(undefined);
    expect((await put).status).toBe(201);
    expect(await ended).toBe(0);
  });

  it('writes a line of JSON for each request, without credentials', async () => {
    const registry = await startTareRegistry({ storage: tempDir() });
    await fetch(`${registry.url}/v2/a/tags/list?token=SECRET`, {
      headers: { authorization: 'Basic U0VDUkVUOlNFQ1JFVA==' },
    });
    expect((await fetch(`${registry.url}/healthz`)).status).toBe(200);
    const metrics = await (await fetch(`${registry.url}/metrics`)).text();
    expect(metrics).toContain('tare_registry_requests_total{route="tags",method="GET",status="404"} 1\n');
    await registry.stop();
    const lines = registry.stderr().trim().split('\n');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ method: 'GET', path: '/v2/a/tags/list', status: 404 });
    expect(registry.stderr()).not.toMatch(/SECRET|U0VDUkVU/);
  });

  it.for([
    [['--addr', '0.0.0.0:0'], /is not a loopback address, and there is no TLS/],
    [['--addr', ':0'], /is not a loopback address/],
    [['--addr', 'nonsense'], /is not an address to listen on/],
    [['--tls-cert', 'x.pem'], /go together/],
    [['--anonymous-pull'], /goes with --htpasswd/],
    [['--token-realm', 'https://x'], /go together/],
    [['--max-bytes', 'lots'], /is not a size/],
    [['--htpasswd', '/nowhere/users'], /cannot read \/nowhere\/users/],
  ] as const)('refuses %s', async ([args, message]) => {
    const home = tempDir();
    const answer = await tare(['registry', 'serve', ...args], { home });
    expect(answer.stderr).toMatch(message);
    expect(answer.code).not.toBe(0);
  });

  it.skipIf(!needs('openssl'))('serves over TLS', async () => {
    const dir = tempDir();
    const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...ec, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const args = ['--tls-cert', cert, '--tls-key', key];
    const registry = await startTareRegistry({ storage: join(dir, 'storage'), args });
    expect(registry.url).toMatch(/^https:/);
    const answer = execFileSync('curl', ['-s', '--cacert', cert, `${registry.url}/v2/`]).toString();
    expect(answer).toBe('{}\n');
    await registry.stop();
  });
});
