import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Digest } from '../../../../src/base/digest.ts';
import { faultRegistry, sha } from '../../../helpers/fault-registry.ts';
import { failure } from '../../sample.ts';
import { all, testClient } from '../client.ts';

const BLOB = randomBytes(3_500_000);
const DESCRIPTOR = { mediaType: 'application/octet-stream', digest: sha(BLOB) as Digest, size: BLOB.length };
const HEAD = `HTTP/1.1 200 OK\r\nContent-Length: ${BLOB.length}\r\n\r\n`;

/** Answers the greeting as a registry does, and each question for the blob with the next of `answers`; gone when the test ends. */
async function rawRegistry(...answers: readonly ((socket: Socket, question: string) => void)[]) {
  const questions: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (!text.endsWith('\r\n\r\n')) return;
      const question = text;
      text = '';
      if (!question.includes('/blobs/')) {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      questions.push(question);
      answers[Math.min(questions.length, answers.length) - 1]?.(socket, question);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { client } = await testClient(`127.0.0.1:${(server.address() as AddressInfo).port}`, {
    pacing: { silenceMs: 300 },
  });
  return { questions, blob: () => all(client.blob('a', DESCRIPTOR)) };
}

const whole = (socket: Socket): void => {
  socket.write(HEAD);
  socket.end(BLOB);
};

describe('a large blob', () => {
  it('comes over a connection of its own', async () => {
    const { blob, questions } = await rawRegistry(whole);
    expect((await blob()).equals(BLOB)).toBe(true);
    expect(questions).toHaveLength(1);
    expect(questions[0]).toMatch(/^GET \/v2\/a\/blobs\/sha256:\w+ HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/);
    expect(questions[0]).toContain('connection: close\r\n');
  });

  it('comes whole, whatever the pieces of its head', async () => {
    const { blob } = await rawRegistry((socket) => {
      socket.setNoDelay(true);
      const rest = Array.from(HEAD);
      const next = (): void => {
        const letter = rest.shift();
        if (letter === undefined) return void socket.end(BLOB);
        socket.write(letter, () => setImmediate(next));
      };
      next();
    });
    expect((await blob()).equals(BLOB)).toBe(true);
  });

  it('ends where its length says, and what comes after it is nobody’s', async () => {
    const { blob } = await rawRegistry((socket) => {
      socket.write(HEAD);
      socket.write(BLOB);
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    expect((await blob()).equals(BLOB)).toBe(true);
  });

  it.each([
    ['comes in chunks', (socket: Socket) => void socket.end(chunked(BLOB))],
    ['has no length', (socket: Socket) => void socket.end(Buffer.concat([head('HTTP/1.1 200 OK'), BLOB]))],
    [
      'has hints before it',
      (socket: Socket) => void socket.end(Buffer.concat([head('HTTP/1.1 103 Early Hints'), Buffer.from(HEAD), BLOB])),
    ],
  ])('is asked for again in the usual way when it %s', async (_, answer) => {
    const { blob, questions } = await rawRegistry(answer);
    expect((await blob()).equals(BLOB)).toBe(true);
    expect(questions.map((question) => /^connection: .*$/im.exec(question)?.[0].toLowerCase())).toEqual([
      'connection: close',
      'connection: keep-alive',
    ]);
  });

  it.each([
    [
      'breaks in the body',
      (socket: Socket) => void socket.end(Buffer.concat([Buffer.from(HEAD), BLOB.subarray(0, 1e6)])),
    ],
    [
      'falls silent in the body',
      (socket: Socket) => void socket.write(Buffer.concat([Buffer.from(HEAD), BLOB.subarray(0, 1e6)])),
    ],
    ['breaks in the head', (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-')],
    ['breaks before the head', (socket: Socket) => void socket.destroy()],
    ['falls silent before the head', () => undefined],
  ])('is resumed, or asked for again, when it %s', async (how, first) => {
    const { blob, questions } = await rawRegistry(first, (socket, question) => {
      const from = Number(/range: bytes=(\d+)-/.exec(question)?.[1] ?? 0);
      if (from === 0) return whole(socket);
      const range = `Content-Range: bytes ${from}-${BLOB.length - 1}/${BLOB.length}`;
      socket.write(`HTTP/1.1 206 Partial Content\r\n${range}\r\nContent-Length: ${BLOB.length - from}\r\n\r\n`);
      socket.end(BLOB.subarray(from));
    });
    expect((await blob()).equals(BLOB)).toBe(true);
    expect(questions).toHaveLength(2);
    expect(questions[1]?.includes('range: bytes=1000000-')).toBe(how.endsWith('body'));
  });

  it('whose head never ends is not waited for', async () => {
    const { blob, questions } = await rawRegistry((socket) => {
      const more = (): void => {
        if (!socket.destroyed) socket.write('x: y\r\n'.repeat(1000), more);
      };
      socket.write('HTTP/1.1 200 OK\r\n');
      more();
    });
    expect(await failure(blob())).toMatchObject({ code: 'E_REGISTRY' });
    expect(questions.length).toBeGreaterThan(1);
  });

  it('is sent on to another origin without the credentials of this one', async () => {
    const target = await faultRegistry();
    target.blobs.set(DESCRIPTOR.digest, BLOB);
    const registry = await faultRegistry({
      auth: { challenge: () => 'Basic realm="r"', accepts: (header) => header.startsWith('Basic ') },
    });
    registry.fault({
      path: /blobs/,
      respond: (request, response) => {
        expect(request.headers.authorization).toMatch(/^Basic /);
        const location = `http://${target.host}/v2/a/blobs/${DESCRIPTOR.digest}`;
        response.writeHead(307, { location, 'content-length': 0 }).end();
      },
    });
    const { client } = await testClient(registry.host, { credentials: { username: 'me', password: 'secret' } });
    expect((await all(client.blob('a', DESCRIPTOR))).equals(BLOB)).toBe(true);
    expect(target.seen.at(-1)?.headers.authorization).toBeUndefined();
  });

  it('that is stopped leaves no connection', async () => {
    const stop = new AbortController();
    let isClosed = (): void => {};
    const closed = new Promise<void>((resolve) => {
      isClosed = resolve;
    });
    const registry = await faultRegistry();
    registry.fault({
      path: /blobs/,
      respond: (request, response) => {
        request.socket.once('close', () => isClosed());
        response.writeHead(200, { 'content-length': BLOB.length });
        response.write(BLOB.subarray(0, 100_000));
      },
    });
    const { client } = await testClient(registry.host);
    const reading = all(client.blob('a', DESCRIPTOR, { signal: stop.signal }));
    setTimeout(() => stop.abort(), 50);
    expect(await failure(reading)).toMatchObject({ code: 'E_CANCELLED' });
    await closed;
  });
});

function chunked(body: Buffer): Buffer {
  const size = Buffer.from(`${body.length.toString(16)}\r\n`);
  return Buffer.concat([
    head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'),
    size,
    body,
    Buffer.from('\r\n0\r\n\r\n'),
  ]);
}

const head = (...lines: readonly string[]): Buffer => Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
