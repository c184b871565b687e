import type { TreePath } from '../../base/path.ts';
import type { Dockerfile, Instruction } from '../../formats/dockerfile/types.ts';
import type { Image } from '../../oci/types.ts';
import { ownerOf, packageDbs } from '../../packages/index.ts';
import type { PackageDb } from '../../packages/types.ts';
import type { Store } from '../../store/types.ts';
import { treeOfImage } from '../../tree/image-tree.ts';
import { globalsOf, stagesOf } from '../facts/stages.ts';
import { isWithin } from '../rules/size/paths.ts';
import { layersOfInstructions } from './history.ts';
import { bytesOfLayers, type LayerBytes } from './layer-bytes.ts';
import { dpkgNeeds, type Needs } from './needed-packages.ts';
import type { LayerFacts } from './types.ts';

export interface Measured {
  readonly layers: ReadonlyMap<Instruction, LayerFacts>;
  /** Names of the variables that the image sets. */
  readonly variables: readonly string[];
}

/**
 * What the image that was built from a file holds for each instruction. The layers of the base image stand for the FROM that names it. No layers at all when
 * the history of the image does not fit the file.
 * @throws TareError as `treeOfImage`
 */
export async function measured(
  file: Dockerfile,
  image: Image,
  {
    signal,
    store,
    target,
  }: { readonly store: Store; readonly signal: AbortSignal; readonly target?: string | undefined },
): Promise<Measured> {
  const variables = (image.config.config?.Env ?? []).map((item) => item.split('=', 1)[0] ?? '');
  const chain = stagesOf(file, globalsOf(file), target).filter(({ shipped }) => shipped);
  const places = layersOfInstructions(chain, image.config);
  if (places.size === 0) return { layers: new Map(), variables };
  const { content, indexes, tree } = await treeOfImage(image, store, signal, { unpack: true });
  const databases = await packageDbs(tree, content, { only: 'system' });
  const needs = await dpkgNeeds(tree, content);
  const bytes = bytesOfLayers(indexes);
  const layers = new Map<Instruction, LayerFacts>();
  for (const [instruction, place] of places)
    layers.set(instruction, layerFacts(place === null ? [] : bytes.slice(place, place + 1), { databases, needs }));
  const first = Math.min(...[...places.values()].filter((place) => place !== null));
  const [base] = chain;
  if (base !== undefined && base.base !== 'scratch')
    layers.set(base.stage.from, layerFacts(bytes.slice(0, first), { databases, needs }));
  return { layers, variables };
}

interface Packages {
  readonly databases: readonly PackageDb[];
  readonly needs: Needs | undefined;
}

function layerFacts(layers: readonly LayerBytes[], { databases, needs }: Packages): LayerFacts {
  const sum = (matches: (path: TreePath) => boolean): number => {
    let bytes = 0;
    for (const { files } of layers) for (const { path, size } of files) if (matches(path)) bytes += size;
    return bytes;
  };
  const ofPackages = (wanted: (name: string) => boolean): number =>
    sum((path) => {
      const owner = ownerOf(databases, path);
      return owner !== undefined && wanted(owner.name);
    });
  const total = (of: (layer: LayerBytes) => number): number => layers.reduce((bytes, layer) => bytes + of(layer), 0);
  return {
    bytesBelow: (paths) => sum((path) => paths.some((folder) => isWithin(folder, path))),
    bytesWhere: sum,
    hidden: total((layer) => layer.hidden),
    repeated: total((layer) => layer.repeated),
    bytesOfPackages: ofPackages,
    bytesOfRecommended: (asked) => {
      const needed = needs?.(asked);
      return needed === undefined ? undefined : ofPackages((name) => !needed.has(name));
    },
  };
}
