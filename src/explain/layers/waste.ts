import { cleanPath, compareBytes, textOfBytes, type TreePath } from '../../base/path.ts';
import type { LayerIndex } from '../../store/types.ts';
import type { Tree } from '../../tree/types.ts';
import type { Inefficiency } from './types.ts';

export interface Waste {
  /** Bytes for each layer, base first. */
  readonly layers: readonly number[];
  /** The most wasteful first. */
  readonly inefficiencies: readonly Inefficiency[];
  /** Whether the content that a layer has at this offset is seen. */
  readonly isVisible: (layer: number, dataOffset: number) => boolean;
}

interface Copies {
  count: number;
  bytes: number;
  readonly layers: number[];
  visible: number | null;
}

/**
 * The copies of contents that are shipped and that no path of the flattened image leads to: overwritten or deleted by a later layer, or written twice in
 * one. A content with several names is seen while one of them is there.
 */
export function wasteOf(tree: Tree, indexes: readonly LayerIndex[]): Waste {
  const visible = visibleContents(tree, indexes);
  const isVisible: Waste['isVisible'] = (layer, dataOffset) => visible[layer]?.has(dataOffset) === true;
  const layers = indexes.map(() => 0);
  const wasteful = new Map<TreePath, Copies>();
  for (const [layer, { members }] of indexes.entries()) {
    for (const { dataOffset, path, size, type } of members) {
      if (type !== 'file' || size === 0 || isVisible(layer, dataOffset)) continue;
      layers[layer] = (layers[layer] ?? 0) + size;
      const clean = cleanPath(path);
      const copies = wasteful.get(clean);
      if (copies === undefined) wasteful.set(clean, { count: 0, bytes: size, layers: [], visible: null });
      else copies.bytes += size;
    }
  }
  if (wasteful.size > 0) countCopies(wasteful, indexes, isVisible);
  const inefficiencies = [...wasteful]
    .map(([path, copies]) => ({ path, copies }))
    .sort((a, b) => b.copies.bytes - a.copies.bytes || compareBytes(a.path, b.path))
    .map(({ copies: { bytes, count, layers: of, visible: seen }, path }) => ({
      path: textOfBytes(path),
      count,
      bytes,
      layers: of,
      visible: seen,
    }));
  return { layers, inefficiencies, isVisible };
}

function countCopies(
  wasteful: ReadonlyMap<TreePath, Copies>,
  indexes: readonly LayerIndex[],
  isVisible: Waste['isVisible'],
): void {
  for (const [layer, { members }] of indexes.entries()) {
    for (const { dataOffset, path, type } of members) {
      const copies = type === 'file' ? wasteful.get(cleanPath(path)) : undefined;
      if (copies === undefined) continue;
      copies.count += 1;
      if (copies.layers.at(-1) !== layer) copies.layers.push(layer);
      if (isVisible(layer, dataOffset)) copies.visible = layer;
    }
  }
}

/** For each layer the offsets of the contents that the tree refers to. A layer that is there twice is seen where it was applied last. */
function visibleContents(tree: Tree, indexes: readonly LayerIndex[]): readonly ReadonlySet<number>[] {
  const visible = indexes.map(() => new Set<number>());
  const byDiffId = new Map(indexes.map(({ diffId }, layer) => [diffId, visible[layer]]));
  for (const { content } of tree.walk()) if (content?.in === 'layer') byDiffId.get(content.diffId)?.add(content.offset);
  return visible;
}
