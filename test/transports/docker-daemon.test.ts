import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { daemonAddress } from '../../src/transports/docker-daemon/host.ts';
import { openImage, writeImage } from '../../src/transports/index.ts';
import { canRunDockerd, withDockerd } from '../helpers/dockerd.ts';
import { tempDir } from '../helpers/temp.ts';
import { failure, NAME, readAll, sample } from './sample.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('daemonAddress', () => {
  it.each([
    [{}, '/var/run/docker.sock', 'http://docker'],
    [{ DOCKER_HOST: '' }, '/var/run/docker.sock', 'http://docker'],
    [{ DOCKER_HOST: 'unix:///x/y.sock' }, '/x/y.sock', 'http://docker'],
    [{ DOCKER_HOST: 'tcp://10.0.0.1:2375' }, undefined, 'http://10.0.0.1:2375'],
    [{ DOCKER_HOST: 'http://host:1/' }, undefined, 'http://host:1'],
    [{ DOCKER_HOST: 'tcp://[::1]:2375' }, undefined, 'http://[::1]:2375'],
    [{ DOCKER_HOST: 'unix:///x', DOCKER_TLS_VERIFY: '1' }, '/x', 'http://docker'],
  ])('%j', (env, socketPath, origin) => {
    expect(daemonAddress(env)).toMatchObject({ origin, ...(socketPath === undefined ? {} : { socketPath }) });
  });

  it.each([
    { DOCKER_HOST: 'ssh://me@host' },
    { DOCKER_HOST: 'npipe:////./pipe/docker' },
    { DOCKER_HOST: 'unix://relative' },
    { DOCKER_HOST: 'tcp://host' },
    { DOCKER_HOST: 'tcp://host:2375/path' },
    { DOCKER_HOST: 'nonsense' },
    { DOCKER_HOST: 'tcp://host:2376', DOCKER_TLS_VERIFY: '1' },
  ])('refuses %j', (env) => {
    expect(() => daemonAddress(env)).toThrow(expect.objectContaining({ code: 'E_DAEMON' }));
  });

  it('shows no password', () => {
    expect(() => daemonAddress({ DOCKER_HOST: 'tcp://me:secret@host:1' })).toThrow(/^(?!.*secret)/);
  });
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Something that listens where a daemon would, and answers as it likes. */
async function pretend(answer: Answer): Promise<void> {
  const socket = join(tempDir(), 'docker.sock');
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  vi.stubEnv('DOCKER_HOST', `unix://${socket}`);
}

const swallow =
  (status: number, body: string): Answer =>
  (request, response) => {
    request.resume().on('end', () => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body);
    });
  };

describe('a daemon that does not do what it should', () => {
  it('is not there', async () => {
    const { dir, tools } = await sample();
    vi.stubEnv('DOCKER_HOST', `unix://${join(dir, 'nothing.sock')}`);
    const image = await openImage(NAME, tools);
    for (const error of [
      await failure(openImage('docker-daemon:x', tools)),
      await failure(writeImage(image, 'docker-daemon:x', tools)),
    ]) {
      expect(error).toMatchObject({ code: 'E_DAEMON', exit: 3 });
      expect(error.message).toContain('nothing.sock');
    }
  });

  const givers: readonly (readonly [what: string, code: string, answer: Answer])[] = [
    ['says 404', 'E_IMAGE_NOT_FOUND', swallow(404, '{"message":"No such image: x:latest"}')],
    ['says 500', 'E_DAEMON', swallow(500, '{"message":"boom\\nforged line"}')],
    ['says 500 without JSON', 'E_DAEMON', swallow(500, '<html>')],
    ['says 500 with an endless text', 'E_LIMIT', swallow(500, 'x'.repeat(100_000))],
    ['gives what is no archive', 'E_ARCHIVE', swallow(200, 'hello')],
    [
      'hangs up in the middle',
      'E_DAEMON',
      (_request, response) => {
        response.writeHead(200, { 'content-length': '100000' });
        response.write('x'.repeat(1000), () => response.destroy());
      },
    ],
    ['hangs up at once', 'E_DAEMON', (request) => request.socket.destroy()],
  ];
  it.each(givers)('%s: %s', async (_what, code, answer) => {
    const { dir, tools } = await sample();
    await pretend(answer);
    const error = await failure(openImage('docker-daemon:x', tools));
    expect(error.code).toBe(code);
    expect(error.message).not.toContain('\n');
    expect(readdirSync(join(dir, 'home/tare/tmp'))).toEqual([]);
  });

  const takers: readonly (readonly [what: string, code: string, answer: Answer])[] = [
    [
      'reports an error in its progress',
      'E_DAEMON',
      swallow(200, '{"stream":"…"}\n{"errorDetail":{},"error":"no space"}\n'),
    ],
    ['reports an error in a last line without an end', 'E_DAEMON', swallow(200, '{"error":"no space"}')],
    ['talks without end', 'E_DAEMON', swallow(200, 'x'.repeat(3_000_000))],
    ['says 500', 'E_DAEMON', swallow(500, '{"message":"boom"}')],
    ['hangs up', 'E_DAEMON', (request) => request.socket.destroy()],
  ];
  it.each(takers)('%s when it loads: %s', async (_what, code, answer) => {
    const { tools } = await sample();
    const image = await openImage(NAME, tools);
    await pretend(answer);
    expect(await failure(writeImage(image, 'docker-daemon:x', tools))).toMatchObject({ code });
  });

  it('is not told of an image whose layer is damaged', async () => {
    const { made, store, tools } = await sample();
    const image = await openImage(NAME, tools);
    let answered = false;
    await pretend((request, response) => {
      request.resume().on('end', () => {
        answered = true;
        response.end('{}');
      });
    });
    const layer = made.manifest.layers[1];
    if (layer !== undefined) await store.layerIndex(image.blobs, layer, made.layers[1]?.diffId ?? layer.digest);
    rmSync((await store.blobs.file?.(layer ?? image.descriptor)) as string);
    expect(await failure(writeImage(image, 'docker-daemon:x', tools))).toMatchObject({ code: 'E_IMAGE_NOT_FOUND' });
    expect(answered).toBe(false);
  });

  it('stops at the signal', async () => {
    const { store, tools } = await sample();
    const stop = new AbortController();
    await pretend(() => stop.abort());
    const ctx = { ...tools.ctx, signal: stop.signal };
    expect(await failure(openImage('docker-daemon:x', { store, ctx }))).toMatchObject({ code: 'E_CANCELLED' });
  });

  it.each(['', 'UPPER', 'a@sha256:1'])('is not asked for %j', async (name) => {
    const { tools } = await sample();
    expect(await failure(openImage(`docker-daemon:${name}`, tools))).toMatchObject({ code: 'E_REFERENCE' });
  });
});

describe('a real daemon', () => {
  it.skipIf(!canRunDockerd())(
    'takes images, gives them back, and saves what tare reads',
    { timeout: 120_000 },
    async (test) => {
      const { dir, made, tools } = await sample('zstd');
      const ran = await withDockerd(async ({ docker, host }) => {
        vi.stubEnv('DOCKER_HOST', host);
        const id = made.manifest.config.digest;
        const image = await openImage(NAME, tools);

        const sent = await writeImage(image, 'docker-daemon:sample', tools);
        expect(sent).toMatchObject({ reference: 'docker-daemon:sample:latest', blobs: 3, reused: 0 });
        expect((await docker('image', 'inspect', '--format', '{{.Id}}', 'sample:latest')).trim()).toBe(id);

        for (const name of ['sample', 'sample:latest', 'docker.io/library/sample', id]) {
          const back = await openImage(`docker-daemon:${name}`, tools);
          expect(back.descriptor.digest).toBe(sent.digest);
          expect(back.manifest.config.digest).toBe(id);
          await readAll(back);
        }
        expect(await failure(openImage('docker-daemon:missing', tools))).toMatchObject({ code: 'E_IMAGE_NOT_FOUND' });

        await docker('tag', 'sample', 'host:5000/other:2');
        await docker('save', '-o', join(dir, 'saved.tar'), 'sample', 'host:5000/other:2');
        const saved = await openImage(`docker-archive:${join(dir, 'saved.tar')}:host:5000/other:2`, tools);
        expect(saved.descriptor.digest).toBe(sent.digest);
        await readAll(saved);

        await writeImage(image, `docker-archive:${join(dir, 'mine.tar')}:mine:3`, tools);
        expect(await docker('load', '-i', join(dir, 'mine.tar'))).toContain('mine:3');
        expect((await docker('image', 'inspect', '--format', '{{.Id}}', 'mine:3')).trim()).toBe(id);
      });
      test.skip(!ran, 'dockerd does not start on this machine');
    },
  );
});
