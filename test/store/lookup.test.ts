import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hexOf, type Digest } from '../../src/base/digest.ts';
import { encodeIndex } from '../../src/oci/encode.ts';
import { EVIDENCE_MEDIA_TYPE, OCI_INDEX } from '../../src/oci/media-types.ts';
import { openStore } from '../../src/store/index.ts';
import { findImage } from '../../src/store/lookup.ts';
import { closest } from '../../src/store/similar.ts';
import { makeImage } from '../helpers/images.ts';
import { tempDir } from '../helpers/temp.ts';

const freshStore = () => openStore({ home: join(tempDir(), 'home') });
const layerOf = (content: string) => [[{ path: 'file', content }]];

describe('findImage', () => {
  it('finds by name, name and digest, digest, and the beginning of one', async () => {
    const store = await freshStore();
    const one = await makeImage({ store, layers: layerOf('1'), name: 'scope/one:1.0' });
    const two = await makeImage({ store, layers: layerOf('2'), name: 'two' });
    const { digest } = one.descriptor;
    for (const text of [
      'scope/one:1.0',
      `scope/one:1.0@${digest}`,
      `scope/one@${digest}`,
      digest,
      hexOf(digest),
      hexOf(digest).slice(0, 12),
      hexOf(digest).slice(0, 7),
      digest.slice(0, 'sha256:'.length + 7),
    ])
      expect(await findImage(store, text)).toEqual({ name: 'scope/one:1.0', descriptor: one.descriptor });
    for (const text of ['two', 'two:latest']) expect((await findImage(store, text)).descriptor).toEqual(two.descriptor);
  });

  it('prefers a name to a digest that begins alike, and a name with a record of reasons to one without', async () => {
    const store = await freshStore();
    const one = await makeImage({ store, layers: layerOf('1'), name: 'zzz' });
    const prefix = hexOf(one.descriptor.digest).slice(0, 8);
    const two = await makeImage({ store, layers: layerOf('2'), name: prefix });
    expect((await findImage(store, prefix)).descriptor).toEqual(two.descriptor);
    const evidence = { mediaType: EVIDENCE_MEDIA_TYPE, ...(await store.blobs.putBytes(Buffer.from('why'))) };
    await store.tag('a', one.descriptor);
    await store.tag('m', one.descriptor, evidence);
    expect((await findImage(store, one.descriptor.digest)).name).toBe('m:latest');
  });

  it('finds what has no name by its whole digest alone', async () => {
    const store = await freshStore();
    const { descriptor } = await makeImage({ store, layers: layerOf('1') });
    expect(await findImage(store, descriptor.digest)).toEqual({ name: descriptor.digest, descriptor });
    const index = encodeIndex({ schemaVersion: 2, manifests: [descriptor] });
    const { digest, size } = await store.blobs.putBytes(index);
    expect(await findImage(store, digest)).toEqual({
      name: digest,
      descriptor: { mediaType: OCI_INDEX, digest, size },
    });
    const notManifest = (await store.blobs.putBytes(Buffer.from('{"a":1}'))).digest;
    for (const text of [hexOf(descriptor.digest), notManifest])
      await expect(findImage(store, text)).rejects.toMatchObject({ code: 'E_IMAGE_NOT_FOUND' });
  });

  it('says what is near', async () => {
    const store = await freshStore();
    const { descriptor } = await makeImage({ store, layers: layerOf('1'), name: 'node-status:1.2' });
    await store.tag('other', descriptor);
    for (const text of ['node-status', 'node-status:1.3', 'node-sttaus:1.2', `node-status:9@${descriptor.digest}`])
      await expect(findImage(store, text)).rejects.toMatchObject({
        code: 'E_IMAGE_NOT_FOUND',
        hint: expect.stringMatching(/did you mean node-status:1\.2\?|tare images/),
      });
    await expect(findImage(store, 'node-sttaus:1.2')).rejects.toMatchObject({
      message: 'the store holds no image "node-sttaus:1.2"',
      hint: 'did you mean node-status:1.2? `tare images` lists all',
    });
  });

  it.each(['', 'No Name', 'x'.repeat(5000), 'a\nb', '../x', 'abcdef0', 'sha256:abcdef0', 'x@y'])(
    'finds nothing for %j',
    async (text) => {
      const store = await freshStore();
      await makeImage({ store, layers: layerOf('1'), name: 'app' });
      await expect(findImage(store, text)).rejects.toMatchObject({ code: 'E_IMAGE_NOT_FOUND' });
    },
  );

  it('lists what an ambiguous beginning may mean', async () => {
    const digests = ['abcdef012', 'abcdef034'].map((hex): Digest => `sha256:${hex.padEnd(64, '0')}`);
    const images = digests.map((digest, at) => ({
      name: `image-${at}:latest`,
      descriptor: { mediaType: 'x/y', digest, size: 1 },
    }));
    const store = { ...(await freshStore()), images: async () => images };
    await expect(findImage(store, 'abcdef0')).rejects.toMatchObject({
      code: 'E_IMAGE_NOT_FOUND',
      message: `abcdef0 may mean 2 images: image-0:latest (${digests[0]}), image-1:latest (${digests[1]})`,
    });
    expect((await findImage(store, 'abcdef03')).name).toBe('image-1:latest');
    await expect(findImage(store, 'abcdef')).rejects.toMatchObject({
      message: expect.stringContaining('holds no image'),
    });
  });
});

describe('closest', () => {
  it.each([
    ['node:latest', ['noed:latest', 'python:latest'], ['noed:latest']],
    ['node:1', ['node:2', 'node:3', 'x'], ['node:2', 'node:3']],
    ['a', ['b', 'cc', 'ddd'], ['b']],
    ['x', [], []],
    ['x', ['y'.repeat(1000)], []],
  ])('to %s in %j is %j', (wanted, names, expected) => {
    expect(closest(wanted, names)).toEqual(expected);
  });
});
