import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/digest.ts';
import { EVIDENCE_MEDIA_TYPE, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { parseIndex } from '../../src/oci/validate.ts';
import { defaultHome, openStore } from '../../src/store/index.ts';
import { makeImage } from '../helpers/images.ts';
import { needs } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';

const freshHome = (): string => join(tempDir(), 'deep/home');
const tool = (...argv: string[]): string =>
  execFileSync(argv[0] ?? '', argv.slice(1), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const indexOf = (home: string) => parseIndex(readFileSync(join(home, 'index.json')));
const names = async (home: string): Promise<string[]> =>
  (await (await openStore({ home })).images()).map((image) => image.name);
const layers = [[{ path: 'etc/' }, { path: 'etc/motd', content: 'hello\n' }]];

describe('defaultHome', () => {
  it.each([
    [{ TARE_HOME: '/a/b', XDG_DATA_HOME: '/x', HOME: '/h' }, '/a/b'],
    [{ TARE_HOME: '', XDG_DATA_HOME: '/x', HOME: '/h' }, '/x/tare'],
    [{ XDG_DATA_HOME: 'relative', HOME: '/h' }, '/h/.local/share/tare'],
    [{ HOME: '/h' }, '/h/.local/share/tare'],
    [{ TARE_HOME: 'rel' }, join(process.cwd(), 'rel')],
  ])('of %j is %s', (env, home) => {
    expect(defaultHome(env)).toBe(home);
  });
});

describe('the store', () => {
  it('is empty while its folder is not there, and reading does not make it', async () => {
    const home = freshHome();
    const store = await openStore({ home });
    expect(await store.images()).toEqual([]);
    expect(await store.find('x')).toBeUndefined();
    expect(await store.untag('x')).toBe(false);
    expect(await store.prune()).toEqual({ blobs: 0, bytes: 0, cacheBytes: 0 });
    expect(await store.blobs.size(sha256('x'))).toBeUndefined();
    for await (const blob of store.blobs.list()) expect(blob).toBeUndefined();
    expect(existsSync(home)).toBe(false);
  });

  it('becomes an OCI layout with the first write', async () => {
    const home = freshHome();
    await (await openStore({ home })).blobs.putBytes(Buffer.from('x'));
    expect(readdirSync(home).sort()).toEqual(['blobs', 'index.json', 'oci-layout', 'tare']);
    expect(JSON.parse(readFileSync(join(home, 'oci-layout'), 'utf8'))).toEqual({ imageLayoutVersion: '1.0.0' });
    expect(indexOf(home).manifests).toEqual([]);
  });

  it('gives, moves and takes away names', async () => {
    const store = await openStore({ home: freshHome() });
    const one = await makeImage({ store, layers, name: 'app' });
    const two = await makeImage({ store, layers: [], name: 'b/app:2' });
    expect(await store.images()).toEqual([
      { name: 'app:latest', descriptor: one.descriptor },
      { name: 'b/app:2', descriptor: two.descriptor },
    ]);
    expect((await store.find('app'))?.descriptor).toEqual(one.descriptor);
    expect((await store.find('app:latest'))?.name).toBe('app:latest');
    expect(await store.find('b/app')).toBeUndefined();
    expect(await store.find('No Name')).toBeUndefined();
    await store.tag('app', two.descriptor);
    expect((await store.find('app'))?.descriptor).toEqual(two.descriptor);
    expect(indexOf(store.home).manifests).toHaveLength(2);
    expect(await store.untag('app')).toBe(true);
    expect(await store.untag('app')).toBe(false);
    expect(await names(store.home)).toEqual(['b/app:2']);
  });

  it('carries the record of reasons, and forgets it when the name moves to an image without', async () => {
    const store = await openStore({ home: freshHome() });
    const evidence = { mediaType: EVIDENCE_MEDIA_TYPE, ...(await store.blobs.putBytes(Buffer.from('why'))) };
    const { descriptor } = await makeImage({ store, layers, name: 'app', evidence });
    const found = await store.find('app');
    expect(found).toEqual({ name: 'app:latest', descriptor, evidence });
    expect(indexOf(store.home).manifests[0]?.annotations).toEqual({
      'org.opencontainers.image.ref.name': 'app:latest',
      'dev.tare.evidence': evidence.digest,
      'dev.tare.evidence.size': '3',
    });
    await store.tag('app', { ...descriptor, annotations: { own: 'kept' } });
    expect(await store.find('app')).toEqual({
      name: 'app:latest',
      descriptor: { ...descriptor, annotations: { own: 'kept' } },
    });
  });

  it('names only what is there', async () => {
    const store = await openStore({ home: freshHome() });
    const { descriptor } = await makeImage({ store, layers });
    const absent = { mediaType: OCI_MANIFEST, digest: sha256('absent'), size: 6 };
    await expect(store.tag('app', absent)).rejects.toMatchObject({ code: 'E_IMAGE_NOT_FOUND' });
    await expect(store.tag('app', descriptor, absent)).rejects.toMatchObject({ code: 'E_IMAGE_NOT_FOUND' });
    await expect(store.tag('app', { ...descriptor, size: 1 })).rejects.toMatchObject({ code: 'E_SIZE' });
    await expect(store.tag('No Name', descriptor)).rejects.toMatchObject({ code: 'E_REFERENCE' });
    await expect(store.tag(descriptor.digest, descriptor)).rejects.toMatchObject({ code: 'E_REFERENCE' });
    expect(await store.images()).toEqual([]);
  });

  it('keeps the entries of other tools and lists them by what they say', async () => {
    const store = await openStore({ home: freshHome() });
    const { descriptor } = await makeImage({ store, layers, name: 'own' });
    const index = indexOf(store.home);
    const entry = (name: string) => ({ ...descriptor, annotations: { 'org.opencontainers.image.ref.name': name } });
    const foreign = [entry('edge'), { ...descriptor, extra: 1 }, entry('Not A Name'), entry('own')];
    writeFileSync(
      join(store.home, 'index.json'),
      JSON.stringify({ ...index, own: true, manifests: [...index.manifests, ...foreign] }),
    );
    expect(await names(store.home)).toEqual(['Not A Name', 'edge:latest', 'own:latest', descriptor.digest].sort());
    expect((await store.find('edge'))?.descriptor).toEqual(descriptor);
    expect((await store.find('Not A Name'))?.name).toBe('Not A Name');
    expect((await store.find(descriptor.digest))?.name).toBe(descriptor.digest);
    await store.tag('new', descriptor);
    expect(indexOf(store.home)).toMatchObject({ own: true });
    expect(indexOf(store.home).manifests.slice(1, 5)).toEqual(foreign);
    expect(await store.untag('own')).toBe(true);
    expect(await store.untag('edge')).toBe(true);
    expect(await store.untag('Not A Name')).toBe(true);
    expect(await store.untag(descriptor.digest)).toBe(true);
    expect(await names(store.home)).toEqual(['new:latest']);
  });

  it.each([
    ['half a file', '{"schemaVersion":2,"manif'],
    ['an empty file', ''],
    ['a manifest', '{"schemaVersion":2,"config":{},"layers":[]}'],
  ])('never overwrites an index.json that is %s', async (_name, text) => {
    const store = await openStore({ home: freshHome() });
    const { descriptor } = await makeImage({ store, layers, name: 'own' });
    writeFileSync(join(store.home, 'index.json'), text);
    for (const call of [
      () => store.images(),
      () => store.find('own'),
      () => store.tag('x', descriptor),
      () => store.untag('own'),
      () => store.prune(),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'E_STORE' });
    expect(readFileSync(join(store.home, 'index.json'), 'utf8')).toBe(text);
    expect(await store.blobs.size(descriptor.digest)).toBe(descriptor.size);
  });

  it('does not write into a layout of another version, or a file', async () => {
    const home = tempDir();
    writeFileSync(join(home, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}');
    await expect((await openStore({ home })).blobs.putBytes(Buffer.from('x'))).rejects.toMatchObject({
      code: 'E_STORE',
    });
    const inFile = await openStore({ home: join(home, 'oci-layout', 'x') });
    await expect(inFile.blobs.putBytes(Buffer.from('x'))).rejects.toMatchObject({ code: 'E_NOT_DIRECTORY' });
    await expect(inFile.images()).rejects.toMatchObject({ code: 'E_NOT_DIRECTORY' });
  });

  it('tries again after the first write has failed', async () => {
    const home = join(tempDir(), 'home');
    writeFileSync(home, '');
    const store = await openStore({ home });
    await expect(store.blobs.putBytes(Buffer.from('x'))).rejects.toMatchObject({ code: 'E_NOT_DIRECTORY' });
    execFileSync('rm', [home]);
    mkdirSync(home);
    expect((await store.blobs.putBytes(Buffer.from('x'))).size).toBe(1);
  });
});

describe('other tools', () => {
  it.skipIf(!needs('skopeo'))('skopeo reads the store, and writes into it', async () => {
    const store = await openStore({ home: freshHome() });
    const image = await makeImage({ store, layers, name: 'scope/app:1', config: { config: { Env: ['A=b'] } } });
    const seen = JSON.parse(tool('skopeo', 'inspect', `oci:${store.home}:scope/app:1`)) as Record<string, unknown>;
    expect(seen).toMatchObject({
      Digest: image.descriptor.digest,
      Os: 'linux',
      Architecture: 'amd64',
      Layers: [image.layers[0]?.descriptor.digest],
      Env: ['A=b'],
    });
    tool('skopeo', '--insecure-policy', 'copy', `oci:${store.home}:scope/app:1`, `oci:${store.home}:copied`);
    expect(await names(store.home)).toEqual(['copied:latest', 'scope/app:1']);
    expect((await store.find('copied'))?.descriptor.digest).toBe(image.descriptor.digest);
    await store.tag('third', image.descriptor);
    expect(tool('skopeo', 'inspect', '--raw', `oci:${store.home}:copied`)).toBe(
      tool('skopeo', 'inspect', '--raw', `oci:${store.home}:third:latest`),
    );
  });

  it.skipIf(!needs('umoci'))('umoci lists, reads and collects the store without harm', async () => {
    const store = await openStore({ home: freshHome() });
    await makeImage({ store, layers, name: 'scope/app:1' });
    const { descriptor } = await makeImage({ store, layers: [...layers, ...layers], name: 'app' });
    expect(tool('umoci', 'ls', '--layout', store.home).trim().split('\n').sort()).toEqual([
      'app:latest',
      'scope/app:1',
    ]);
    const stat = JSON.parse(tool('umoci', 'stat', '--image', `${store.home}:app:latest`, '--json')) as object;
    expect(stat).toHaveProperty('history');
    tool('umoci', 'tag', '--image', `${store.home}:app:latest`, 'other');
    tool('umoci', 'gc', '--layout', store.home);
    expect(await names(store.home)).toEqual(['app:latest', 'other:latest', 'scope/app:1']);
    expect((await store.find('other'))?.descriptor).toEqual(descriptor);
    expect(await store.prune()).toMatchObject({ blobs: 0 });
  });
});
