import { mapLimit } from '../base/concurrency.ts';
import { throwIfCancelled } from '../base/context.ts';
import type { Digest } from '../base/digest.ts';
import { TareError } from '../base/error.ts';
import { keptBytesOf } from '../formats/tar/index.ts';
import type { BlobPlace, Image } from '../oci/types.ts';
import type { LayerIndex, Store } from '../store/types.ts';
import { contentReader } from './content.ts';
import { treeOfLayers, treesOfLayers, type LayersOptions } from './layers.ts';
import type { ContentReader, Tree } from './types.ts';

/** Each layer is decompressed in one thread of the pool and hashed and parsed in this one: more would only wait for each other. */
const LAYERS_AT_ONCE = 2;
/** Of those that are read by their headers: while one is waited for another is parsed. */
const HEADERS_AT_ONCE = 4;
/** Of all layers together, each layer having limits of its own: the indexes are in memory at the same time. */
const MAX_MEMBERS = 2_000_000;
const MAX_KEPT_BYTES = 256 * 1024 ** 2; // 256 MiB

export interface ImageTree {
  readonly tree: Tree;
  readonly content: ContentReader;
  /** The host file with the uncompressed tar of a layer. */
  readonly layerTar: (diffId: Digest) => Promise<string>;
  /** One for each layer, base first. */
  readonly indexes: readonly LayerIndex[];
  /** False when a layer was read by its headers alone. */
  readonly verified: boolean;
}

export interface TreeOptions {
  /** Content will be read: layers that are seen for the first time are unpacked by the pass that makes their index. */
  readonly unpack?: boolean;
  /** Plain layers of the host are read by their headers alone: see `Store.layerHeaders`. */
  readonly headers?: boolean;
  /** See `treeOfLayers`. */
  readonly onLayer?: LayersOptions['onLayer'];
}

/**
 * The file system of an image. The first time that a layer is seen it is decompressed and verified, later its index is read; its tar is
 * unpacked into the store's cache only when content is asked for.
 *
 * @throws TareError E_MANIFEST when layers and diff IDs do not pair up; E_LIMIT when the layers hold too much together; E_CANCELLED; what `Store.layerIndex` and `treeOfLayers` throw
 */
export async function treeOfImage(
  image: Image,
  store: Store,
  signal?: AbortSignal,
  { headers = false, onLayer, unpack = false }: TreeOptions = {},
): Promise<ImageTree> {
  const read = await readLayers(image, { store, signal, headers, unpack });
  return { ...read, tree: treeOfLayers(read.indexes, onLayer === undefined ? {} : { onLayer }) };
}

/**
 * The same of two images, with `headers`. A layer of both is read once; what nothing above the layers at their common bottom touches is the same object in
 * both trees.
 * @throws TareError as `treeOfImage`
 */
export async function treesOfImages(
  [a, b]: readonly [Image, Image],
  store: Store,
  signal?: AbortSignal,
): Promise<readonly [ImageTree, ImageTree]> {
  const options = { store, signal, headers: true, unpack: false };
  const one = await readLayers(a, options);
  const two = await readLayers(b, { ...options, known: one });
  const trees = treesOfLayers(one.indexes, two.indexes);
  return [
    { ...one, tree: trees[0] },
    { ...two, tree: trees[1] },
  ];
}

interface ReadOptions {
  readonly store: Store;
  readonly signal: AbortSignal | undefined;
  readonly headers: boolean;
  readonly unpack: boolean;
  /** Layers that were read for another image. */
  readonly known?: Layers;
}

/** What is known of the layers of an image before they are put together. */
interface Layers extends Omit<ImageTree, 'tree'> {
  readonly found: ReadonlyMap<string, FoundLayer>;
}

type FoundLayer = Awaited<ReturnType<Store['layerHeaders']>>;

async function readLayers(image: Image, options: ReadOptions): Promise<Layers> {
  const { headers, known, signal, store, unpack } = options;
  const { layers } = image.manifest;
  const diffIds = image.config.rootfs.diff_ids;
  if (layers.length !== diffIds.length) {
    throw new TareError(
      'E_MANIFEST',
      `${image.reference} has ${layers.length} layers, but its config lists ${diffIds.length} diff IDs`,
    );
  }
  let members = 0;
  let keptBytes = 0;
  let verified = true;
  const places = new Map<Digest, BlobPlace>();
  const all = new Map<string, FoundLayer>();
  const indexes = await mapLimit(layers, headers ? HEADERS_AT_ONCE : LAYERS_AT_ONCE, async (layer, number) => {
    if (signal !== undefined) throwIfCancelled(signal);
    const diffId = diffIds[number] as Digest;
    const key = `${layer.digest} ${layer.size} ${diffId}`;
    const found: FoundLayer =
      known?.found.get(key) ??
      (headers
        ? await store.layerHeaders(image.blobs, layer, diffId, signal)
        : { index: await store.layerIndex(image.blobs, layer, diffId, signal, unpack), verified: true });
    all.set(key, found);
    const { index, place } = found;
    if (place !== undefined) places.set(diffId, place);
    verified &&= found.verified;
    members += index.members.length;
    for (const member of index.members) keptBytes += keptBytesOf(member);
    if (members > MAX_MEMBERS || keptBytes > MAX_KEPT_BYTES) {
      throw new TareError(
        'E_LIMIT',
        `the layers of ${image.reference} hold more than ${MAX_MEMBERS} members, or ${MAX_KEPT_BYTES} bytes of names and attributes`,
      );
    }
    return index;
  });
  const layerTar = async (diffId: Digest): Promise<string> => {
    const layer = layers[diffIds.indexOf(diffId)];
    if (layer === undefined) throw new Error(`no layer of ${image.reference} has the diff ID ${diffId}`);
    return store.layerTar(image.blobs, layer, diffId, signal);
  };
  return {
    content: contentReader({ layerTar: async (diffId) => places.get(diffId) ?? layerTar(diffId) }),
    layerTar,
    indexes,
    verified,
    found: all,
  };
}
