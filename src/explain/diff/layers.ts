import type { Image } from '../../oci/types.ts';
import type { LayerIndex } from '../../store/types.ts';
import { measureLayer } from '../../tree/measure.ts';
import { instructionsOf } from '../layers/history.ts';
import type { DiffLayer, DiffLayers } from './types.ts';

export interface LayeredSide {
  readonly image: Image;
  /** One for each layer, base first. */
  readonly indexes: readonly LayerIndex[];
}

export const NO_LAYERS: DiffLayers = { shared: [], onlyBefore: [], onlyAfter: [] };

/**
 * The layers that both have, wherever they stand. A layer that one of them has twice is shared as often as the other has it.
 * @param semantic the same archive compressed in another way is the same layer
 */
export function diffLayers(before: LayeredSide, after: LayeredSide, semantic: boolean): DiffLayers {
  const [one, two] = [layersOf(before), layersOf(after)];
  const keyOf = (layer: DiffLayer): string => (semantic ? layer.diffId : layer.digest);
  const left = new Map<string, number>();
  for (const layer of one) left.set(keyOf(layer), (left.get(keyOf(layer)) ?? 0) + 1);
  const shared: DiffLayer[] = [];
  const onlyAfter: DiffLayer[] = [];
  for (const layer of two) {
    const count = left.get(keyOf(layer)) ?? 0;
    if (count === 0) onlyAfter.push(layer);
    else {
      shared.push(layer);
      left.set(keyOf(layer), count - 1);
    }
  }
  const onlyBefore: DiffLayer[] = [];
  // What is left over of one that is there several times is the last of them.
  for (const layer of [...one].reverse()) {
    const count = left.get(keyOf(layer)) ?? 0;
    if (count === 0) continue;
    onlyBefore.unshift(layer);
    left.set(keyOf(layer), count - 1);
  }
  return { shared, onlyBefore, onlyAfter };
}

function layersOf({ image, indexes }: LayeredSide): readonly DiffLayer[] {
  const instructions = instructionsOf(image.config, indexes.length);
  return indexes.map((index, at) => {
    const layer = image.manifest.layers[at];
    const createdBy = instructions[at] ?? '';
    return {
      index: at,
      digest: layer?.digest ?? index.diffId,
      diffId: index.diffId,
      disk: measureLayer(index).disk,
      wire: layer?.size ?? index.wire,
      ...(createdBy === '' ? {} : { createdBy }),
    };
  });
}
