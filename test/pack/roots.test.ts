import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import type { Digest } from '../../src/base/digest.ts';
import type { Image } from '../../src/oci/types.ts';
import { rootfsOf, type Rootfs } from '../../src/pack/roots.ts';
import { storeImage } from '../../src/pack/store-image.ts';
import type { Store } from '../../src/store/types.ts';
import { treeOfImage } from '../../src/tree/image-tree.ts';
import { openImage } from '../../src/transports/index.ts';
import { file, folder, freshStore, hardlink, pack, symlink } from '../helpers/pack.ts';

const ctx = createContext();

async function image(store: Store, text = 'hello'): Promise<Image> {
  const main = file('/app/main', text, { mode: 0o755 });
  const entries = [
    folder('/app'),
    main,
    hardlink('/app/same', main),
    symlink('/app/link', 'main'),
    folder('/tmp', { mode: 0o1777 }),
  ];
  const { descriptor } = await storeImage({
    store,
    config: { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } },
    layers: [await pack({ entries, store })],
  });
  return openImage(descriptor.digest, { store, ctx });
}

const roots = (store: Store): string[] => readdirSync(join(store.home, 'tare/roots'));

async function released(rootfs: Rootfs): Promise<string> {
  await rootfs.release();
  return rootfs.dir;
}

describe('rootfsOf of many files, which threads write', () => {
  const many = [...Array(1600).keys()].map((number) =>
    file(`/d${number % 7}/f${number}`, number === 3 ? Buffer.alloc(2_500_000, 'abc') : `content ${number}`, {
      mode: number % 2 === 0 ? 0o644 : 0o4755,
    }),
  );
  const entries = [...[...Array(7).keys()].map((number) => folder(`/d${number}`)), file('/empty', ''), ...many];
  const manyFiles = async (store: Store): Promise<Image> => {
    const { descriptor } = await storeImage({
      store,
      config: { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } },
      layers: [await pack({ entries, store, epoch: 1_000_000_000 })],
    });
    return openImage(descriptor.digest, { store, ctx });
  };

  it('has them as the image has, and does something else meanwhile, once', async () => {
    const store = await freshStore();
    const packed = await manyFiles(store);
    let times = 0;
    const meanwhile = (): Promise<void> => Promise.resolve(void (times += 1));
    const dir = await released(await rootfsOf({ image: packed, meanwhile, store, ctx }));
    for (const number of [0, 1, 3, 700, 1599]) {
      const path = join(dir, `d${number % 7}/f${number}`);
      const { mode, mtimeMs } = statSync(path);
      expect([mode & 0o7777, mtimeMs / 1000]).toEqual([number % 2 === 0 ? 0o644 : 0o4755, 1_000_000_000]);
      expect(readFileSync(path, 'utf8')).toBe(
        number === 3 ? 'abc'.repeat(833_334).slice(0, 2_500_000) : `content ${number}`,
      );
    }
    expect(statSync(join(dir, 'empty')).size).toBe(0);
    await released(await rootfsOf({ image: packed, meanwhile, store, ctx }));
    expect(times).toBe(1);
  });

  it('is nothing at all when a byte of the cached layer was changed', async () => {
    const store = await freshStore();
    const packed = await manyFiles(store);
    const { layerTar } = await treeOfImage(packed, store);
    const tar = await layerTar(packed.config.rootfs.diff_ids[0] as Digest);
    const bytes = readFileSync(tar);
    bytes.write('CONTENT 1200', bytes.indexOf('content 1200'));
    writeFileSync(tar, bytes);
    await expect(rootfsOf({ image: packed, store, ctx })).rejects.toMatchObject({ code: 'E_DIGEST' });
    expect(roots(store)).toEqual([]);
  });

  it('is nothing at all when what is done meanwhile fails', async () => {
    const store = await freshStore();
    const meanwhile = (): Promise<void> => Promise.reject(new Error('it fails'));
    await expect(rootfsOf({ image: await manyFiles(store), meanwhile, store, ctx })).rejects.toThrow('it fails');
    expect(roots(store)).toEqual([]);
  });
});

describe('rootfsOf', () => {
  it('unpacks an image once', async () => {
    const store = await freshStore();
    const packed = await image(store);
    const one = await rootfsOf({ image: packed, store, ctx });
    expect(readFileSync(join(one.dir, 'app/link'), 'utf8')).toBe('hello');
    expect(statSync(join(one.dir, 'tmp')).mode & 0o7777).toBe(0o1777);
    expect(statSync(one.dir).mode & 0o777).toBe(0o755);
    const { ino } = statSync(join(one.dir, 'app/main'));
    const two = await rootfsOf({ image: packed, store, ctx });
    expect(two.dir).toBe(one.dir);
    expect(statSync(join(two.dir, 'app/main')).ino).toBe(ino);
    await one.release();
    await one.release();
    await two.release();
    expect(roots(store)).toHaveLength(1);
    expect(existsSync(one.dir)).toBe(true);
  });

  it('has a folder for each file system', async () => {
    const store = await freshStore();
    const first = await released(await rootfsOf({ image: await image(store, 'one'), store, ctx }));
    const second = await released(await rootfsOf({ image: await image(store, 'two'), store, ctx }));
    expect(first).not.toBe(second);
  });

  it('can be asked many times at once', async () => {
    const store = await freshStore();
    const packed = await image(store);
    const all = await Promise.all([...Array(8).keys()].map(() => rootfsOf({ image: packed, store, ctx })));
    expect(new Set(all.map((rootfs) => rootfs.dir)).size).toBe(1);
    expect(roots(store)).toHaveLength(1);
    for (const rootfs of all) await rootfs.release();
  });

  it.each<[string, (dir: string) => void]>([
    ['lacks a file', (dir) => rmSync(join(dir, 'app/main'))],
    ['lacks a link', (dir) => rmSync(join(dir, 'app/link'))],
    ['has an empty file', (dir) => writeFileSync(join(dir, 'app/main'), '')],
    ['has a changed file', (dir) => utimesSync(join(dir, 'app/main'), 5, 5)],
    ['has one file more', (dir) => writeFileSync(join(dir, 'app/more'), '')],
    [
      'has a file for a folder',
      (dir) => (rmSync(join(dir, 'tmp'), { recursive: true }), writeFileSync(join(dir, 'tmp'), '')),
    ],
    ['is empty', (dir) => (rmSync(dir, { recursive: true }), mkdirSync(dir))],
    ['is a file', (dir) => (rmSync(dir, { recursive: true }), writeFileSync(dir, ''))],
  ])('makes a root anew that %s', async (_how, spoil) => {
    const store = await freshStore();
    const packed = await image(store);
    spoil(await released(await rootfsOf({ image: packed, store, ctx })));
    const dir = await released(await rootfsOf({ image: packed, store, ctx }));
    expect(readFileSync(join(dir, 'app/link'), 'utf8')).toBe('hello');
    expect(lstatSync(join(dir, 'tmp')).isDirectory()).toBe(true);
    expect(readdirSync(join(dir, 'app')).sort()).toEqual(['link', 'main', 'same']);
    expect(roots(store)).toHaveLength(1);
  });

  it('is safe from prune until it is released', async () => {
    const store = await freshStore();
    const packed = await image(store);
    const rootfs = await rootfsOf({ image: packed, store, ctx });
    await store.prune();
    expect(existsSync(join(rootfs.dir, 'app/main'))).toBe(true);
    await rootfs.release();
    await store.prune();
    expect(existsSync(rootfs.dir)).toBe(false);
  });

  it('leaves nothing when it is cancelled', async () => {
    const store = await freshStore();
    const packed = await image(store);
    const controller = new AbortController();
    controller.abort();
    const asked = rootfsOf({ image: packed, store, ctx: createContext({ signal: controller.signal }) });
    await expect(asked).rejects.toMatchObject({ code: 'E_CANCELLED' });
    expect(existsSync(join(store.home, 'tare/roots')) ? roots(store) : []).toEqual([]);
  });

  it('uses a temporary folder when the home cannot be written', async () => {
    const store = await freshStore();
    const packed = await image(store);
    const readOnly: Store = {
      ...store,
      lease: () =>
        store.lease().then(async (lease) => {
          await lease.release();
          const { TareError } = await import('../../src/base/error.ts');
          throw new TareError('E_READ_ONLY', 'the home is read-only');
        }),
    };
    const rootfs = await rootfsOf({ image: packed, store: readOnly, ctx });
    expect(rootfs.dir.startsWith(store.home)).toBe(false);
    expect(readFileSync(join(rootfs.dir, 'app/main'), 'utf8')).toBe('hello');
    chmodSync(join(rootfs.dir, 'app'), 0o500);
    await rootfs.release();
    await rootfs.release();
    expect(existsSync(rootfs.dir)).toBe(false);
  });
});
