import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../src/base/streams.ts';
import { scanLayer } from '../../src/store/layer-scan.ts';
import { treeOfLayers } from '../../src/tree/layers.ts';
import type { LayerIndex } from '../../src/store/types.ts';
import type { Tree } from '../../src/tree/types.ts';
import { blobLayer, layerTar, OCI_TAR, type Item } from '../helpers/layer-image.ts';

// A model without inodes or clever order: a Map from path to a word. Members that would be refused are not generated (hard links
// and links have their own tests in the corpus), so what is left is who wins.

type Model = Map<string, string>;

const NAMES = ['a', 'b', 'c'];
const path = fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));

type Operation =
  | { readonly do: 'file'; readonly path: string; readonly mode: number }
  | { readonly do: 'folder'; readonly path: string; readonly mode: number }
  | { readonly do: 'whiteout'; readonly path: string }
  | { readonly do: 'opaque'; readonly path: string };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ do: fc.constant('file' as const), path, mode: fc.constantFrom(0o600, 0o644) }),
  fc.record({ do: fc.constant('folder' as const), path, mode: fc.constantFrom(0o700, 0o711) }),
  fc.record({ do: fc.constant('whiteout' as const), path }),
  fc.record({ do: fc.constant('opaque' as const), path }),
);

const above = (path: string): string[] =>
  path
    .split('/')
    .slice(0, -1)
    .map((_, i, parts) => parts.slice(0, i + 1).join('/'));
const below = (model: Model, path: string): string[] => [...model.keys()].filter((key) => key.startsWith(`${path}/`));

/** Leaves out members that run through a file, as the model sees it when it comes to them in archive order. */
function applyLayer(
  lower: Model,
  operations: readonly Operation[],
): { readonly result: Model; readonly applied: Operation[] } {
  // Whiteouts first: what they take is lower, whatever the order. Then what is left is merged with what this layer says.
  const visible = new Map(lower);
  const own: Model = new Map();
  const applied: Operation[] = [];
  const removals: Operation[] = [];
  for (const operation of operations) {
    const { path } = operation;
    if (operation.do === 'whiteout' || operation.do === 'opaque') {
      removals.push(operation);
      applied.push(operation);
      continue;
    }
    const isThroughFile = above(path).some((dir) => (own.get(dir) ?? visible.get(dir))?.startsWith('file') === true);
    if (isThroughFile) continue;
    applied.push(operation);
    const isFolder = operation.do === 'folder';
    for (const dir of above(path)) if (!own.has(dir)) own.set(dir, 'implied');
    if (!isFolder || (own.get(path) ?? visible.get(path))?.startsWith('file') === true) {
      for (const key of below(own, path)) own.delete(key);
      for (const key of below(visible, path)) visible.delete(key);
      visible.delete(path);
    }
    own.set(path, `${operation.do} ${operation.mode.toString(8)}`);
  }
  for (const { do: kind, path } of removals) {
    if (kind === 'whiteout') visible.delete(path);
    for (const key of below(visible, path)) visible.delete(key);
  }
  const result = new Map(visible);
  for (const [key, value] of own) {
    if (value !== 'implied') result.set(key, value);
    else if (!result.has(key)) result.set(key, 'folder 755');
  }
  return { result, applied };
}

function itemsOf(operations: readonly Operation[]): Item[] {
  return operations.map((operation): Item => {
    const { path } = operation;
    const cut = path.lastIndexOf('/') + 1;
    switch (operation.do) {
      case 'file':
        return { path, type: '0', mode: operation.mode };
      case 'folder':
        return { path, type: '5', mode: operation.mode };
      case 'whiteout':
        return { path: `${path.slice(0, cut)}.wh.${path.slice(cut)}`, type: '0' };
      default:
        return { path: `${path}/.wh..wh..opq`, type: '0' };
    }
  });
}

function indexOf(items: readonly Item[]): Promise<LayerIndex> {
  const tar = layerTar(items);
  const { descriptor, diffId } = blobLayer(tar, tar, OCI_TAR);
  return scanLayer(bytesOf(tar), descriptor, diffId);
}

function modelOf(tree: Tree): Model {
  return new Map(
    [...tree.walk()].map((entry) => [
      entry.path.slice(1),
      `${entry.type === 'file' ? 'file' : 'folder'} ${entry.mode.toString(8)}`,
    ]),
  );
}

describe('layers against a model', () => {
  it('any files, folders, whiteouts and opaque folders in any order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(operation, { maxLength: 8 }), { minLength: 1, maxLength: 4 }),
        async (layers) => {
          let model: Model = new Map();
          const indexes: LayerIndex[] = [];
          for (const operations of layers) {
            const { applied, result } = applyLayer(model, operations);
            // A whiteout of something below a file that this layer made of a folder is no business of the model.
            model = result;
            indexes.push(await indexOf(itemsOf(applied)));
          }
          const sorted = (of: Model): [string, string][] => [...of].sort(([a], [b]) => (a < b ? -1 : 1));
          expect(sorted(modelOf(treeOfLayers(indexes)))).toEqual(sorted(model));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('whiteouts mean the same at any place in their layer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { maxLength: 8 }),
        fc.array(operation, { maxLength: 8 }),
        async (lower, upper) => {
          const base = applyLayer(new Map(), lower);
          const { applied } = applyLayer(base.result, upper);
          const isRemoval = ({ do: kind }: Operation): boolean => kind === 'whiteout' || kind === 'opaque';
          const last = [...applied.filter((item) => !isRemoval(item)), ...applied.filter(isRemoval)];
          const index = await indexOf(itemsOf(base.applied));
          const one = treeOfLayers([index, await indexOf(itemsOf(applied))]);
          const two = treeOfLayers([index, await indexOf(itemsOf(last))]);
          expect(modelOf(two)).toEqual(modelOf(one));
        },
      ),
      { numRuns: 200 },
    );
  });
});
