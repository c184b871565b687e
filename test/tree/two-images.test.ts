import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/digest.ts';
import { createTarParser, type TarMember } from '../../src/formats/tar/index.ts';
import type { LayerIndex } from '../../src/store/types.ts';
import { treeOfLayers, treesOfLayers } from '../../src/tree/layers.ts';
import { dir, file, hardlink, layerTar, opaque, symlink, whiteout, type Item } from '../helpers/layer-image.ts';

function indexOf(items: readonly Item[]): LayerIndex {
  const tar = layerTar(items);
  const members: TarMember[] = [];
  const parser = createTarParser({ member: (member) => members.push(member) });
  parser.push(tar);
  parser.end();
  return { diffId: sha256(tar), wire: tar.length, disk: tar.length, members };
}

const item = fc
  .tuple(fc.constantFrom('', 'sub/', 'sub-'), fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 8 }))
  .map(([folder, name, kind]): Item => {
    const path = `${folder}${name}`;
    if (kind < 3) return file(path, `${kind}`);
    if (kind === 3) return symlink(path, 'first');
    if (kind < 6) return hardlink(path, 'first');
    if (kind === 6) return dir(path, 0o700);
    return kind === 7 ? whiteout(path) : opaque('sub');
  });
const base = fc
  .array(item, { maxLength: 8 })
  .map((items) => indexOf([file('first', 'the first'), dir('sub'), ...items, file('first-', 'x')]));
const top = fc.array(item, { maxLength: 5 }).map((items) => indexOf([file('first', 'again'), dir('sub'), ...items]));

describe('treesOfLayers', () => {
  it('makes of two images what is made of each, in byte order', () => {
    fc.assert(
      fc.property(
        fc.array(base, { maxLength: 2 }),
        fc.array(top, { maxLength: 2 }),
        fc.array(top, { maxLength: 2 }),
        (shared, a, b) => {
          const trees = treesOfLayers([...shared, ...a], [...shared, ...b]);
          for (const [at, above] of [a, b].entries()) {
            const expected = [...treeOfLayers([...shared, ...above]).walk()];
            expect([...(trees[at]?.walk() ?? [])]).toEqual(expected);
            const paths = expected.map(({ path }) => path);
            expect(paths).toEqual([...paths].sort());
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('has one object for what nothing above the shared layers touches', () => {
    const shared = indexOf([dir('d'), file('d/kept', 'x'), file('d/over', 'y')]);
    const [one, two] = treesOfLayers([shared], [shared, indexOf([file('d/over', 'z')])]);
    const [first, second] = [one, two].map((tree) => [...tree.walk()]);
    expect(first?.map((entry, at) => entry === second?.[at])).toEqual([true, true, false]);
  });
});
