import type { Digest } from '../../base/digest.ts';
import { cleanPath, joinPath, type TreePath } from '../../base/path.ts';
import type { LayerIndex, Store } from '../../store/types.ts';
import { layerNameOf } from '../../tree/layer-names.ts';
import { treeOfLayers } from '../../tree/layers.ts';
import type { Entry } from '../../tree/types.ts';
import { descriptorOf, type LayerFolder, type StepLayer } from './layers.ts';
import { identitiesOf, type FileSystem, type Layered } from './result.ts';
import type { Snapshots } from './snapshots.ts';

export interface LowersOptions {
  readonly store: Store;
  readonly layers: LayerFolder;
  readonly snapshots: Snapshots;
  readonly filesOf: (result: Layered) => Promise<FileSystem>;
  readonly signal: AbortSignal;
}

/** The folders that make a result when they lie over each other, lowest first: those that are not there any more are made again out of their layers. */
export async function lowersOf(result: Layered, options: LowersOptions): Promise<readonly string[]> {
  const { snapshots } = options;
  const { base, steps } = result;
  const folders: string[] = [];
  if (base !== undefined) folders.push(await snapshots.base(base));
  const ids = identitiesOf(result);
  for (const [index, step] of steps.entries()) {
    const id = ids[index];
    if (step === null || id === undefined) continue;
    const below: Layered = { kind: 'layers', base, steps: steps.slice(0, index) };
    folders.push((await snapshots.find(id)) ?? (await unpacked(step, { id, below, options })));
  }
  return snapshots.flatten(folders);
}

interface Unpacking {
  readonly id: Digest;
  readonly below: Layered;
  readonly options: LowersOptions;
}

async function unpacked(step: StepLayer, { below, id, options }: Unpacking): Promise<string> {
  const { filesOf, layers, signal, snapshots, store } = options;
  const index = await store.layerIndex(layers.source, descriptorOf(step), step.diffId, signal);
  const { tree } = await filesOf(below);
  return snapshots.layer({
    id,
    ...partsOf(index),
    below: tree,
    layerTar: () => store.layerTar(layers.source, descriptorOf(step), step.diffId, signal),
  });
}

interface LayerParts {
  readonly entries: readonly Entry[];
  readonly removed: readonly TreePath[];
  readonly opaque: readonly TreePath[];
}

/** What a layer writes, and what it takes away. */
function partsOf(index: LayerIndex): LayerParts {
  const names = index.members.map((member) => layerNameOf(cleanPath(member.path), 'a layer of a step'));
  return {
    entries: [...treeOfLayers([index], { lenient: true }).walk()],
    removed: names.flatMap((name) => (name.is === 'whiteout' ? joinPath(name.dir, name.name) : [])),
    opaque: names.flatMap((name) => (name.is === 'opaque' ? name.dir : [])),
  };
}
