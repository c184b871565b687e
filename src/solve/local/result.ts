import { sha256, type Digest } from '../../base/digest.ts';
import { chainIds } from '../../oci/chain-ids.ts';
import type { Image } from '../../oci/types.ts';
import type { LayerIndex, Store } from '../../store/types.ts';
import { contentReader } from '../../tree/content.ts';
import { treeOfImage, type ImageTree } from '../../tree/image-tree.ts';
import { treeOfLayers } from '../../tree/layers.ts';
import { createTree } from '../../tree/memory.ts';
import type { ContentReader, Entry, Tree } from '../../tree/types.ts';
import type { IgnoreRule } from '../../formats/ignorefile/index.ts';
import { descriptorOf, type LayerFolder, type StepLayer } from './layers.ts';

/** The file system that a vertex gives. */
export interface FileSystem {
  readonly tree: Tree;
  readonly content: ContentReader;
  /** Of each file among the entries, hex. Reads what is not known yet. */
  readonly digestsOf: (entries: readonly Entry[]) => Promise<(entry: Entry) => string>;
  /** The line of an ignore file that hides a path, whether something is there or not. */
  readonly hiddenBy?: (path: Entry['path']) => IgnoreRule | undefined;
}

/** What became of a vertex that has layers: `null` for a step that changed nothing. */
export interface Layered {
  readonly kind: 'layers';
  readonly base: Image | undefined;
  readonly steps: readonly (StepLayer | null)[];
}

/** What is only there to be copied from: a folder, a download. `id`: equal for equal content; absent: ask for digests. */
export interface Loose {
  readonly kind: 'loose';
  readonly files: FileSystem;
}

export type Result = Layered | Loose;

export const EMPTY: Layered = { kind: 'layers', base: undefined, steps: [] };

/** Equal for equal file systems: what keys of steps that lie on it are made of. */
export function identityOf({ base, steps }: Layered): Digest {
  const diffIds = [...(base?.config.rootfs.diff_ids ?? []), ...steps.flatMap((step) => step?.diffId ?? [])];
  return chainIds(diffIds).at(-1) ?? sha256('');
}

/** What `identityOf` says of the result up to each of its steps. */
export function identitiesOf({ base, steps }: Layered): readonly (Digest | undefined)[] {
  const below = base?.config.rootfs.diff_ids ?? [];
  const chain = chainIds([...below, ...steps.flatMap((step) => step?.diffId ?? [])]);
  let at = below.length - 1;
  return steps.map((step) => chain[step === null ? at : ++at]);
}

/** File systems of results, each made once, when it is asked for. @param options.unpack contents will be read */
export function fileSystems(
  store: Store,
  layers: Pick<LayerFolder, 'source'>,
  signal: AbortSignal,
  { unpack }: { readonly unpack: boolean } = { unpack: true },
): (result: Result) => Promise<FileSystem> {
  const known = new Map<Digest, Promise<FileSystem>>();
  const bases = new Map<Digest, Promise<ImageTree>>();
  const treeOfBase = (base: Image): Promise<ImageTree> => {
    const { digest } = base.descriptor;
    const tree = bases.get(digest) ?? treeOfImage(base, store, signal, { unpack });
    bases.set(digest, tree);
    return tree;
  };
  const make = async ({ base, steps }: Layered): Promise<FileSystem> => {
    const below = base === undefined ? undefined : await treeOfBase(base);
    const fresh = steps.filter((step) => step !== null);
    const indexes = await Promise.all(
      fresh.map((step) => store.layerIndex(layers.source, descriptorOf(step), step.diffId, signal)),
    );
    const layerTar = async (diffId: Digest): Promise<string> => {
      const own = fresh.find((step) => step.diffId === diffId);
      if (own === undefined && below !== undefined) return below.layerTar(diffId);
      if (own === undefined) throw new Error(`no step gave the layer ${diffId}`);
      return store.layerTar(layers.source, descriptorOf(own), diffId, signal);
    };
    const all = [...(below?.indexes ?? []), ...indexes];
    return {
      tree: treeOf(all, below),
      content: contentReader({ layerTar }),
      // The index of a layer knows them all.
      digestsOf: () => Promise.resolve((entry) => entry.sha256 ?? ''),
    };
  };
  const treeOf = (all: readonly LayerIndex[], below: ImageTree | undefined): Tree => {
    if (all.length === 0) return createTree([]);
    return all.length === below?.indexes.length ? below.tree : treeOfLayers(all);
  };
  return (result) => {
    if (result.kind === 'loose') return Promise.resolve(result.files);
    const id = identityOf(result);
    let files = known.get(id);
    if (files === undefined) {
      files = make(result);
      known.set(id, files);
    }
    return files;
  };
}
