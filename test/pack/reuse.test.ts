import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PackedLayer } from '../../src/pack/index.ts';
import type { Store } from '../../src/store/types.ts';
import type { ContentReader, Entry } from '../../src/tree/types.ts';
import { blobFile, file, folder, freshStore, hostFile, noise, pack } from '../helpers/pack.ts';
import { tempDir } from '../helpers/temp.ts';

const unreadable: ContentReader = {
  read: () => Promise.reject(new Error('nothing is to be read')),
  stream: () => {
    throw new Error('nothing is to be read');
  },
};

/** A folder, a file in memory, and one on the host that has been left alone for long. */
function scene(): { readonly host: string; readonly entries: () => Entry[] } {
  const host = join(tempDir(), 'host');
  writeFileSync(host, noise(300_000));
  return { host, entries: () => [folder('/d'), file('/d/memory', 'abc'), hostFile('/d/host', host)] };
}

const records = (store: Store): string[] => readdirSync(join(store.home, 'tare/packed'));

function damage(store: Store, text: string): void {
  for (const name of records(store)) writeFileSync(join(store.home, 'tare/packed', name), text);
}

function withoutMark({ reused: _reused, ...layer }: PackedLayer): PackedLayer {
  return layer;
}

describe('packing the same again', () => {
  it('takes the layer that is there', async () => {
    const store = await freshStore();
    const { entries } = scene();
    const first = await pack({ entries: entries(), store });
    expect(first.reused).toBeUndefined();
    const again = await pack({ entries: [...entries()].reverse(), store, content: unreadable });
    expect(again.reused).toBe(true);
    expect(withoutMark(again)).toEqual(first);
    expect(records(store)).toHaveLength(1);
  });

  it('knows a file by its content, wherever it is', async () => {
    const store = await freshStore();
    const one = scene();
    await pack({ entries: one.entries(), store });
    const two = scene();
    utimesSync(two.host, 1, 1);
    expect((await pack({ entries: two.entries(), store })).reused).toBe(true);
  });

  it('takes content of a layer at its digest', async () => {
    const store = await freshStore();
    const bytes = Buffer.from('from a layer');
    const entry: Entry = {
      ...file('/x', bytes),
      content: { in: 'layer', diffId: `sha256:${'1'.repeat(64)}`, offset: 9, size: bytes.length },
    };
    const content = { ...unreadable, read: () => Promise.resolve(bytes) };
    await pack({ entries: [entry], store, content });
    const sha256 = '6b0b6ea5b1e1b5b6c8b1f2e7f6fb3d0f7d8c0a5b6a3f8b7e9c4d2a1f0e9d8c7b';
    expect((await pack({ entries: [{ ...entry, sha256 }], store, content })).reused).toBeUndefined();
    const known = (
      await pack({
        entries: [entry],
        store,
        content: {
          ...content,
          async *stream() {
            yield bytes;
          },
        },
      })
    ).reused;
    expect(known).toBe(true);
  });

  it.each<[string, (scene: { host: string; store: Store; layer: PackedLayer }) => void]>([
    ['a file has other content of the same size', ({ host }) => writeFileSync(host, noise(300_000, 2))],
    ['the blob is gone', ({ layer, store }) => rmSync(blobFile(store, layer.descriptor.digest))],
    ['the blob is cut off', ({ layer, store }) => writeFileSync(blobFile(store, layer.descriptor.digest), 'x')],
    ['the record is no JSON', ({ store }) => damage(store, '{')],
    ['the record is empty', ({ store }) => damage(store, '')],
    ['the record is of another kind', ({ store }) => damage(store, '[1]')],
    ['the record names no digest', ({ store }) => damage(store, '{"digest":"../x","diffId":"y","wire":1,"tarSize":1}')],
    ['the record is too long', ({ store }) => damage(store, ' '.repeat(5000))],
  ])('packs anew when %s', async (_why, spoil) => {
    const store = await freshStore();
    const { entries, host } = scene();
    const layer = await pack({ entries: entries(), store });
    spoil({ host, store, layer });
    const again = await pack({ entries: entries(), store });
    expect(again.reused).toBeUndefined();
  });

  it.each<[string, (entries: Entry[]) => Parameters<typeof pack>[0]]>([
    ['compression', (entries) => ({ entries, compression: 'gzip:7' })],
    ['time', (entries) => ({ entries, epoch: 1 })],
    ['mode', (entries) => ({ entries: entries.map((entry) => ({ ...entry, mode: 0o700 })) })],
    ['owner', (entries) => ({ entries: entries.map((entry) => ({ ...entry, gid: 1 })) })],
    [
      'attribute',
      (entries) => ({
        entries: entries.map((entry) => ({ ...entry, xattrs: new Map([['user.a', Buffer.from('b')]]) })),
      }),
    ],
    ['name', (entries) => ({ entries: [...entries, folder('/e')] })],
  ])('packs anew for another %s', async (_what, change) => {
    const store = await freshStore();
    const { entries } = scene();
    await pack({ entries: entries(), store });
    expect((await pack({ ...change(entries()), store })).reused).toBeUndefined();
  });

  it('works without a cache when the cache cannot be written', async () => {
    const store = await freshStore();
    const { entries } = scene();
    mkdirSync(join(store.home, 'tare/file-digests'), { recursive: true });
    writeFileSync(join(store.home, 'tare/packed'), 'in the way');
    const first = await pack({ entries: entries(), store });
    expect(await pack({ entries: entries(), store })).toEqual(first);
    expect(readFileSync(join(store.home, 'tare/packed'), 'utf8')).toBe('in the way');
  });
});
