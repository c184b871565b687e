import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hexOf } from '../../src/base/digest.ts';
import { encodeIndex } from '../../src/oci/encode.ts';
import { EVIDENCE_MEDIA_TYPE, OCI_INDEX } from '../../src/oci/media-types.ts';
import { images, pruneStore, removeImages, tagImage } from '../../src/ship/store.ts';
import { openStore } from '../../src/store/index.ts';
import { makeImage } from '../helpers/images.ts';
import { tempDir } from '../helpers/temp.ts';

const freshStore = () => openStore({ home: join(tempDir(), 'home') });
const layers = [[{ path: 'a', content: 'a' }], [{ path: 'b', content: 'b' }]];
const names = async (store: Awaited<ReturnType<typeof freshStore>>) => (await store.images()).map(({ name }) => name);

describe('images', () => {
  it('lists names with platform, sizes, time and layers', async () => {
    const store = await freshStore();
    expect(await images({ store })).toEqual([]);
    const created = '2020-01-02T03:04:05Z';
    const b = await makeImage({
      store,
      layers,
      name: 'b',
      config: { architecture: 'arm64', variant: 'v8', created },
    });
    await makeImage({ store, layers: [], name: 'a' });
    await makeImage({ store, layers, name: 'plain', compression: 'none' });
    const wire = b.manifest.layers.reduce((total, { size }) => total + size, 0);
    expect(await images({ store })).toMatchObject([
      { reference: 'a:latest', size: { wire: 0, disk: null }, created: null, layers: 0 },
      {
        reference: 'b:latest',
        digest: b.descriptor.digest,
        platform: { os: 'linux', architecture: 'arm64' },
        size: { wire, disk: null },
        created,
        layers: 2,
      },
      { reference: 'plain:latest', size: { wire: 4096, disk: null } },
    ]);
    const sizes = (await images({ store, disk: true })).map(({ size }) => size.disk);
    expect(sizes).toEqual([0, 2, 2]);
  });

  it('sums an index up, and counts a shared layer and an absent platform once and not at all', async () => {
    const store = await freshStore();
    const one = await makeImage({ store, layers });
    const two = await makeImage({ store, layers: [...layers.slice(0, 1), [{ path: 'c', content: 'c' }]] });
    const absent = { ...one.descriptor, digest: `sha256:${'0'.repeat(64)}` as const };
    const index = encodeIndex({ schemaVersion: 2, manifests: [one.descriptor, two.descriptor, absent] });
    await store.tag('multi', { mediaType: OCI_INDEX, ...(await store.blobs.putBytes(index)) });
    const sizes = [...one.manifest.layers, ...two.manifest.layers.slice(1)].map(({ size }) => size);
    expect(await images({ store })).toMatchObject([
      { platform: null, size: { wire: sizes.reduce((a, b) => a + b) }, created: null, layers: 3 },
    ]);
  });

  it('lists a damaged image with its problem, beside the others', async () => {
    const store = await freshStore();
    const bad = await makeImage({ store, layers, name: 'bad' });
    await makeImage({ store, layers: [], name: 'good' });
    writeFileSync(join(store.home, 'blobs/sha256', hexOf(bad.manifest.config.digest)), 'x');
    const [first, second] = await images({ store });
    expect(first).toMatchObject({ reference: 'bad:latest', platform: null, problem: expect.stringContaining('bytes') });
    expect(second).not.toHaveProperty('problem');
  });
});

describe('tagImage', () => {
  it('gives one more name and takes the record of reasons along', async () => {
    const store = await freshStore();
    const evidence = { mediaType: EVIDENCE_MEDIA_TYPE, ...(await store.blobs.putBytes(Buffer.from('why'))) };
    const { descriptor } = await makeImage({ store, layers, name: 'app', evidence });
    const { digest } = descriptor;
    for (const [at, source] of ['app', `app@${digest}`, digest, hexOf(digest).slice(0, 12)].entries()) {
      expect(await tagImage({ store, source, name: `copy:${at}` })).toEqual({
        reference: `copy:${at}`,
        digest,
        source: expect.stringMatching(/^(app|copy):/),
      });
      expect(await store.find(`copy:${at}`)).toEqual({ name: `copy:${at}`, descriptor, evidence });
    }
    await expect(tagImage({ store, source: 'ap', name: 'x' })).rejects.toMatchObject({
      code: 'E_IMAGE_NOT_FOUND',
      hint: expect.stringContaining('app:latest'),
    });
    for (const name of ['No', 'oci:x', 'docker-daemon:x'])
      await expect(tagImage({ store, source: 'app', name })).rejects.toMatchObject({ code: 'E_REFERENCE' });
  });
});

describe('removeImages', () => {
  it('takes all names away or none', async () => {
    const store = await freshStore();
    const { descriptor } = await makeImage({ store, layers, name: 'a' });
    for (const name of ['b', 'c:1']) await store.tag(name, descriptor);
    await expect(removeImages({ store, names: ['a', 'nope'] })).rejects.toMatchObject({ code: 'E_IMAGE_NOT_FOUND' });
    expect(await names(store)).toEqual(['a:latest', 'b:latest', 'c:1']);
    expect(await removeImages({ store, names: ['b', 'a', 'a:latest'] })).toEqual({ removed: ['a:latest', 'b:latest'] });
    await store.tag('d', descriptor);
    expect(await removeImages({ store, names: [`d@${descriptor.digest}`] })).toEqual({ removed: ['d:latest'] });
    await store.tag('d:2', descriptor);
    const other = await makeImage({ store, layers: [], name: 'd' });
    expect(await removeImages({ store, names: [`d@${descriptor.digest}`] })).toEqual({ removed: ['d:2'] });
    await store.tag('d', descriptor);
    expect(await store.prune()).toMatchObject({ blobs: 2, bytes: other.descriptor.size + other.manifest.config.size });
    expect(await removeImages({ store, names: [hexOf(descriptor.digest).slice(0, 12)] })).toEqual({
      removed: ['c:1', 'd:latest'],
    });
    await expect(removeImages({ store, names: [descriptor.digest] })).rejects.toMatchObject({
      code: 'E_IMAGE_NOT_FOUND',
      hint: expect.stringContaining('tare prune'),
    });
    expect(await pruneStore({ store, dryRun: true })).toMatchObject({ dryRun: true, blobs: 4 });
    expect(await pruneStore({ store })).toMatchObject({ dryRun: false, blobs: 4 });
  });
});
