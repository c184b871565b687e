import { isDigest, type Digest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import { collectBytes, verified } from '../../base/streams.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../../oci/media-types.ts';
import { MAX_CONFIG_BYTES, parseImageConfig } from '../../oci/parse-config.ts';
import type { Descriptor, History, Image, ImageConfig } from '../../oci/types.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from '../../oci/validate.ts';
import { storeImage } from '../../pack/store-image.ts';
import type { Store } from '../../store/types.ts';
import { imageOf } from '../../transports/image.ts';
import type { BuildGraph } from '../types.ts';

/** moby/buildkit v0.29, exporter/containerimage/exptypes. */
const DIGEST_KEY = 'containerimage.digest';

interface Result {
  readonly layers: readonly { readonly descriptor: Descriptor; readonly diffId: Digest }[];
  readonly history: readonly History[];
}

/**
 * The image of a graph from what a daemon has written into the store: its layers, and the graph's config. BuildKit has counted the history against the
 * layers (exporter/containerimage/writer.go, `normalizeLayersAndHistory`); what it found is taken over, and its times are not.
 * @throws TareError E_ENGINE when the daemon did not write what it says
 */
export async function imageOfResult(
  response: Readonly<Record<string, string>>,
  graph: BuildGraph,
  store: Store,
): Promise<Image> {
  const { history, layers } = await resultOf(response[DIGEST_KEY] ?? '', store);
  return storeResult(graph, { layers, history }, store);
}

/** The image of a graph whose file system is empty. */
export function emptyImage(graph: BuildGraph, store: Store): Promise<Image> {
  const history = (graph.config.history ?? []).map((row) => ({ ...row, empty_layer: true }));
  return storeResult(graph, { layers: [], history }, store);
}

async function storeResult(graph: BuildGraph, { history, layers }: Result, store: Store): Promise<Image> {
  const config: ImageConfig = {
    ...graph.config,
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    ...(history.length === 0 ? {} : { history: counted(graph.config.history ?? [], history) }),
  };
  const { descriptor } = await storeImage({ store, config, layers });
  const { platform: _platform, ...plain } = descriptor;
  return imageOf({ reference: descriptor.digest, blobs: store.blobs, descriptor: plain, platform: undefined });
}

/** Our rows, with the daemon's word on which of them made a layer; rows that it added are for layers that we have no row for. */
function counted(own: readonly History[], found: readonly History[]): History[] {
  return found.map((row, index) => {
    const { empty_layer: _ours, ...rest } = own[index] ?? withoutTime(row);
    return row.empty_layer === true ? { ...rest, empty_layer: true } : rest;
  });
}

function withoutTime({ created: _created, ...row }: History): History {
  return row;
}

async function resultOf(digest: string, store: Store): Promise<Result> {
  const size = isDigest(digest) ? await store.blobs.size(digest) : undefined;
  if (!isDigest(digest) || size === undefined)
    throw new TareError('E_ENGINE', 'the BuildKit daemon says that it is done, but has sent no image');
  const read = async (descriptor: Descriptor, limit: number): Promise<Buffer> =>
    collectBytes(verified(store.blobs.open(descriptor), descriptor), limit, `blob ${descriptor.digest}`);
  const manifest = parseManifest(await read({ mediaType: OCI_MANIFEST, digest, size }, MAX_MANIFEST_BYTES));
  const config = parseImageConfig(await read({ ...manifest.config, mediaType: OCI_CONFIG }, MAX_CONFIG_BYTES), {
    manifest,
  });
  const layers: Result['layers'][number][] = [];
  for (const [index, layer] of manifest.layers.entries()) {
    const found = await store.blobs.size(layer.digest);
    if (found !== layer.size)
      throw new TareError('E_ENGINE', `the BuildKit daemon has not sent all of its image: ${layer.digest} is missing`);
    const { digest: layerDigest, mediaType, size: layerSize } = layer;
    layers.push({
      descriptor: { mediaType, digest: layerDigest, size: layerSize },
      diffId: config.rootfs.diff_ids[index] as Digest,
    });
  }
  return { layers, history: config.history ?? [] };
}
