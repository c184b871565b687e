import type { Context } from '../../base/events.ts';
import { TareError } from '../../base/error.ts';
import { cleanPath, compareBytes, ROOT, textOfBytes, type TreePath } from '../../base/path.ts';
import type { Digest } from '../../base/digest.ts';
import type { Image } from '../../oci/types.ts';
import { packageDbs } from '../../packages/index.ts';
import type { LayerIndex, Store } from '../../store/types.ts';
import { treeOfImage } from '../../tree/image-tree.ts';
import type { LayerChange } from '../../tree/layer-changes.ts';
import { layerNameOf } from '../../tree/layer-names.ts';
import { measureLayer, measureTree } from '../../tree/measure.ts';
import { sizesOf } from '../sizes.ts';
import { createDiveScore } from './dive-score.ts';
import { instructionsOf, stepsOf } from './history.ts';
import { partsOf } from './parts.ts';
import type { ChangedPath, DissectedLayer, Dissection } from './types.ts';
import { wasteOf, type Waste } from './waste.ts';

export type { Dissection } from './types.ts';

export interface LayersOptions {
  readonly image: Image;
  readonly store: Store;
  readonly ctx: Context;
  /** Tells also what this layer (0 = base) did, path by path. */
  readonly layer?: number;
  /** Rows of each list at most; 0 or undefined: all. */
  readonly limit?: number;
}

interface LayerCounts {
  added: number;
  changed: number;
  removed: number;
}

/** Rows of each list that are remembered. */
const MAX_REMEMBERED = 1000;
/** Changes with what is in an answer. */
const VERSION = 2;

/**
 * Where the bytes of an image are, layer by layer and all in all. Archives are read by their headers where they are plain tars; of contents only
 * the records of package managers are looked at. The answer is remembered in the store.
 * @throws TareError E_USAGE for a layer that is not there; what reading the image throws
 */
export async function layers(options: LayersOptions): Promise<Dissection> {
  const { image, limit = 0, store } = options;
  requireLayer(image, options.layer);
  if (options.layer !== undefined) return cut(await dissect(options), limit);
  const about = `layers ${VERSION} ${image.descriptor.digest}`;
  const question = { about, source: image.blobs, layers: image.manifest.layers };
  const known = await store.recall(question);
  if (known !== undefined) {
    const answer = { ...(JSON.parse(known) as Dissection), reference: image.reference };
    if (holds(answer, limit)) return cut(answer, limit);
  }
  const found = await dissect(options);
  await store.remember(question, JSON.stringify(cut(found, MAX_REMEMBERED)));
  return cut(found, limit);
}

/** Whether all rows are there that are asked for. */
function holds({ counts, directories, inefficiencies, packages, types }: Dissection, limit: number): boolean {
  const enough = (list: readonly unknown[], all: number): boolean =>
    list.length === all || (limit > 0 && limit <= list.length);
  return (
    enough(inefficiencies, counts.inefficiencies) &&
    enough(directories, counts.directories) &&
    enough(packages, counts.packages) &&
    enough(types, counts.types)
  );
}

function cut(found: Dissection, limit: number): Dissection {
  const first = <T>(list: readonly T[]): readonly T[] => (limit === 0 ? list : list.slice(0, limit));
  return {
    ...found,
    inefficiencies: first(found.inefficiencies),
    directories: first(found.directories),
    packages: first(found.packages),
    types: first(found.types),
    ...(found.changes === undefined ? {} : { changes: first(found.changes) }),
  };
}

async function dissect(options: LayersOptions): Promise<Dissection> {
  const { image, store } = options;
  const counts: LayerCounts[] = [];
  let asked: readonly LayerChange[] | undefined;
  const { content, indexes, tree, verified } = await treeOfImage(image, store, options.ctx.signal, {
    headers: true,
    onLayer: (layer, changes) => {
      const count = { added: 0, changed: 0, removed: 0 };
      for (const { kind } of changes) count[kind] += 1;
      counts.push(count);
      if (layer === options.layer) asked = changes;
    },
  });
  const waste = wasteOf(tree, indexes);
  const dive = createDiveScore();
  for (const { members } of indexes) dive.add(members);
  const { efficiency, wastedBytes: diveWastedBytes } = dive.score();
  const parts = partsOf(tree, await packageDbs(tree, content, { under: [ROOT] }));
  const rows = rowsOf(image, indexes, counts, waste);
  const { fit, steps } = stepsOf(image.config, indexes.length);
  const changes = asked === undefined ? undefined : changedPaths(asked, options.layer as number, indexes, waste);
  const { directories, files, packages, types, unowned } = parts;
  return {
    reference: image.reference,
    digest: image.descriptor.digest,
    size: sizesOf(image, measureTree(tree)),
    files,
    efficiency,
    diveWastedBytes,
    wastedBytes: rows.reduce((sum, { wasted }) => sum + wasted, 0),
    verified,
    history: fit,
    steps,
    layers: rows,
    inefficiencies: waste.inefficiencies,
    directories,
    packages,
    unowned,
    types,
    counts: {
      inefficiencies: waste.inefficiencies.length,
      directories: directories.length,
      packages: packages.length,
      types: types.length,
      ...(changes === undefined ? {} : { changes: changes.length }),
    },
    ...(changes === undefined ? {} : { changes }),
  };
}

function requireLayer({ config, reference }: Image, layer: number | undefined): void {
  const count = config.rootfs.diff_ids.length;
  if (layer === undefined || layer < count) return;
  throw new TareError('E_USAGE', `${reference} has no layer ${layer}: it has ${count}, counted from 0`);
}

function rowsOf(
  image: Image,
  indexes: readonly LayerIndex[],
  counts: readonly LayerCounts[],
  waste: Waste,
): readonly DissectedLayer[] {
  const instructions = instructionsOf(image.config, indexes.length);
  const firstOf = new Map<Digest, number>();
  return indexes.map((index, at) => {
    const layer = image.manifest.layers[at];
    const digest = layer?.digest ?? index.diffId;
    const same = firstOf.get(digest);
    if (same === undefined) firstOf.set(digest, at);
    const createdBy = instructions[at] ?? '';
    return {
      index: at,
      digest,
      diffId: index.diffId,
      mediaType: layer?.mediaType ?? '',
      ...(createdBy === '' ? {} : { createdBy }),
      disk: measureLayer(index).disk,
      wire: layer?.size ?? index.wire,
      entries: index.members.length,
      ...(counts[at] ?? { added: 0, changed: 0, removed: 0 }),
      ...whiteoutsOf(index, at),
      wasted: waste.layers[at] ?? 0,
      ...(same === undefined ? {} : { sameAs: same }),
    };
  });
}

function whiteoutsOf({ members }: LayerIndex, layer: number): Pick<DissectedLayer, 'whiteouts' | 'opaque'> {
  let whiteouts = 0;
  let opaque = 0;
  for (const { path } of members) {
    if (!path.includes('.wh.')) continue;
    const { is } = layerNameOf(cleanPath(path), `layer ${layer}`);
    if (is === 'whiteout') whiteouts += 1;
    if (is === 'opaque') opaque += 1;
  }
  return { whiteouts, opaque };
}

/** The largest first. */
function changedPaths(
  changes: readonly LayerChange[],
  layer: number,
  indexes: readonly LayerIndex[],
  waste: Waste,
): readonly ChangedPath[] {
  const isHidden = hiddenIn(indexes[layer], layer, waste);
  return [...changes]
    .sort((a, b) => b.size - a.size || compareBytes(a.path, b.path))
    .map(({ kind, path, size, type }) => ({
      path: textOfBytes(path),
      kind,
      type,
      size,
      hidden: kind !== 'removed' && isHidden(path),
    }));
}

/** Whether a later layer hides what this one has at a path. */
export function hiddenIn(index: LayerIndex | undefined, layer: number, waste: Waste): (path: TreePath) => boolean {
  const hidden = new Map<string, boolean>();
  for (const { dataOffset, path, size, type } of index?.members ?? [])
    hidden.set(cleanPath(path), type === 'file' && size > 0 && !waste.isVisible(layer, dataOffset));
  return (path) => hidden.get(path) === true;
}
