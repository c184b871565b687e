import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pathOfText as p } from '../../src/base/path.ts';
import { createLayerCache } from '../../src/store/layer-cache.ts';
import type { IndexedMember, Store } from '../../src/store/types.ts';
import { treeOfImage, type ImageTree } from '../../src/tree/image-tree.ts';
import { treeOfLayers } from '../../src/tree/layers.ts';
import type { Entry } from '../../src/tree/types.ts';
import { file, gzipLayer, hardlink, imageOf, layerTar, whiteout, type BlobLayer } from '../helpers/layer-image.ts';
import { noise } from '../helpers/streams.ts';
import { GNU, member, octal } from '../helpers/tar-blocks.ts';
import { tempDir } from '../helpers/temp.ts';

const treeIn = (home: string, layers: readonly BlobLayer[], signal?: AbortSignal): Promise<ImageTree> =>
  treeOfImage(imageOf(layers), createLayerCache({ home }) as Store, signal);
const entryAt = ({ tree }: ImageTree, path: string): Entry => {
  const entry = tree.get(p(path));
  if (entry === undefined) throw new Error(`no ${path}`);
  return entry;
};
const streamed = async ({ content }: ImageTree, entry: Entry): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content.stream(entry)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
};

describe('treeOfImage', () => {
  it.each([
    ['members', 700_000, 'f'],
    ['bytes of names', 30_000, 'n'.repeat(4000)],
  ])('refuses layers with too many %s together, before it looks at all of them', async (_what, count, path) => {
    const layers = Array.from({ length: 6 }, (_layer, number) => gzipLayer(layerTar([file(`f${number}`)])));
    const { layerIndex } = createLayerCache({ home: tempDir() });
    let asked = 0;
    const store: Pick<Store, 'layerIndex'> = {
      layerIndex: async (...question) => {
        asked += 1;
        const index = await layerIndex(...question);
        return {
          ...index,
          members: Array.from({ length: count }, () => ({ ...(index.members[0] as IndexedMember), path })),
        };
      },
    };
    await expect(treeOfImage(imageOf(layers), store as Store)).rejects.toMatchObject({ code: 'E_LIMIT' });
    expect(asked).toBeLessThan(6);
  });

  it('reads content of several layers, by ranges and whole', async () => {
    const big = noise(1_000_000);
    const image = await treeIn(tempDir(), [
      gzipLayer(layerTar([file('a', 'hello'), file('gone')])),
      gzipLayer(layerTar([whiteout('gone'), file('big', big.toString('latin1')), hardlink('h', 'a')])),
    ]);
    expect(Buffer.from(await image.content.read(entryAt(image, '/a'))).toString()).toBe('hello');
    expect(Buffer.from(await image.content.read(entryAt(image, '/h'))).toString()).toBe('hello');
    expect(
      Buffer.from(await image.content.read(entryAt(image, '/big'), { offset: 999_990, size: 50 })).equals(
        big.subarray(999_990),
      ),
    ).toBe(true);
    expect((await streamed(image, entryAt(image, '/big'))).equals(big)).toBe(true);
    expect(entryAt(image, '/big').layer).toBe(1);
    expect(entryAt(image, '/h')).toMatchObject({ layer: 1, type: 'hardlink', size: 5, link: '/a' });
    expect(image.indexes.map(({ members }) => members.length)).toEqual([2, 3]);
  });

  it('unfolds sparse files, whole, streamed and in ranges', async () => {
    const map = (offset: number, length: number): string => octal(offset, 12) + octal(length, 12);
    const tar = Buffer.concat([
      member({ name: 's', type: 'S', magic: GNU, at: { 386: map(10, 3) + map(100, 2), 483: octal(200, 12) } }, 'abcde'),
      Buffer.alloc(1024),
    ]);
    const image = await treeIn(tempDir(), [gzipLayer(tar)]);
    const expected = Buffer.alloc(200);
    expected.write('abc', 10);
    expected.write('de', 100);
    const entry = entryAt(image, '/s');
    expect((await streamed(image, entry)).equals(expected)).toBe(true);
    for (let offset = 0; offset < 200; offset += 7) {
      for (const size of [1, 3, 95, 300]) {
        const range = await image.content.read(entry, { offset, size });
        expect(Buffer.from(range).equals(expected.subarray(offset, offset + size))).toBe(true);
      }
    }
  });

  it('notices an unpacked layer that was changed', async () => {
    const home = tempDir();
    const image = await treeIn(home, [gzipLayer(layerTar([file('a', 'hello')]))]);
    await image.content.read(entryAt(image, '/a'));
    const [name] = readdirSync(join(home, 'tare/layers'));
    const path = join(home, 'tare/layers', name ?? '');
    writeFileSync(path, layerTar([file('a', 'HELLO')]));
    const again = await treeIn(home, [gzipLayer(layerTar([file('a', 'hello')]))]);
    await expect(again.content.read(entryAt(again, '/a'))).rejects.toMatchObject({ code: 'E_DIGEST' });
    await expect(streamed(again, entryAt(again, '/a'))).rejects.toMatchObject({ code: 'E_DIGEST' });
  });

  it('refuses layers and diff IDs that do not pair up', async () => {
    const layer = gzipLayer(layerTar([file('a')]));
    const image = imageOf([layer]);
    const store = createLayerCache({ home: tempDir() }) as Store;
    const manifest = { ...image.manifest, layers: [layer.descriptor, layer.descriptor] };
    await expect(treeOfImage({ ...image, manifest }, store)).rejects.toMatchObject({ code: 'E_MANIFEST' });
  });

  it('reads an image that has the same layer twice', async () => {
    const layer = gzipLayer(layerTar([file('a', 'x')]));
    const image = await treeIn(tempDir(), [layer, layer]);
    expect(entryAt(image, '/a').layer).toBe(1);
    expect(Buffer.from(await image.content.read(entryAt(image, '/a'))).toString()).toBe('x');
  });

  it('can be stopped', async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(treeIn(tempDir(), [gzipLayer(layerTar([file('a')]))], stop.signal)).rejects.toMatchObject({
      code: 'E_CANCELLED',
    });
  });
});

describe('treeOfLayers, hostile in size', () => {
  const indexOf = async (tar: Buffer): Promise<ImageTree['indexes'][number]> => {
    const layer = gzipLayer(tar);
    return createLayerCache({ home: tempDir() }).layerIndex(imageOf([layer]).blobs, layer.descriptor, layer.diffId);
  };

  it('lenient: a layer alone keeps its hard links to others', async () => {
    const index = await indexOf(layerTar([hardlink('b', 'a'), whiteout('c'), file('d/x')]));
    expect(() => treeOfLayers([index])).toThrow(/hard link/);
    expect(
      [...treeOfLayers([index], { lenient: true }).walk()].map(({ path, type, link }) => [path, type, link]),
    ).toEqual([
      ['/b', 'hardlink', '/a'],
      ['/d', 'directory', undefined],
      ['/d/x', 'file', undefined],
    ]);
  });

  it('does not walk a wide folder again for each of a thousand opaque whiteouts', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => file(`d/${i}`));
    const opaques = Array.from({ length: 3000 }, () => file('d/.wh..wh..opq'));
    const index = await indexOf(layerTar([...many, ...opaques]));
    expect([...treeOfLayers([index, index]).walk()]).toHaveLength(3001);
  });

  it('goes neither out of stack nor out of memory on deep paths', async () => {
    const deep = 'd/'.repeat(8000);
    const index = await indexOf(layerTar([file(`${deep}x`), file('.wh.d')]));
    expect([...treeOfLayers([index]).walk()]).toHaveLength(8001);
    const removed = await indexOf(layerTar([file('.wh.d')]));
    expect([...treeOfLayers([index, removed]).walk()]).toEqual([]);
    const members = Array.from({ length: 70 }, (_, i) => file(`${i}/${deep.slice(8)}x`));
    const wide = await indexOf(layerTar(members));
    expect(() => treeOfLayers([wide])).toThrowError(expect.objectContaining({ code: 'E_LIMIT' }));
  });
});
