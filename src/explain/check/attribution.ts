import { compareBytes, parentOf, ROOT, textOfBytes, type TreePath } from '../../base/path.ts';
import { ownerOf } from '../../packages/index.ts';
import type { PackageDb } from '../../packages/types.ts';
import type { Tree } from '../../tree/types.ts';
import type { DiffPath, ImageDiff } from '../diff/types.ts';
import type { DissectedLayer } from '../layers/types.ts';
import { MAX_EVIDENCE, type Evidence, type Facts, type Holding } from './types.ts';

/** Parts of the path of the folder that stands for what no package owns: `/usr/lib`. */
const FOLDER_DEPTH = 2;

interface Sum {
  readonly package?: string;
  readonly path?: string;
  bytes: number;
  readonly layers: Map<number, number>;
}

/** Who holds the bytes of a tree, by package, else by folder; the largest first. */
export function holdingsOf(tree: Tree, databases: readonly PackageDb[]): readonly Holding[] {
  const sums = new Map<string, Sum>();
  for (const entry of tree.walk()) {
    if (entry.type !== 'file' || entry.size === 0) continue;
    const owner = ownerOf(databases, entry.path);
    const owned = owner === undefined ? undefined : `${owner.manager} ${owner.name} ${owner.version}`.trimEnd();
    add(sums, owned, owned === undefined ? folderOf(entry.path) : '', entry.size, entry.layer);
  }
  return sorted(sums);
}

function add(sums: Map<string, Sum>, owned: string | undefined, path: string, bytes: number, layer?: number): void {
  const key = owned ?? path;
  let sum = sums.get(key);
  if (sum === undefined) {
    sum = { ...(owned === undefined ? { path } : { package: owned }), bytes: 0, layers: new Map() };
    sums.set(key, sum);
  }
  sum.bytes += bytes;
  if (layer !== undefined && bytes > 0) sum.layers.set(layer, (sum.layers.get(layer) ?? 0) + bytes);
}

const sorted = (sums: ReadonlyMap<string, Sum>): readonly Sum[] =>
  [...sums].sort(([one, a], [two, b]) => b.bytes - a.bytes || compareBytes(one, two)).map(([, sum]) => sum);

function folderOf(path: TreePath): string {
  const folder = textOfBytes(parentOf(path));
  return (
    folder
      .split('/')
      .slice(0, FOLDER_DEPTH + 1)
      .join('/') || ROOT
  );
}

/** The layer that has the most of it. */
const mainLayer = (layers: ReadonlyMap<number, number>): number | undefined =>
  [...layers].sort(([one, a], [two, b]) => b - a || one - two)[0]?.[0];

export function instructionOfLayer(facts: Facts, layer: number): Pick<Evidence, 'instruction'> {
  const instruction = facts.dissection.layers[layer]?.createdBy;
  return instruction === undefined ? {} : { instruction };
}

function evidenceOf(facts: Facts, { bytes, layers, ...who }: Holding): Evidence {
  const layer = mainLayer(layers);
  const { package: owned, path } = who;
  return {
    ...(owned === undefined ? {} : { package: owned }),
    ...(path === undefined ? {} : { path }),
    bytes,
    ...(layer === undefined ? {} : { layer, ...instructionOfLayer(facts, layer) }),
  };
}

export function largestHoldings(facts: Facts): readonly Evidence[] {
  return facts.holdings.slice(0, MAX_EVIDENCE).map((holding) => evidenceOf(facts, holding));
}

export function holdingOf(facts: Facts, owned: string): Evidence | undefined {
  const found = facts.holdings.find((holding) => holding.package === owned);
  return found === undefined ? undefined : evidenceOf(facts, found);
}

export function largestLayers(
  facts: Facts,
  bytesOf: (layer: DissectedLayer) => number,
  first: 'largest' | 'smallest' = 'largest',
): readonly Evidence[] {
  const turn = first === 'largest' ? 1 : -1;
  return [...facts.dissection.layers]
    .sort((a, b) => turn * (bytesOf(b) - bytesOf(a)) || a.index - b.index)
    .map((layer) => ({ layer: layer.index, bytes: bytesOf(layer), ...instructionOfLayer(facts, layer.index) }));
}

/** Whose a path is, and which layer has it. */
export function ownerAndLayer(facts: Facts, path: string): Evidence {
  const owned = facts.ownerOf(path);
  const layer = facts.layerOf(path);
  return {
    ...(owned === undefined ? {} : { package: owned }),
    ...(layer === undefined ? {} : { layer, ...instructionOfLayer(facts, layer) }),
  };
}

/** The packages, and the folders of what no package owns, that grew the most; with the layer that brought most of what is new. */
export function grownParts(facts: Facts, diff: ImageDiff): readonly Evidence[] {
  const brought = new Map<string, Sum>();
  const folders = new Map<string, number>();
  const see = ({ layer, package: owner, path }: DiffPath, now: number, growth: number): void => {
    const folder = owner === undefined ? folderOf(path as TreePath) : '';
    const key = owner ?? folder;
    add(brought, owner === undefined ? undefined : key, folder, now, layer);
    if (owner === undefined) folders.set(folder, (folders.get(folder) ?? 0) + growth);
  };
  for (const path of diff.added) see(path, path.size, path.size);
  for (const path of diff.changed) see(path, path.growth > 0 ? path.size : 0, path.growth);
  for (const path of diff.removed) see(path, 0, -path.size);
  const owned = diff.packageSizes.flatMap(({ after, delta, manager, name }) =>
    manager === null || name === null
      ? []
      : [{ key: name, package: `${manager} ${name}`, bytes: after, delta, ...versionsOf(diff, manager, name) }],
  );
  const loose = [...folders].map(([path, delta]) => ({ key: path, path, delta }));
  return [...owned, ...loose]
    .filter(({ delta }) => delta > 0)
    .sort((a, b) => b.delta - a.delta || compareBytes(a.key, b.key))
    .slice(0, MAX_EVIDENCE)
    .map(({ key, ...part }) => {
      const layer = mainLayer(brought.get(key)?.layers ?? new Map());
      return { ...part, ...(layer === undefined ? {} : { layer, ...instructionOfLayer(facts, layer) }) };
    });
}

/** `new: 3.0.1`, or `2.9.0 → 3.0.1`. */
function versionsOf({ packages }: ImageDiff, manager: string, name: string): Pick<Evidence, 'note'> {
  const isMeant = (each: { readonly manager: string; readonly name: string }): boolean =>
    each.manager === manager && each.name === name;
  const changed = packages.changed.find(isMeant);
  if (changed !== undefined) return { note: `${changed.from} → ${changed.to}` };
  const added = packages.added.find(isMeant);
  return added === undefined ? {} : { note: `new: ${added.version}` };
}

/** Layers that the other image does not have, the largest first. */
export function grownLayers({ layers }: ImageDiff): readonly Evidence[] {
  return [...layers.onlyAfter]
    .sort((a, b) => b.wire - a.wire || a.index - b.index)
    .map(({ createdBy, index, wire }) => ({
      layer: index,
      bytes: wire,
      ...(createdBy === undefined ? {} : { instruction: createdBy }),
      note: 'not in the base',
    }));
}
