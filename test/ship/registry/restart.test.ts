import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serveRegistry, type Serving } from '../../../src/ship/registry/server.ts';
import { startTareRegistry } from '../../helpers/registry.ts';
import { tempDir } from '../../helpers/temp.ts';
import { digestOf } from './fixtures.ts';

const HOUR_MS = 60 * 60 * 1000;

async function serving(storage: string): Promise<Serving> {
  const server = await serveRegistry({ host: '127.0.0.1', port: 0, storage });
  onTestFinished(() => server.stop());
  return server;
}

const begin = async (url: string, repository = 'team/app', query = ''): Promise<string> => {
  const answer = await fetch(`${url}/v2/${repository}/blobs/uploads/${query}`, { method: 'POST' });
  expect(answer.status).toBe(202);
  return answer.headers.get('location') ?? '';
};

function patch(target: URL, bytes: Uint8Array<ArrayBuffer>, from: number): Promise<Response> {
  const range = `${from}-${from + bytes.length - 1}`;
  return fetch(target, { method: 'PATCH', body: bytes, headers: { 'content-range': range } });
}

const put = (target: URL, digest: string): Promise<Response> => {
  target.searchParams.set('digest', digest);
  return fetch(target, { method: 'PUT' });
};

describe('an upload', () => {
  it.for([
    ['SIGTERM', 'sha256', ''],
    ['SIGKILL', 'sha256', ''],
    ['SIGTERM', 'sha512', '?digest-algorithm=sha512'],
  ] as const)('goes on after %s of the server (%s)', async ([signal, algorithm, query]) => {
    const storage = tempDir();
    const bytes = randomBytes(200_000);
    const first = await startTareRegistry({ storage, args: ['--access-log', 'none'] });
    const location = await begin(first.url, 'team/app', query);
    const untouched = await begin(first.url, 'team/other');
    expect((await patch(new URL(location, first.url), bytes.subarray(0, 70_000), 0)).status).toBe(202);
    await first.stop(signal);
    const second = await startTareRegistry({ storage, args: ['--access-log', 'none'] });
    onTestFinished(async () => void (await second.stop()));
    const target = new URL(location, second.url);
    const asked = await fetch(target);
    expect([asked.status, asked.headers.get('range')]).toEqual([204, '0-69999']);
    const elsewhere = new URL(location.replace('team/app', 'team/other'), second.url);
    expect((await fetch(elsewhere)).status).toBe(404);
    expect((await patch(target, bytes.subarray(1), 1)).status).toBe(416);
    expect((await patch(target, bytes.subarray(70_000), 70_000)).status).toBe(202);
    const digest = digestOf(bytes, algorithm);
    expect((await put(target, digest)).status).toBe(201);
    expect((await put(new URL(untouched, second.url), digestOf(Buffer.alloc(0)))).status).toBe(201);
    const got = await fetch(`${second.url}/v2/team/app/blobs/${digest}`);
    expect(bytes.equals(Buffer.from(await got.arrayBuffer()))).toBe(true);
    expect(readdirSync(join(storage, 'uploads'))).toEqual([]);
  });

  it('whose file was changed between two servers is refused', async () => {
    const storage = tempDir();
    const first = await serveRegistry({ host: '127.0.0.1', port: 0, storage });
    const location = await begin(first.url);
    expect((await patch(new URL(location, first.url), Buffer.from('abc'), 0)).status).toBe(202);
    await first.stop();
    const id = readdirSync(join(storage, 'uploads'))[0] ?? '';
    writeFileSync(join(storage, 'uploads', id, 'team+app'), 'abx');
    const second = await serving(storage);
    const answer = await put(new URL(location, second.url), digestOf(Buffer.from('abc')));
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('DIGEST_INVALID')]);
    expect(readdirSync(join(storage, 'uploads'))).toEqual([]);
  });

  it('is given up when nobody has written to it for an hour, and so is what is no upload', async () => {
    const storage = tempDir();
    const first = await serveRegistry({ host: '127.0.0.1', port: 0, storage });
    const [old, young] = [await begin(first.url), await begin(first.url)];
    await first.stop();
    const folder = join(storage, 'uploads');
    const nameOf = (location: string): string => location.split('/').at(-1) ?? '';
    const past = new Date(Date.now() - 2 * HOUR_MS);
    utimesSync(join(folder, nameOf(old), 'team+app'), past, past);
    // A crash between making or ending one and its file; a file of another program; a link out of the folder.
    mkdirSync(join(folder, '00000000-0000-0000-0000-000000000000'));
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    const outside = tempDir();
    writeFileSync(join(outside, 'team+app'), 'kept');
    symlinkSync(outside, join(folder, '00000000-0000-0000-0000-000000000001'));
    const second = await serving(storage);
    expect(readdirSync(folder)).toEqual([nameOf(young)]);
    expect(existsSync(join(outside, 'team+app'))).toBe(true);
    expect((await fetch(new URL(old, second.url))).status).toBe(404);
    expect((await fetch(new URL(young, second.url))).status).toBe(204);
  });
});
