import { readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BlobSource } from '../../src/oci/types.ts';
import { openStore } from '../../src/store/index.ts';
import { blobLayer, dir, file, gzipLayer, layerTar, OCI_TAR, symlink } from '../helpers/layer-image.ts';
import { tempDir } from '../helpers/temp.ts';

const tar = layerTar([
  dir('d'),
  file('d/a', 'x'.repeat(3_000_000)),
  file('d/b', 'y'.repeat(511)),
  symlink('l', 'd/a'),
  ...Array.from({ length: 200 }, (_, at) => file(`f${at}`, 'z'.repeat(at * 50))),
]);
const plain = blobLayer(tar, tar, OCI_TAR);

/** A blob somewhere in a larger file. */
function inArchive(folder: string, blob: Uint8Array): BlobSource & { readonly path: string } {
  const path = join(folder, 'archive');
  writeFileSync(path, Buffer.concat([Buffer.alloc(1536, 7), blob, Buffer.alloc(700, 9)]));
  return {
    path,
    open: () => {
      throw new Error('the blob is not to be read as a whole');
    },
    place: () => Promise.resolve({ file: path, offset: 1536, size: blob.length }),
  };
}

describe('layerHeaders', () => {
  it('finds the members that an index has, without their contents', async () => {
    const home = tempDir();
    const store = await openStore({ home });
    const source = inArchive(tempDir(), tar);
    const found = await store.layerHeaders(source, plain.descriptor, plain.diffId);
    expect(found).toMatchObject({ verified: false, place: { file: source.path, offset: 1536, size: tar.length } });
    const other = await openStore({ home: tempDir() });
    const { descriptor } = plain;
    await other.blobs.putBytes(tar);
    const whole = await other.layerIndex(other.blobs, descriptor, plain.diffId);
    const bare = whole.members.map(({ sha256: _sha256, ...member }) => member);
    expect(found.index).toEqual({ ...whole, members: bare });
    // What was verified is not read by its headers again.
    expect((await other.layerHeaders(other.blobs, descriptor, plain.diffId)).verified).toBe(true);
    expect(readdirSync(join(home, 'tare/index')).length).toBe(1);
  });

  it('remembers them for this very file', async () => {
    const home = tempDir();
    const source = inArchive(tempDir(), tar);
    const ask = async () => (await openStore({ home })).layerHeaders(source, plain.descriptor, plain.diffId);
    const first = await ask();
    const { atime, mtime } = statSync(source.path);
    const [name = ''] = readdirSync(join(home, 'tare/index'));
    const record = readFileSync(join(home, 'tare/index', name));
    expect(await ask()).toEqual(first);
    // Damaged: made anew.
    writeFileSync(join(home, 'tare/index', name), record.subarray(0, -3));
    expect(await ask()).toEqual(first);
    expect(readFileSync(join(home, 'tare/index', name))).toEqual(record);
    // Another file of that name: read anew.
    truncateSync(source.path, 1536 + 512);
    utimesSync(source.path, atime, mtime);
    await expect(ask()).rejects.toMatchObject({ code: 'E_IO' });
  });

  it('reads what is compressed as a whole, and verifies it', async () => {
    const store = await openStore({ home: tempDir() });
    const packed = gzipLayer(tar);
    await store.blobs.putBytes(packed.blob);
    const found = await store.layerHeaders(store.blobs, packed.descriptor, packed.diffId);
    expect(found.verified).toBe(true);
    expect(found.index.members[1]).toMatchObject({ size: 3_000_000, sha256: expect.any(String) as string });
  });

  it('says what is wrong with a damaged or hostile layer', async () => {
    const store = await openStore({ home: tempDir() });
    const ask = async (bytes: Uint8Array, descriptor = blobLayer(bytes, bytes, OCI_TAR).descriptor) =>
      store.layerHeaders(inArchive(tempDir(), bytes), descriptor, descriptor.digest);
    await expect(ask(tar.subarray(0, 5000))).rejects.toMatchObject({ code: 'E_TAR' });
    await expect(ask(Buffer.alloc(2048, 1))).rejects.toMatchObject({ code: 'E_TAR' });
    await expect(ask(tar, { ...plain.descriptor, size: 9 })).rejects.toMatchObject({ code: 'E_SIZE' });
    await expect(ask(tar, { ...plain.descriptor, mediaType: 'text/plain' })).rejects.toMatchObject({
      code: 'E_MEDIA_TYPE',
    });
  });
});

describe('recall and remember', () => {
  it('keeps an answer until a file that it depends on is another one', async () => {
    const home = tempDir();
    const source = inArchive(tempDir(), tar);
    const question = { about: 'x', source, layers: [plain.descriptor] };
    const store = await openStore({ home });
    expect(await store.recall(question)).toBeUndefined();
    await store.remember(question, '{"a":"ä\n"}');
    expect(await store.recall(question)).toBe('{"a":"ä\n"}');
    expect(await store.recall({ ...question, about: 'y' })).toBeUndefined();
    expect(await store.recall({ ...question, layers: [] })).toBeUndefined();
    const [name = ''] = readdirSync(join(home, 'tare/answers'));
    const path = join(home, 'tare/answers', name);
    writeFileSync(path, readFileSync(path, 'utf8').replace('ä', 'o'));
    expect(await store.recall(question)).toBeUndefined();
    await store.remember(question, 'again');
    writeFileSync(source.path, 'changed');
    expect(await store.recall(question)).toBeUndefined();
    await store.prune();
    expect(readdirSync(join(home, 'tare')).includes('answers') ? readdirSync(join(home, 'tare/answers')) : []).toEqual(
      [],
    );
  });
});
