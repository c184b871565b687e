import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Digest } from '../../../src/base/digest.ts';
import { openStore } from '../../../src/store/index.ts';
import { copy } from '../../../src/ship/copy.ts';
import { serveRegistry } from '../../../src/ship/registry/server.ts';
import { openImage } from '../../../src/transports/index.ts';
import { tare } from '../../helpers/cli.ts';
import { makeArtifact, makeIndex } from '../../helpers/index-image.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';
import { EVIDENCE, readAll, sample, type Sample } from '../../transports/sample.ts';
import { digestOf } from './fixtures.ts';

interface Served extends Sample {
  readonly url: string;
  readonly host: string;
}

const run = promisify(execFile);

/** The store of the sample, served. */
async function served(readOnly = false): Promise<Served> {
  const base = await sample();
  const server = await serveRegistry({ host: '127.0.0.1', port: 0, storage: base.store, readOnly });
  onTestFinished(() => server.stop());
  return { ...base, url: server.url, host: new URL(server.url).host };
}

const status = async (url: string, init?: RequestInit): Promise<number> => (await fetch(url, init)).status;

const json = async (url: string): Promise<unknown> => (await fetch(url)).json();

describe('a served store', () => {
  it('offers its names as repositories and tags, and nothing else that it holds', async () => {
    const { host, made, store, url } = await served(true);
    const multi = await makeIndex(store, 'team/multi:1');
    await store.tag('localhost:5000/team/app:1', made.descriptor);
    const secret = await store.blobs.putBytes(randomBytes(100));
    expect(await json(`${url}/v2/_catalog`)).toEqual({ repositories: ['sample', 'team/multi'] });
    expect(await json(`${url}/v2/sample/tags/list`)).toEqual({ name: 'sample', tags: ['1'] });
    expect(await status(`${url}/v2/sample/blobs/${secret.digest}`)).toBe(404);
    const layer = multi.images[0]?.manifest.layers[1]?.digest ?? '';
    expect(await status(`${url}/v2/team/multi/blobs/${layer}`)).toBe(200);
    expect(await status(`${url}/v2/sample/blobs/${layer}`)).toBe(404);
    const other = await openStore({ home: join(tempDir(), 'other') });
    const tools = { store: other, ctx: (await sample()).ctx };
    await copy({ source: `docker://${host}/team/multi:1`, target: 'multi:1', allPlatforms: true, ...tools });
    expect((await other.find('multi:1'))?.descriptor.digest).toBe(multi.descriptor.digest);
    expect(await status(`${url}/v2/sample/blobs/uploads/`, { method: 'POST' })).toBe(405);
  });

  it.skipIf(!needs('skopeo'))('gets what skopeo pushes as images, and gives them back', async () => {
    const { dir, host, store, tools } = await served();
    const plain = ['--src-tls-verify=false', '--dest-tls-verify=false'];
    await copy({ source: 'sample:1', target: `oci:${dir}/layout:x`, ...tools });
    await run('skopeo', [
      'copy',
      '-q',
      ...plain,
      '--preserve-digests',
      `oci:${dir}/layout:x`,
      `docker://${host}/team/app:2`,
    ]);
    const image = await openImage('team/app:2', tools);
    expect(image.descriptor.digest).toBe((await openImage('sample:1', tools)).descriptor.digest);
    await readAll(image);
    await run('skopeo', ['copy', '-q', ...plain, `docker://${host}/team/app:2`, `dir:${dir}/back`]);
    expect((await store.images()).map(({ name }) => name)).toEqual(['sample:1', 'team/app:2']);
    await run('skopeo', ['delete', '--tls-verify=false', `docker://${host}/team/app:2`]);
    expect((await store.images()).map(({ name }) => name)).toEqual(['sample:1']);
  });

  it('keeps what was pushed until it has a name, and from then on as long as it has one', async () => {
    const { store, url } = await served();
    const bytes = randomBytes(1000);
    const digest = digestOf(bytes) as Digest;
    const target = `${url}/v2/team/app/blobs/uploads/?digest=${digest}`;
    expect(await status(target, { method: 'POST', body: bytes })).toBe(201);
    // As another process would.
    const other = await openStore({ home: store.home });
    await other.prune();
    expect(await status(`${url}/v2/team/app/blobs/${digest}`)).toBe(200);
    expect(await json(`${url}/v2/_catalog`)).toEqual({ repositories: ['sample', 'team/app'] });
  });

  it('forgets what was pruned while nobody served it', async () => {
    const base = await sample();
    const first = await serveRegistry({ host: '127.0.0.1', port: 0, storage: base.store });
    const bytes = randomBytes(1000);
    const digest = digestOf(bytes) as Digest;
    const query = `uploads/?digest=${digest}`;
    expect(await status(`${first.url}/v2/team/app/blobs/${query}`, { method: 'POST', body: bytes })).toBe(201);
    await first.stop();
    await base.store.prune();
    expect(await base.store.blobs.size(digest)).toBeUndefined();
    const second = await serveRegistry({ host: '127.0.0.1', port: 0, storage: base.store });
    onTestFinished(() => second.stop());
    expect(await status(`${second.url}/v2/team/app/blobs/${digest}`)).toBe(404);
    expect(await json(`${second.url}/v2/_catalog`)).toEqual({ repositories: ['sample'] });
    expect(readdirSync(join(base.store.home, 'tare', 'served', 'repositories', 'team+app', 'blobs'))).toEqual([]);
  });

  it('lists who refers to what, also what was copied into the store, and keeps it when the store is pruned', async () => {
    const { host, made, store, tools, url } = await served();
    const { descriptor } = made;
    const list = async (): Promise<readonly string[]> => {
      const found = await json(`${url}/v2/sample/referrers/${descriptor.digest}`);
      return (found as { manifests: { artifactType: string }[] }).manifests.map(({ artifactType }) => artifactType);
    };
    const note = await makeArtifact(store, { type: 'a/note', content: 'one', subject: descriptor });
    await store.tag('notes:1', note);
    await copy({ source: 'notes:1', target: `docker://${host}/sample:note`, allPlatforms: true, ...tools });
    expect(await list()).toEqual(['a/note']);
    await store.untag('notes:1');
    await store.untag('sample:note');
    await store.prune();
    expect(await list()).toEqual(['a/note']);
    expect(await json(`${url}/v2/sample/tags/list`)).toEqual({ name: 'sample', tags: ['1'] });
    const pulled = await copy({ source: `docker://${host}/sample:1`, target: 'mine:1', referrers: true, ...tools });
    expect(pulled.digest).toBe(descriptor.digest);
    expect(await status(`${url}/v2/sample/manifests/${note.digest}`, { method: 'DELETE' })).toBe(202);
    expect(await list()).toEqual([]);
  });

  it('keeps the record of reasons of an image that is pushed again, and what a name needs', async () => {
    const { host, made, store, tools, url } = await served();
    await copy({ source: 'sample:1', target: `docker://${host}/sample:1`, ...tools });
    const evidence = (await store.find('sample:1'))?.evidence;
    expect(evidence?.size).toBe(EVIDENCE.length);
    const index = await makeIndex(store, 'multi:1');
    const [child] = index.images;
    for (const path of [`manifests/${child?.descriptor.digest}`, `blobs/${child?.manifest.layers[0]?.digest}`]) {
      const answer = await fetch(`${url}/v2/multi/${path}`, { method: 'DELETE' });
      expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('DENIED')]);
    }
    expect(await status(`${url}/v2/multi/manifests/${index.descriptor.digest}`, { method: 'DELETE' })).toBe(202);
    expect(await store.find('multi:1')).toBeUndefined();
    expect(await status(`${url}/v2/sample/manifests/${made.descriptor.digest}`)).toBe(200);
  });

  it('refuses names that no image of the store can have', async () => {
    const { host, tools } = await served();
    for (const name of ['oci:1', 'docker-archive:1']) {
      const pushed = copy({ source: 'sample:1', target: `docker://${host}/${name}`, ...tools });
      await expect(pushed).rejects.toThrow(/the store can have no image of this name/);
    }
  });

  it('is served by one at a time, by a command', async () => {
    const { store } = await served();
    const { home } = store;
    const second = await tare(['registry', 'serve', '--store', '--addr', '127.0.0.1:0'], { home });
    expect([second.code, second.stderr]).toEqual([3, expect.stringContaining('another server writes to')]);
    const both = await tare(['registry', 'serve', '--store', '--storage', 'x'], { home });
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('exclude each other')]);
    expect((await tare(['registry', 'prune', '--store'], { home })).stderr).toContain('tare prune');
    expect(existsSync(join(home, 'tare', 'registry'))).toBe(false);
  });
});
