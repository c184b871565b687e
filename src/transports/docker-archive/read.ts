import { hexOf, sha256, type Digest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import { bytesOf, type Bytes } from '../../base/streams.ts';
import { encodeManifest } from '../../oci/encode.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../../oci/media-types.ts';
import { MAX_CONFIG_BYTES, parseImageConfig } from '../../oci/parse-config.ts';
import type { BlobPlace, BlobSource, Image, Platform } from '../../oci/types.ts';
import { imageOf } from '../image.ts';
import { layoutTar } from '../layout-tar.ts';
import type { TarFile } from '../tar-file.ts';
import { manifestInside } from './layout-inside.ts';
import { readManifestJson, selectSaved, type SavedImage } from './manifest-json.ts';
import { savedLayer } from './saved-layers.ts';

export interface SavedOptions {
  readonly reference: string;
  readonly name: string | undefined;
  readonly platform: Platform | undefined;
  readonly signal: AbortSignal;
}

/**
 * An image of an archive as `docker save` writes it, old form (config and layer files) or new (an OCI layout as well). In the old form the
 * manifest is made here, with canonical JSON: the same config and layers give the same digest, whoever saved them.
 *
 * @throws TareError E_ARCHIVE, E_MANIFEST, E_DIGEST, E_SIZE, E_IMAGE_NOT_FOUND, E_REFERENCE, E_PLATFORM, E_LIMIT
 */
export async function savedImage(tar: TarFile, options: SavedOptions): Promise<Image> {
  const { platform, reference } = options;
  const saved = selectSaved(await readManifestJson(tar), options.name, tar.what);
  const rawConfig = await readConfig(tar, saved);
  const inside = await manifestInside(tar, sha256(rawConfig));
  if (inside !== undefined) return imageOf({ reference, blobs: layoutTar(tar).blobs, descriptor: inside, platform });
  const { blobs, rawManifest } = await makeManifest(tar, saved, rawConfig, options.signal);
  const descriptor = { mediaType: OCI_MANIFEST, digest: sha256(rawManifest), size: rawManifest.length };
  return imageOf({ reference, blobs, descriptor, platform });
}

/** @throws TareError E_DIGEST when the file is named by a digest that it has not */
async function readConfig(tar: TarFile, saved: SavedImage): Promise<Buffer> {
  const bytes = await tar.bytes(saved.config, MAX_CONFIG_BYTES);
  if (bytes === undefined)
    throw new TareError('E_ARCHIVE', `${tar.what} is incomplete: ${JSON.stringify(saved.config)} is not in it`);
  const named = /^(?:blobs\/sha256\/)?([0-9a-f]{64})(?:\.json)?$/.exec(saved.config)?.[1];
  const actual = sha256(bytes);
  if (named !== undefined && named !== hexOf(actual))
    throw new TareError('E_DIGEST', `${saved.config} in ${tar.what} has the content of ${actual}`);
  return bytes;
}

async function makeManifest(
  tar: TarFile,
  saved: SavedImage,
  rawConfig: Buffer,
  signal: AbortSignal,
): Promise<{ readonly blobs: BlobSource; readonly rawManifest: Uint8Array }> {
  const diffIds = parseImageConfig(rawConfig).rootfs.diff_ids;
  if (diffIds.length !== saved.layers.length) {
    throw new TareError(
      'E_MANIFEST',
      `${tar.what}: manifest.json has ${saved.layers.length} layers, the config ${diffIds.length} diff IDs`,
    );
  }
  const content = new Map<Digest, () => Bytes>();
  const places = new Map<Digest, BlobPlace | undefined>();
  const layers = [];
  for (const [at, diffId] of diffIds.entries()) {
    const { descriptor, slot } = await savedLayer(tar, saved.layers[at] as string, diffId, signal);
    content.set(descriptor.digest, () => tar.read(slot));
    places.set(descriptor.digest, tar.place(slot));
    layers.push(descriptor);
  }
  const config = { mediaType: OCI_CONFIG, digest: sha256(rawConfig), size: rawConfig.length };
  const rawManifest = encodeManifest({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers });
  content.set(config.digest, () => bytesOf(rawConfig));
  content.set(sha256(rawManifest), () => bytesOf(rawManifest));
  return {
    rawManifest,
    blobs: {
      open: ({ digest }) => opened(content.get(digest), digest, tar.what),
      place: ({ digest }) => Promise.resolve(places.get(digest)),
    },
  };
}

async function* opened(open: (() => Bytes) | undefined, digest: Digest, what: string): AsyncGenerator<Uint8Array> {
  if (open === undefined) throw new TareError('E_IMAGE_NOT_FOUND', `${what} does not hold the blob ${digest}`);
  yield* open();
}
