import { throwIfCancelled } from '../base/context.ts';
import { packLayer, parseCompression, type PackedLayer } from '../pack/index.ts';
import { ROOT } from '../base/path.ts';
import { GROUPS, type Plan } from '../plan/types.ts';
import type { ContentReader, Entry, Tree } from '../tree/types.ts';
import type { LayerMode, ShrinkTools, ShrunkLayer } from './types.ts';

export interface LayerInHand extends ShrunkLayer {
  readonly packed: PackedLayer;
}

/** Entries of one layer to be. */
export interface Grouped {
  readonly group: string;
  readonly entries: readonly Entry[];
}

export interface LayeringInput {
  readonly plan: Plan;
  readonly tree: Tree;
  readonly mode: LayerMode;
  /** How many layers the original has. */
  readonly originalLayers: number;
}

/**
 * The kept entries by layer, lowest first; layers without anything are left out. `keep`: each entry stays in the layer that wrote it last, what is made
 * anew goes on top of what it replaces, or into the highest layer. Names that share an inode stay together, in the lowest of their layers.
 */
export function layering({ mode, originalLayers, plan, tree }: LayeringInput): readonly Grouped[] {
  const groups = new Map<string, Entry[]>();
  const put = (group: string, entry: Entry): void => {
    const there = groups.get(group);
    if (there === undefined) groups.set(group, [entry]);
    else there.push(entry);
  };
  const top = Math.max(0, originalLayers - 1);
  const kept = plan.keep.flatMap(({ group, path }) => {
    const entry = tree.get(path);
    return entry === undefined ? [] : [{ entry, group }];
  });
  const homes = mode === 'keep' ? homesOf(kept.map((item) => item.entry)) : undefined;
  for (const { entry, group } of kept) put(homes === undefined ? group : layerName(homes(entry)), entry);
  for (const { entry, group } of plan.add)
    put(homes === undefined ? group : layerName(tree.get(entry.path)?.layer ?? top), entry);
  const root = tree.get(ROOT);
  // Who may write to the root folder itself: a layer says so only when it is not as every engine makes it.
  if (root !== undefined && (root.mode !== PLAIN_MODE || root.uid !== 0 || root.gid !== 0)) {
    const [first] = groups.keys();
    if (first !== undefined) put(homes === undefined ? first : layerName(root.layer ?? 0), root);
  }
  const order = homes === undefined ? GROUPS : Array.from({ length: originalLayers }, (_, at) => layerName(at));
  return order.flatMap((group) => {
    const entries = groups.get(group);
    return entries === undefined ? [] : [{ group, entries }];
  });
}

const PLAIN_MODE = 0o755;
const layerName = (index: number): string => `layer ${index}`;

/** A link to a file of a lower layer would become a copy. */
function homesOf(entries: readonly Entry[]): (entry: Entry) => number {
  const lowest = new Map<string, number>();
  const inodeOf = (entry: Entry): string => (entry.type === 'hardlink' ? (entry.link ?? entry.path) : entry.path);
  for (const entry of entries) {
    const at = entry.layer ?? 0;
    lowest.set(inodeOf(entry), Math.min(at, lowest.get(inodeOf(entry)) ?? at));
  }
  return (entry) => lowest.get(inodeOf(entry)) ?? 0;
}

/** What a layering would look like; sizes on disk alone, for nothing is compressed. */
export function outline(groups: readonly Grouped[]): Pick<ShrunkLayer, 'disk' | 'files' | 'group'>[] {
  return groups.map(({ entries, group }) => ({
    group,
    disk: entries.reduce((sum, entry) => sum + (entry.type === 'hardlink' ? 0 : entry.size), 0),
    files: entries.filter((entry) => entry.type !== 'directory').length,
  }));
}

/**
 * Writes the layers into the store, lowest first. Times are the entries' own.
 * @param known by group: such a layer is taken as it is, and those that are written now are added
 */
export async function packLayers(
  groups: readonly Grouped[],
  content: ContentReader,
  compression: string,
  tools: ShrinkTools,
  known?: Map<string, LayerInHand>,
): Promise<LayerInHand[]> {
  const layers: LayerInHand[] = [];
  for (const { entries, group } of groups) {
    throwIfCancelled(tools.ctx.signal);
    const there = known?.get(group);
    if (there !== undefined) {
      layers.push(there);
      continue;
    }
    tools.ctx.onEvent({ kind: 'step.started', step: `pack ${group}` });
    const packed = await packLayer({
      entries,
      content,
      store: tools.store,
      compression: parseCompression(compression),
      epoch: 'own',
      ctx: tools.ctx,
    });
    tools.ctx.onEvent({ kind: 'step.done', step: `pack ${group}` });
    const { descriptor, diffId, disk, files, wire } = packed;
    const layer = { digest: descriptor.digest, diffId, group, disk, wire, files, packed };
    known?.set(group, layer);
    layers.push(layer);
  }
  return layers;
}
