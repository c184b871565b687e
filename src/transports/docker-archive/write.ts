import { hexOf, sha256, type Digest } from '../../base/digest.ts';
import { compareBytes } from '../../base/path.ts';
import { canonicalJson } from '../../base/json.ts';
import type { Bytes } from '../../base/streams.ts';
import { decompress as gunzip } from '../../formats/gzip/index.ts';
import { writeTar, type TarInput } from '../../formats/tar/index.ts';
import { decompress as unzstd } from '../../formats/zstd/index.ts';
import { encodeManifest } from '../../oci/encode.ts';
import { compressionOf, OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../../oci/media-types.ts';
import type { Descriptor, Image } from '../../oci/types.ts';
import { transfer } from '../blobs.ts';
import { fileEntry } from '../tar-entry.ts';
import type { TransportTools } from '../types.ts';
import { MANIFEST_JSON } from './manifest-json.ts';

/** An archive that `docker load`, `podman load` and skopeo read: uncompressed layers, the config under its digest, manifest.json. */
export interface SavedArchive {
  readonly bytes: Bytes;
  /** Of the manifest that `savedImage` gives this archive: the layers are uncompressed, so it is another one than the image's own. */
  readonly digest: Digest;
  /** Layers and config, in bytes, and how many of them there are. */
  readonly contentBytes: number;
  readonly blobs: number;
}

/**
 * The same image and names give the same bytes. The layers are decompressed and checked against their diff IDs on the way.
 * @throws TareError what `layerIndex` of the store throws; from `bytes`: E_DIGEST, E_SIZE, E_COMPRESSION, E_CANCELLED
 */
export async function savedArchive(
  image: Image,
  repoTags: readonly string[],
  { ctx, store }: TransportTools,
): Promise<SavedArchive> {
  const config = { mediaType: OCI_CONFIG, digest: sha256(image.raw.config), size: image.raw.config.length };
  const layers: { readonly from: Descriptor; readonly to: Descriptor }[] = [];
  for (const [at, from] of image.manifest.layers.entries()) {
    const digest = image.config.rootfs.diff_ids[at] as Digest;
    // A tar header tells the size before the content comes.
    const { disk: size } = await store.layerIndex(image.blobs, from, digest, ctx.signal);
    layers.push({ from, to: { mediaType: OCI_LAYER, digest, size } });
  }
  const distinct = [...new Map(layers.map((layer) => [layer.to.digest, layer])).values()];
  const configPath = `${hexOf(config.digest)}.json`;
  const manifestJson = Buffer.from(
    canonicalJson([{ Config: configPath, Layers: layers.map(({ to }) => layerPath(to)), RepoTags: repoTags }]),
  );
  const entries: TarInput[] = [
    ...distinct.map(({ from, to }) =>
      fileEntry(layerPath(to), to.size, transfer(uncompressed(image.blobs.open(from), from), to, ctx)),
    ),
    fileEntry(configPath, config.size, image.raw.config),
    fileEntry(MANIFEST_JSON, manifestJson.length, manifestJson),
  ].sort((a, b) => compareBytes(a.header.path, b.header.path));
  const manifest = encodeManifest({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config,
    layers: layers.map(({ to }) => to),
  });
  return {
    bytes: writeTar(entries),
    digest: sha256(manifest),
    contentBytes: distinct.reduce((total, { to }) => total + to.size, config.size),
    blobs: distinct.length + 1,
  };
}

function layerPath(layer: Descriptor): string {
  return `${hexOf(layer.digest)}.tar`;
}

/** Nothing is checked here but the format: the diff ID decides. */
function uncompressed(source: Bytes, layer: Descriptor): Bytes {
  switch (compressionOf(layer.mediaType)) {
    case 'gzip':
      return gunzip(source);
    case 'zstd':
      return unzstd(source);
    default:
      return source;
  }
}
