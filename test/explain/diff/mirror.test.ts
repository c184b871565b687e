import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { diffImages } from '../../../src/explain/diff/diff.ts';
import type { ImageDiff } from '../../../src/explain/diff/types.ts';
import type { Image } from '../../../src/oci/types.ts';
import { openStore } from '../../../src/store/index.ts';
import type { Store } from '../../../src/store/types.ts';
import { dir, file, gzipLayer, hardlink, imageOf, layerTar, symlink, type Item } from '../../helpers/layer-image.ts';
import { tempDir } from '../../helpers/temp.ts';

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const attributes = fc.record({
  mode: fc.constantFrom(0o644, 0o755),
  mtime: fc.integer({ min: 0, max: 1 }),
  uid: fc.integer({ min: 0, max: 1 }),
});
const item = (folder: string): fc.Arbitrary<Item> =>
  fc
    .tuple(name, fc.constantFrom('file', 'other', 'link', 'hard', 'folder'), attributes)
    .map(([leaf, kind, { mode, mtime, uid }]) => {
      const path = `${folder}${leaf}`;
      const more = { mtime, owner: [uid, 0] as const };
      if (kind === 'file') return file(path, 'content', mode, more);
      if (kind === 'other') return file(path, 'CONTENT!', mode, more);
      if (kind === 'link') return { ...symlink(path, `${mode}`), mtime };
      return kind === 'hard' ? hardlink(path, 'first') : dir(path, mode, more);
    });
const layer = fc
  .tuple(fc.array(item(''), { maxLength: 5 }), fc.array(item('sub/'), { maxLength: 4 }))
  .map(([top, below]) => [file('first', 'the first'), ...top, dir('sub'), ...below]);
const image: fc.Arbitrary<Image> = fc
  .array(layer, { minLength: 1, maxLength: 2 })
  .map((layers) => imageOf(layers.map((items) => gzipLayer(layerTar(items)))));

async function diff(store: Store, before: Image, after: Image, semantic: boolean): Promise<ImageDiff> {
  const sides = { before: { image: before }, after: { image: after } };
  return diffImages({ ...sides, semantic, ctx: createContext(), store });
}

const mirrored = (found: ImageDiff): unknown => ({
  before: found.after,
  after: found.before,
  added: found.removed,
  removed: found.added,
  changed: found.changed.map(({ after, before, growth, path, what }) => ({
    path,
    what,
    // Of no file it is 0, and there is no -0 in JSON.
    growth: 0 - growth,
    before: after,
    after: before,
  })),
  packageSizes: found.packageSizes.map((row) => ({ ...row, before: row.after, after: row.before, delta: -row.delta })),
});

const straight = (found: ImageDiff): unknown => ({
  before: found.before,
  after: found.after,
  added: found.added,
  removed: found.removed,
  changed: found.changed.map(({ after, before, growth, path, what }) => ({ path, what, growth, before, after })),
  packageSizes: found.packageSizes,
});

describe('diffImages, of any images', () => {
  it('is empty between one and itself, and mirrored when they are swapped', async () => {
    const store = await openStore({ home: tempDir() });
    await fc.assert(
      fc.asyncProperty(image, image, fc.boolean(), async (a, b, semantic) => {
        expect(await diff(store, a, a, semantic)).toMatchObject({
          different: false,
          added: [],
          removed: [],
          changed: [],
        });
        const found = await diff(store, a, b, semantic);
        expect(straight(await diff(store, b, a, semantic))).toEqual(mirrored(found));
        const { added, changed, removed } = found.bytes;
        expect(added - removed + changed).toBe(found.size.disk);
        if (semantic) expect(found.changed.flatMap(({ what }) => what)).not.toContain('mtime');
      }),
      { numRuns: 60 },
    );
  });
});
