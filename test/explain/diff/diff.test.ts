import { describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { diffImages, type ImageDiff } from '../../../src/explain/diff/diff.ts';
import { openStore } from '../../../src/store/index.ts';
import type { Image } from '../../../src/oci/types.ts';
import {
  blobLayer,
  char,
  dir,
  fifo,
  file,
  gzipLayer,
  hardlink,
  imageOf,
  layerTar,
  OCI_TAR,
  opaque,
  symlink,
  whiteout,
  type Item,
} from '../../helpers/layer-image.ts';
import { expectShape } from '../../helpers/schema.ts';
import { tempDir } from '../../helpers/temp.ts';

type Layers = readonly (readonly Item[])[];

const gzipImage = (layers: Layers): Image => imageOf(layers.map((items) => gzipLayer(layerTar(items))));
const plainImage = (layers: Layers): Image => imageOf(layers.map(layerTar).map((tar) => blobLayer(tar, tar, OCI_TAR)));

async function diffed(before: Image, after: Image, semantic = false): Promise<ImageDiff> {
  const store = await openStore({ home: tempDir() });
  const found = await diffImages({
    before: { image: before },
    after: { image: after },
    semantic,
    ctx: createContext(),
    store,
  });
  const answer = JSON.parse(JSON.stringify(found)) as unknown;
  expectShape('diff', answer);
  const { added, changed, removed } = found.bytes;
  expect(added - removed + changed).toBe(found.size.disk);
  return found;
}

/** `+ /path size`, `- /path size`, `~ /path growth what,what` */
const lines = ({ added, changed, removed }: ImageDiff): readonly string[] => [
  ...added.map(({ path, size }) => `+ ${path} ${size}`),
  ...removed.map(({ path, size }) => `- ${path} ${size}`),
  ...changed.map(({ growth, path, what }) => `~ ${path} ${growth} ${what.join()}`),
];

const BASE: readonly Item[] = [
  dir('etc'),
  file('etc/conf', 'one'),
  file('etc/gone', 'four'),
  file('etc/same', 'same'),
  symlink('etc/link', 'conf'),
  dir('bin'),
  file('bin/tool', '#!tool', 0o755),
  hardlink('bin/alias', 'bin/tool'),
  char('null', 1, 3),
  fifo('pipe'),
  dir('cache'),
  file('cache/a', 'aaaaaaaa'),
];

describe('diffImages', () => {
  it.each([
    ['compressed', gzipImage],
    ['plain', plainImage],
  ])('tells every kind of change of %s layers', async (_name, image) => {
    const top: readonly Item[] = [
      file('etc/conf', 'two'),
      whiteout('etc/gone'),
      file('etc/same', 'same', 0o600, { owner: [1, 2], mtime: 5, xattrs: { 'user.a': 'b' } }),
      symlink('etc/link', 'same'),
      file('bin/alias', '#!tool', 0o755),
      char('null', 1, 5),
      file('pipe', 'no more'),
      opaque('cache'),
      file('cache/b', 'bb'),
    ];
    const found = await diffed(image([BASE]), image([BASE, top]));
    expect(lines(found)).toEqual([
      '+ /cache/b 2',
      '- /cache/a 8',
      '- /etc/gone 4',
      '~ /bin/tool 6 link',
      '~ /etc/conf 0 content',
      '~ /etc/link 0 link',
      '~ /etc/same 0 mode,owner,xattrs,mtime',
      '~ /null 0 device',
      '~ /pipe 7 type',
    ]);
  });

  it('finds nothing between an image and itself, or one that only differs in how it was packed', async () => {
    const one = gzipImage([BASE, [file('x', 'x')]]);
    const same = await diffed(one, one);
    expect(same).toMatchObject({ different: false, added: [], removed: [], changed: [], config: [], packageSizes: [] });
    expect(same.layers).toMatchObject({ onlyBefore: [], onlyAfter: [] });
    // One layer in place of two, in another order, uncompressed, with other times and the other name of the tool first.
    const swapped = [...BASE].reverse().filter(({ path }) => !path.startsWith('bin'));
    const tool = [file('bin/alias', '#!tool', 0o755), hardlink('bin/tool', 'bin/alias')];
    const repacked = plainImage([
      [dir('bin'), dir('etc'), dir('cache'), ...tool, ...swapped, file('x', 'x')].map((item) => ({
        ...item,
        mtime: 77,
      })),
    ]);
    expect(await diffed(one, repacked, true)).toMatchObject({ different: false, changed: [], verified: true });
    const strict = await diffed(one, repacked);
    expect(strict.different).toBe(true);
    expect(new Set(strict.changed.flatMap(({ what }) => what))).toEqual(new Set(['mtime']));
  });

  it('shares layers by digest, and with --semantic however they are compressed', async () => {
    const tar = layerTar(BASE);
    const [packed, plain] = [imageOf([gzipLayer(tar)]), imageOf([blobLayer(tar, tar, OCI_TAR)])];
    const strict = await diffed(packed, plain);
    expect(lines(strict)).toEqual([]);
    expect(strict).toMatchObject({ different: true, size: { disk: 0 } });
    expect([strict.layers.shared.length, strict.layers.onlyBefore.length, strict.layers.onlyAfter.length]).toEqual([
      0, 1, 1,
    ]);
    const loose = await diffed(packed, plain, true);
    expect(loose.different).toBe(false);
    expect(loose.layers.shared).toMatchObject([{ index: 0, disk: 25 }]);
  });

  it('shares a layer that is there twice as often as the other has it', async () => {
    const [base, top] = [[file('a', 'a')], [file('b', 'bb')]];
    const { layers } = await diffed(gzipImage([base, top, base]), gzipImage([top, base]));
    expect(layers.shared.map(({ index }) => index)).toEqual([0, 1]);
    expect(layers.onlyBefore.map(({ index }) => index)).toEqual([2]);
  });

  it('reads contents of which nobody knows the digest', async () => {
    const long = 'x'.repeat(300_000);
    const [a, b] = [`${long}a`, `${long}b`];
    const before = plainImage([[file('same', a), file('other', a)]]);
    const after = plainImage([[file('first', ''), file('same', a), file('other', b)]]);
    expect(lines(await diffed(before, after))).toEqual(['+ /first 0', '~ /other 0 content']);
    const known = gzipImage([[file('first', ''), file('same', a), file('other', b)]]);
    expect(lines(await diffed(before, known))).toEqual(['+ /first 0', '~ /other 0 content']);
  });

  it('keeps names that are no text', async () => {
    const found = await diffed(gzipImage([[]]), gzipImage([[file('caf\xe9', 'x')]]));
    expect(found.added.map(({ path }) => path)).toEqual(['/caf\udce9']);
  });

  it('says what each side is', async () => {
    const found = await diffed(gzipImage([[file('a', 'aa'), dir('d')]]), gzipImage([[file('a', 'aaa')]]));
    expect(found.before).toMatchObject({ reference: 'test:latest', files: 1, size: { disk: 2 } });
    expect(found).toMatchObject({ size: { disk: 1 }, bytes: { changed: 1, rewritten: 3 } });
    expect(found.size.wire).toBe((found.after.size.wire ?? 0) - (found.before.size.wire ?? 0));
  });
});
