import { algorithmOf, hexOf, type Digest } from '../base/digest.ts';
import { TareError } from '../base/error.ts';
import { attachedTo } from '../oci/attached-tag.ts';
import { evidenceAnnotations, evidenceOfAnnotations } from '../oci/evidence-annotation.ts';
import { isIndex, isManifest } from '../oci/media-types.ts';
import { selectPlatform } from '../oci/platform.ts';
import type { BlobSource, Descriptor, ImageIndex, Platform } from '../oci/types.ts';
import { parseIndex } from '../oci/validate.ts';
import { attachedByTag } from './attached.ts';
import { givesName } from './blobs.ts';
import { hostPlatform } from './image.ts';
import type { Bundle, Found } from './types.ts';

/** image-spec image-layout.md: a folder, or a tar archive of one. */
export interface LayoutFiles {
  /** For messages: `oci layout /tmp/x`. */
  readonly what: string;
  /** All of a small file, or undefined when it is not there. @throws TareError E_LIMIT beyond `limit` bytes */
  readonly bytes: (path: string, limit: number) => Promise<Uint8Array | undefined>;
  readonly blobs: BlobSource;
}

export const LAYOUT_FILE = 'oci-layout';
export const INDEX_FILE = 'index.json';
export const LAYOUT_CONTENT = '{"imageLayoutVersion":"1.0.0"}';
const REF_NAME = 'org.opencontainers.image.ref.name';
/** The full name, where containerd and docker keep only the tag in the ref name. */
const CONTAINERD_NAME = 'io.containerd.image.name';

/** Some hundred bytes per image: a layout may be a store of thousands. */
export const MAX_INDEX_JSON_BYTES = 64 * 1024 * 1024; // 64 MiB
const MAX_LAYOUT_FILE_BYTES = 4096; // 4 KiB
/** How many names an error message lists. */
const MAX_NAMES_SHOWN = 20;
const BY_DIGEST = /^@(sha(?:256|512):[0-9a-f]+)$/;

export function blobPath(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`;
}

/**
 * The index of a layout.
 * @throws TareError E_LAYOUT when it is no layout, or one of a version to come; E_MANIFEST; E_LIMIT
 */
export async function readLayoutIndex(files: LayoutFiles): Promise<ImageIndex> {
  await checkLayoutFile(files);
  const bytes = await files.bytes(INDEX_FILE, MAX_INDEX_JSON_BYTES);
  if (bytes === undefined) throw new TareError('E_LAYOUT', `${files.what} has no ${INDEX_FILE}`);
  return parseIndex(bytes, { maxBytes: MAX_INDEX_JSON_BYTES });
}

export async function checkLayoutFile(files: Pick<LayoutFiles, 'bytes' | 'what'>): Promise<void> {
  const bytes = await files.bytes(LAYOUT_FILE, MAX_LAYOUT_FILE_BYTES);
  if (bytes === undefined) throw new TareError('E_LAYOUT', `${files.what} has no ${LAYOUT_FILE} file`);
  if (!/^1\.\d+\.\d+$/.test(versionOf(bytes) ?? ''))
    throw new TareError('E_LAYOUT', `${files.what} is not of version 1 of the image layout`);
}

function versionOf(bytes: Uint8Array): string | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (typeof value !== 'object' || value === null || !('imageLayoutVersion' in value)) return undefined;
    return typeof value.imageLayoutVersion === 'string' ? value.imageLayoutVersion : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * The image of that name (or digest, as `@sha256:…`); without a name the only one there is.
 * @param options.platform chooses where tools have written one entry per platform in place of an index
 * @throws TareError as `readLayoutIndex`; E_IMAGE_NOT_FOUND, E_PLATFORM, E_REFERENCE
 */
export async function findInLayout(
  files: LayoutFiles,
  options: { readonly reference: string; readonly name: string | undefined; readonly platform: Platform | undefined },
): Promise<Found> {
  const index = await readLayoutIndex(files);
  const entry = selectEntry(index, files.what, options.name, options.platform ?? hostPlatform());
  return {
    reference: options.reference,
    blobs: files.blobs,
    descriptor: entry,
    evidenceOf: () => Promise.resolve(evidenceOfAnnotations(entry.annotations)),
    attachedTo: (manifest) =>
      attachedByTag(manifest, files.blobs, (tag) =>
        Promise.resolve(index.manifests.filter((item) => refNameOf(item) === tag)),
      ),
  };
}

/**
 * @throws TareError E_IMAGE_NOT_FOUND when there is none of that name; E_REFERENCE when several different ones could be meant. Both list what is there.
 */
function selectEntry(index: ImageIndex, what: string, name: string | undefined, platform: Platform): Descriptor {
  const images = index.manifests.filter(({ mediaType }) => isIndex(mediaType) || isManifest(mediaType));
  const candidates = name === undefined ? withoutAttached(images) : named(images, name);
  const first = candidates[0];
  if (first === undefined) {
    const wanted = name === undefined ? 'no image' : `no image ${JSON.stringify(name)}`;
    throw new TareError('E_IMAGE_NOT_FOUND', `${what} holds ${wanted}; it has ${listed(images)}`, {
      hint: 'name one of those that the message lists',
    });
  }
  if (new Set(candidates.map(({ digest }) => digest)).size === 1) return first;
  // Some tools write one entry per platform, all of the same name, instead of an index.
  const names = new Set(candidates.map(refNameOf));
  if (names.size === 1 && candidates.every((item) => item.platform !== undefined))
    return selectPlatform({ schemaVersion: 2, manifests: candidates }, platform);
  throw new TareError('E_REFERENCE', `${what} holds several images: ${listed(candidates)}`, {
    hint: 'put one of the names behind the path: PATH:NAME, or PATH:@DIGEST',
  });
}

/** Signatures and lists of referrers are not what somebody means who names nothing. */
function withoutAttached(images: readonly Descriptor[]): readonly Descriptor[] {
  const digests = new Set(images.map(({ digest }) => digest));
  return images.filter((item) => {
    const subject = attachedTo(refNameOf(item) ?? '');
    return subject === undefined || !digests.has(subject);
  });
}

function named(images: readonly Descriptor[], name: string): readonly Descriptor[] {
  const digest = BY_DIGEST.exec(name)?.[1];
  if (digest !== undefined) return images.filter((item) => item.digest === digest);
  const byRefName = images.filter((item) => refNameOf(item) === name);
  return byRefName.length > 0 ? byRefName : images.filter((item) => item.annotations?.[CONTAINERD_NAME] === name);
}

export function refNameOf(descriptor: Descriptor): string | undefined {
  return descriptor.annotations?.[REF_NAME];
}

function listed(images: readonly Descriptor[]): string {
  const names = [...new Set(images.map((item) => refNameOf(item) ?? `@${item.digest}`))].sort();
  if (names.length === 0) return 'none';
  const shown = names.slice(0, MAX_NAMES_SHOWN).map((name) => JSON.stringify(name));
  return shown.join(', ') + (names.length > shown.length ? ` and ${names.length - shown.length} more` : '');
}

/** An entry of index.json; the record of reasons goes along as annotations of the image's own descriptor. */
export function layoutEntry(image: Pick<Bundle, 'descriptor' | 'evidence'>, name: string | undefined): Descriptor {
  const annotations = {
    ...(name === undefined ? {} : { [REF_NAME]: name }),
    ...(image.evidence === undefined ? {} : evidenceAnnotations(image.evidence)),
  };
  const { digest, mediaType, size } = image.descriptor;
  return { mediaType, digest, size, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) };
}

/** The entries of a bundle: what has a tag of its own has an entry too. */
export function layoutEntries(bundle: Bundle, name: string | undefined): Descriptor[] {
  const tagged = bundle.documents.flatMap(({ descriptor, tag }) =>
    tag === undefined ? [] : [layoutEntry({ descriptor }, tag)],
  );
  return givesName(bundle) ? [layoutEntry(bundle, name), ...tagged] : tagged;
}

/** @throws TareError E_REFERENCE for a name that other tools could not read back */
export function checkRefName(name: string | undefined): void {
  // image-spec annotations.md, "Pre-Defined Annotation Keys": the grammar of org.opencontainers.image.ref.name.
  if (name === undefined || /^[A-Za-z0-9]+(?:(?:[-._:@/+]|--)[A-Za-z0-9]+)*$/.test(name)) return;
  throw new TareError('E_REFERENCE', `${JSON.stringify(name)} cannot be the name of an image in a layout`, {
    hint: 'use letters and digits with single - . _ : @ / + between them',
  });
}
