import { compareBytes, textOfBytes } from '../../base/path.ts';
import type { LayerIndex } from '../../store/types.ts';
import type { LayerChange } from '../../tree/layer-changes.ts';
import type { Tree } from '../../tree/types.ts';
import { hiddenIn } from '../layers/layers.ts';
import type { Dissection } from '../layers/types.ts';
import { wasteOf } from '../layers/waste.ts';
import type { LayerRow, LayerTable } from './types.ts';

/** Changes of one layer, and wasteful paths, that are shown. */
const MAX_CHANGES = 500;
const MAX_INEFFICIENCIES = 500;

const KINDS = { added: 0, changed: 1, removed: 2 } as const;

/** The dissection of `tare layers`, with what each layer did. */
export function layerTable(options: {
  readonly dissection: Dissection;
  readonly tree: Tree;
  readonly indexes: readonly LayerIndex[];
  /** By layer. */
  readonly changes: readonly (readonly LayerChange[])[];
}): LayerTable {
  const { changes, dissection, indexes, tree } = options;
  const waste = wasteOf(tree, indexes);
  const rows = dissection.layers.map((layer, at): LayerRow => {
    const own = changes[at] ?? [];
    const hidden = hiddenIn(indexes[at], at, waste);
    return {
      digest: layer.digest,
      createdBy: layer.createdBy ?? '',
      disk: layer.disk,
      wire: layer.wire,
      added: layer.added,
      changed: layer.changed,
      removed: layer.removed,
      wasted: layer.wasted,
      changes: [...own]
        .sort((a, b) => b.size - a.size || compareBytes(a.path, b.path))
        .slice(0, MAX_CHANGES)
        .map(({ kind, path, size }) => [
          textOfBytes(path),
          KINDS[kind],
          size,
          kind !== 'removed' && hidden(path) ? 1 : 0,
        ]),
      changeCount: own.length,
    };
  });
  const { counts, efficiency, history, inefficiencies, steps, wastedBytes } = dissection;
  return {
    efficiency,
    wastedBytes,
    history,
    steps: steps.map(({ created, instruction, layer }) => ({
      instruction,
      layer,
      ...(created === undefined ? {} : { created }),
    })),
    rows,
    inefficiencies: inefficiencies.slice(0, MAX_INEFFICIENCIES),
    inefficiencyCount: counts.inefficiencies,
  };
}
