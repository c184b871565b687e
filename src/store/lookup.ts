import { hexOf, isDigest, type Digest } from '../base/digest.ts';
import { TareError } from '../base/error.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../oci/media-types.ts';
import type { ImageIndex, Manifest } from '../oci/types.ts';
import { MAX_MANIFEST_BYTES, parseIndex, parseManifest } from '../oci/validate.ts';
import { normalisedName } from './names.ts';
import { readDocumentBytes } from './reachable.ts';
import { closest } from './similar.ts';
import type { BlobStore, Store, TaggedImage } from './types.ts';

/** Short hex is likelier to be a mistyped name. */
const MIN_PREFIX_DIGITS = 7;
const MAX_LISTED = 10;

/**
 * The image of the store that a user means by `NAME`, `NAME:TAG`, `NAME[:TAG]@DIGEST`, `DIGEST`, or the first hex digits of a digest (at least 7,
 * with or without `sha256:`). A name wins over a prefix. An image that has no name is found by its whole digest; its `name` is that digest then.
 * @throws TareError E_IMAGE_NOT_FOUND, which lists what comes near, or what an ambiguous prefix may mean
 */
export async function findImage(store: Store, text: string): Promise<TaggedImage> {
  const images = await store.images();
  const exact = images.find((image) => image.name === text);
  if (exact !== undefined) return exact;
  if (isDigest(text)) return byDigest(images, text) ?? (await unnamed(store.blobs, text)) ?? missing(images, text);
  if (text.includes('@')) return byNameAndDigest(images, text) ?? missing(images, text);
  const name = normalisedName(text);
  const named = images.find((image) => image.name === name);
  return named ?? byPrefix(images, text) ?? missing(images, text);
}

/** Of several names for one digest, one with a record of reasons is better. */
function byDigest(images: readonly TaggedImage[], digest: Digest): TaggedImage | undefined {
  const same = images.filter((image) => image.descriptor.digest === digest);
  return same.find((image) => image.evidence !== undefined) ?? same[0];
}

function byNameAndDigest(images: readonly TaggedImage[], text: string): TaggedImage | undefined {
  const at = text.indexOf('@');
  const written = text.slice(0, at);
  const digest = text.slice(at + 1);
  const same = images.filter((image) => image.descriptor.digest === digest);
  const hasTag = written.includes(':', written.lastIndexOf('/') + 1);
  if (hasTag) return same.find((image) => image.name === written);
  return same.find((image) => image.name.slice(0, image.name.lastIndexOf(':')) === written);
}

function byPrefix(images: readonly TaggedImage[], text: string): TaggedImage | undefined {
  const hex = text.replace(/^sha(?:256|512):/, '');
  if (hex.length < MIN_PREFIX_DIGITS || !/^[0-9a-f]+$/.test(hex)) return undefined;
  const digests = [...new Set(images.map((image) => image.descriptor.digest))].filter((digest) =>
    (hex === text ? hexOf(digest) : digest).startsWith(text),
  );
  if (digests.length > 1) {
    const names = images.filter((image) => digests.includes(image.descriptor.digest));
    const listed = names.slice(0, MAX_LISTED).map((image) => `${image.name} (${image.descriptor.digest})`);
    throw new TareError('E_IMAGE_NOT_FOUND', `${text} may mean ${digests.length} images: ${listed.join(', ')}`, {
      hint: 'write more digits, or the name',
    });
  }
  return digests[0] === undefined ? undefined : byDigest(images, digests[0]);
}

/** A manifest or index that is in the store without a name: an image that has just been made, or one platform of a tagged index. */
async function unnamed(blobs: BlobStore, digest: Digest): Promise<TaggedImage | undefined> {
  const size = await blobs.size(digest);
  if (size === undefined || size > MAX_MANIFEST_BYTES) return undefined;
  const bytes = await readDocumentBytes({ digest, size }, blobs);
  const mediaType = mediaTypeOf(bytes, parseManifest, OCI_MANIFEST) ?? mediaTypeOf(bytes, parseIndex, OCI_INDEX);
  return mediaType === undefined ? undefined : { name: digest, descriptor: { mediaType, digest, size } };
}

function mediaTypeOf(
  bytes: Uint8Array,
  parse: (bytes: Uint8Array) => Manifest | ImageIndex,
  fallback: string,
): string | undefined {
  try {
    return parse(bytes).mediaType ?? fallback;
  } catch (error) {
    if (error instanceof TareError) return undefined;
    throw error;
  }
}

function missing(images: readonly TaggedImage[], text: string): never {
  const name = normalisedName(text) ?? text;
  const near = closest(
    name,
    images.map((image) => image.name),
  );
  const shown = JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
  throw new TareError(
    'E_IMAGE_NOT_FOUND',
    `the store holds no image ${shown}`,
    near.length === 0 ? {} : { hint: `did you mean ${near.join(' or ')}? \`tare images\` lists all` },
  );
}
