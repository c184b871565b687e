import { arch } from 'node:os';
import { TareError } from '../base/error.ts';
import { collectBytes, verified } from '../base/streams.ts';
import { isIndex, isManifest, isSchema1 } from '../oci/media-types.ts';
import { MAX_CONFIG_BYTES, parseImageConfig } from '../oci/parse-config.ts';
import { normalisePlatform, platformText, samePlatform, selectPlatform } from '../oci/platform.ts';
import type { BlobSource, Descriptor, Image, ImageConfig, Platform } from '../oci/types.ts';
import { MAX_MANIFEST_BYTES, parseIndex, parseManifest } from '../oci/validate.ts';

/** An index of indexes is allowed; a chain of them is an attack. */
export const MAX_INDEX_DEPTH = 4;

/** The platform of containers on this machine: Linux also where the host is something else. */
export function hostPlatform(): Platform {
  const architecture = arch();
  return normalisePlatform({ os: 'linux', architecture: architecture === 'x64' ? 'amd64' : architecture });
}

/**
 * All of a small blob, verified.
 * @throws TareError E_LIMIT beyond `limit`, before anything is read; E_DIGEST; E_SIZE
 */
export async function readBlob(blobs: BlobSource, descriptor: Descriptor, limit: number): Promise<Buffer> {
  if (descriptor.size > limit)
    throw new TareError('E_LIMIT', `blob ${descriptor.digest} has ${descriptor.size} bytes, at most ${limit} are read`);
  return collectBytes(verified(blobs.open(descriptor), descriptor), limit, `blob ${descriptor.digest}`);
}

/**
 * The image that a descriptor leads to: through indexes to the manifest of one platform, then to its config; all of them verified.
 * Layers are not read.
 *
 * @throws TareError E_PLATFORM with the list of what there is; E_MANIFEST; E_MEDIA_TYPE; E_DIGEST; E_SIZE; E_LIMIT; E_IMAGE_NOT_FOUND for a missing blob
 */
export async function imageOf(options: {
  readonly reference: string;
  readonly blobs: BlobSource;
  readonly descriptor: Descriptor;
  /** Undefined: the host's, where there is a choice. */
  readonly platform: Platform | undefined;
  readonly evidence?: Descriptor | undefined;
}): Promise<Image> {
  const { blobs, evidence, reference } = options;
  const found = await manifestDescriptor(options);
  const rawManifest = await readBlob(blobs, found, MAX_MANIFEST_BYTES);
  const manifest = parseManifest(rawManifest, { mediaType: found.mediaType });
  const rawConfig = await readBlob(blobs, manifest.config, MAX_CONFIG_BYTES);
  const config = parseImageConfig(rawConfig, { manifest });
  checkPlatform(reference, config, options.platform);
  return {
    reference,
    descriptor: { mediaType: found.mediaType, digest: found.digest, size: found.size },
    manifest,
    config,
    raw: { manifest: rawManifest, config: rawConfig },
    blobs,
    ...(evidence === undefined ? {} : { evidence }),
  };
}

async function manifestDescriptor(options: {
  readonly reference: string;
  readonly blobs: BlobSource;
  readonly descriptor: Descriptor;
  readonly platform: Platform | undefined;
}): Promise<Descriptor> {
  const { blobs, reference } = options;
  const wanted = options.platform ?? hostPlatform();
  let { descriptor } = options;
  for (let depth = 0; isIndex(descriptor.mediaType); depth += 1) {
    if (depth === MAX_INDEX_DEPTH)
      throw new TareError('E_LIMIT', `${reference}: more than ${MAX_INDEX_DEPTH} indexes inside each other`);
    const bytes = await readBlob(blobs, descriptor, MAX_MANIFEST_BYTES);
    descriptor = selectPlatform(parseIndex(bytes, { mediaType: descriptor.mediaType }), wanted);
  }
  if (!isManifest(descriptor.mediaType)) {
    throw new TareError(
      'E_MEDIA_TYPE',
      `${reference} is not an image that can be read: its media type is ${JSON.stringify(descriptor.mediaType)}`,
      isSchema1(descriptor.mediaType)
        ? { hint: "Docker's schema 1 names no diff IDs: convert it, `skopeo copy --format oci SOURCE oci:DIR:TAG`" }
        : {},
    );
  }
  return descriptor;
}

/** An image without an index is of one platform; asking for another is an error, asking for none takes what is there. */
function checkPlatform(reference: string, config: ImageConfig, wanted: Platform | undefined): void {
  if (wanted === undefined) return;
  const own = normalisePlatform({
    os: config.os,
    architecture: config.architecture,
    ...(config.variant === undefined ? {} : { variant: config.variant }),
  });
  if (samePlatform(own, wanted)) return;
  throw new TareError('E_PLATFORM', `${reference} offers ${platformText(own)}, not ${platformText(wanted)}`);
}
