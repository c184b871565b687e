import { sha256, type Digest } from '../base/digest.ts';
import { throwIfCancelled } from '../base/context.ts';
import type { Context } from '../base/events.ts';
import { encodeIndex, encodeManifest } from '../oci/encode.ts';
import {
  compressionOf,
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  isImageConfig,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../oci/media-types.ts';
import { MAX_CONFIG_BYTES, parseImageConfig } from '../oci/parse-config.ts';
import type { Descriptor, ImageConfig, ImageIndex, Manifest } from '../oci/types.ts';
import { createChunkSink } from '../pack/chunk-sink.ts';
import type { Compression } from '../pack/compression.ts';
import { sharedCompressor } from '../pack/compressor-for.ts';
import type { ChunkCompressor } from '../pack/compressor.ts';
import { layerMediaType } from '../pack/media-type.ts';
import { createTarAssembler } from '../pack/tar-assembler.ts';
import { tarOfLayer } from '../store/layer-scan.ts';
import type { Store } from '../store/types.ts';
import { withBytes } from '../transports/with-bytes.ts';
import { readBlob } from '../transports/image.ts';
import type { Bundle, BundleDocument } from '../transports/types.ts';

/** The annotation by which BuildKit's attestations say which image of their index they are about. */
const ATTESTED = 'vnd.docker.reference.digest';

interface Tools {
  readonly store: Store;
  readonly ctx: Context;
}

/**
 * The same images with layers in another compression, as documents of OCI's types. Order, history and diff IDs stay; a layer that is compressed so already
 * stays as it is, at whatever level, and a manifest of which all layers stay is left alone. New layers go to the store: whoever calls holds a lease on it.
 * @throws TareError E_DIGEST, E_SIZE, E_COMPRESSION when a layer lies; E_MEDIA_TYPE; E_TOOL_MISSING without the zstd encoder; E_CANCELLED
 */
export async function recompressed(bundle: Bundle, compression: Compression, tools: Tools): Promise<Bundle> {
  const compressor = await sharedCompressor(compression, tools.ctx);
  try {
    const made = new Map<Digest, Descriptor>();
    const renamed = new Map<Digest, BundleDocument>();
    for (const document of bundle.documents) {
      const { content, descriptor } = document;
      const next =
        'manifests' in content
          ? indexOf(content, renamed)
          : await manifestOf(content, { bundle, compression, compressor, made, ...tools });
      renamed.set(descriptor.digest, next === content ? document : encoded(document, next));
    }
    const documents = [...renamed.values()];
    const root = renamed.get(bundle.descriptor.digest)?.descriptor ?? bundle.descriptor;
    return {
      ...bundle,
      descriptor: root,
      documents,
      blobs: withBytes(
        overlaid(bundle, made, tools.store),
        documents.map((item) => [item.descriptor.digest, item.raw]),
      ),
    };
  } finally {
    await compressor.close();
  }
}

/** New layers are in the store, the others where they were. */
function overlaid({ blobs }: Bundle, made: ReadonlyMap<Digest, Descriptor>, store: Store): Bundle['blobs'] {
  const fresh = new Set([...made.values()].map(({ digest }) => digest));
  return { open: (blob) => (fresh.has(blob.digest) ? store.blobs.open(blob) : blobs.open(blob)) };
}

function encoded(document: BundleDocument, content: Manifest | ImageIndex): BundleDocument {
  const raw = 'manifests' in content ? encodeIndex(content) : encodeManifest(content);
  const mediaType = 'manifests' in content ? OCI_INDEX : OCI_MANIFEST;
  return { ...document, content, raw, descriptor: { mediaType, digest: sha256(raw), size: raw.length } };
}

function indexOf(index: ImageIndex, renamed: ReadonlyMap<Digest, BundleDocument>): ImageIndex {
  const digestNow = (digest: string): string => renamed.get(digest as Digest)?.descriptor.digest ?? digest;
  const isSame = index.manifests.every(({ digest }) => digestNow(digest) === digest);
  if (isSame) return index;
  const manifests = index.manifests.map((child): Descriptor => {
    const now = renamed.get(child.digest)?.descriptor;
    const about = child.annotations?.[ATTESTED];
    const annotations =
      about === undefined ? child.annotations : { ...child.annotations, [ATTESTED]: digestNow(about) };
    return { ...child, ...now, ...(annotations === undefined ? {} : { annotations }) };
  });
  return {
    ...index,
    mediaType: index.mediaType === DOCKER_INDEX ? OCI_INDEX : (index.mediaType ?? OCI_INDEX),
    manifests,
  };
}

interface Work extends Tools {
  readonly bundle: Bundle;
  readonly compression: Compression;
  readonly compressor: ChunkCompressor;
  /** Layers by the digest that they had: images of one index share them. */
  readonly made: Map<Digest, Descriptor>;
}

async function manifestOf(manifest: Manifest, work: Work): Promise<Manifest> {
  const { bundle, compression } = work;
  const isOurs = (layer: Descriptor): boolean => isTar(layer) && compressionOf(layer.mediaType) !== compression.kind;
  if (!isImageConfig(manifest.config.mediaType) || !manifest.layers.some(isOurs)) return manifest;
  const config = parseImageConfig(await readBlob(bundle.blobs, manifest.config, MAX_CONFIG_BYTES), { manifest });
  const layers: Descriptor[] = [];
  for (const [index, layer] of manifest.layers.entries())
    layers.push(isOurs(layer) ? await layerOf(layer, diffIdOf(config, index), work) : ociLayer(layer));
  return {
    ...manifest,
    mediaType: manifest.mediaType === DOCKER_MANIFEST ? OCI_MANIFEST : (manifest.mediaType ?? OCI_MANIFEST),
    config: { ...manifest.config, mediaType: OCI_CONFIG },
    layers,
  };
}

/** BuildKit keeps attestations as layers, and foreign layers are elsewhere: neither is ours to pack. */
const isTar = ({ mediaType }: Descriptor): boolean =>
  /^application\/vnd\.(?:oci\.image\.layer\.v1|docker\.image\.rootfs\.diff)\.tar/.test(mediaType);

/** A manifest of OCI's has no layers of Docker's. */
function ociLayer(layer: Descriptor): Descriptor {
  if (!isTar(layer)) return layer;
  return { ...layer, mediaType: layerMediaType({ kind: compressionOf(layer.mediaType) }) };
}

const diffIdOf = (config: ImageConfig, index: number): Digest => config.rootfs.diff_ids[index] as Digest;

/** Unpacked, checked against its diff ID, and compressed chunk by chunk: never as a whole in memory or on disk. */
async function layerOf(layer: Descriptor, diffId: Digest, work: Work): Promise<Descriptor> {
  const { bundle, compression, compressor, ctx, made, store } = work;
  const known = made.get(layer.digest);
  if (known !== undefined) return known;
  const writer = await store.blobs.writer();
  let done = 0;
  try {
    const out = createTarAssembler(createChunkSink(compressor, writer), () => throwIfCancelled(ctx.signal));
    for await (const chunk of tarOfLayer(bundle.blobs.open(layer), layer, diffId, ctx.signal)) {
      done += chunk.length;
      await out.append(chunk);
    }
    await out.finish();
    ctx.onEvent({ kind: 'step.progress', step: 'compress', done, total: done, unit: 'bytes' });
    const blob = await writer.commit();
    const { annotations } = layer;
    const next = {
      mediaType: layerMediaType(compression),
      ...blob,
      ...(annotations === undefined ? {} : { annotations }),
    };
    made.set(layer.digest, next);
    return next;
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
