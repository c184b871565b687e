import { createContext } from '../base/context.ts';
import type { Digest } from '../base/digest.ts';
import { TareError } from '../base/error.ts';
import { compareBytes } from '../base/path.ts';
import { collectBytes, verified } from '../base/streams.ts';
import { attachedTo } from '../oci/attached-tag.ts';
import { isIndex } from '../oci/media-types.ts';
import { MAX_CONFIG_BYTES, parseImageConfig } from '../oci/parse-config.ts';
import { normalisePlatform } from '../oci/platform.ts';
import { parseImageName } from '../oci/reference.ts';
import type { Descriptor, ImageConfig, Manifest, Platform } from '../oci/types.ts';
import { findImage } from '../store/lookup.ts';
import { readDocument } from '../store/reachable.ts';
import type { Pruned, Store, TaggedImage } from '../store/types.ts';
import { openImage } from '../transports/index.ts';
import { transportOf } from '../transports/route.ts';
import { treeOfImage } from '../tree/image-tree.ts';
import { measureTree } from '../tree/measure.ts';

export interface StoredImage {
  readonly reference: string;
  /** Of the manifest or index. */
  readonly digest: Digest;
  /** Null for an index of several platforms, and for an image that cannot be read. */
  readonly platform: Platform | null;
  /** Bytes: layers as they are stored; file content, null unless it was asked for. Over all platforms for an index. */
  readonly size: { readonly wire: number; readonly disk: number | null };
  readonly created: string | null;
  readonly layers: number;
  /** Why the image cannot be used. */
  readonly problem?: string;
}

export interface ImagesOptions {
  readonly store: Store;
  /** Tell sizes on disk too: the indexes of all layers are read, and made where there is none yet. */
  readonly disk?: boolean;
  readonly signal?: AbortSignal;
}

/** Every name of the store but those of what refers to an image, in byte order. A damaged image is listed with its problem. @throws TareError E_CANCELLED */
export async function images(options: ImagesOptions): Promise<StoredImage[]> {
  const listed: StoredImage[] = [];
  for (const image of await options.store.images())
    if (!(await isAttached(image, options.store))) listed.push(await listImage(image, options));
  return listed.sort((a, b) => compareBytes(a.reference, b.reference));
}

/** Signatures and lists of referrers of something that is there are no images. */
async function isAttached({ name }: TaggedImage, store: Store): Promise<boolean> {
  const subject = attachedTo(name.slice(name.lastIndexOf(':') + 1));
  return subject !== undefined && (await store.blobs.size(subject)) !== undefined;
}

async function listImage(image: TaggedImage, options: ImagesOptions): Promise<StoredImage> {
  const { store } = options;
  const named = { reference: image.name, digest: image.descriptor.digest };
  try {
    const parts = await platformsOf(store, image.descriptor);
    const layers = uniqueLayers(parts.map((part) => part.manifest));
    const only = parts.length === 1 && !isIndex(image.descriptor.mediaType) ? parts[0]?.config : undefined;
    return {
      ...named,
      platform: only === undefined ? null : platformOf(only),
      size: {
        wire: layers.reduce((total, layer) => total + layer.size, 0),
        disk: options.disk === true ? await diskOf(parts, options) : null,
      },
      created: only?.created ?? null,
      layers: layers.length,
    };
  } catch (error) {
    if (!(error instanceof TareError) || error.code === 'E_CANCELLED') throw error;
    return {
      ...named,
      platform: null,
      size: { wire: 0, disk: null },
      created: null,
      layers: 0,
      problem: error.message,
    };
  }
}

async function diskOf(parts: readonly PlatformImage[], { signal, store }: ImagesOptions): Promise<number> {
  let disk = 0;
  for (const { descriptor } of parts) {
    const image = await openImage(descriptor.digest, {
      store,
      ctx: createContext(signal === undefined ? {} : { signal }),
    });
    const { tree } = await treeOfImage(image, store, signal);
    disk += measureTree(tree).disk;
  }
  return disk;
}

interface PlatformImage {
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: ImageConfig | undefined;
}

/** Manifests of an index that are not in the store count nothing: a copy of one platform leaves the others out. */
async function platformsOf(store: Store, descriptor: Descriptor): Promise<PlatformImage[]> {
  const document = await readDocument(descriptor, store.blobs);
  if (!('manifests' in document)) return [{ descriptor, manifest: document, config: await configOf(store, document) }];
  const parts: PlatformImage[] = [];
  for (const child of document.manifests) {
    if ((await store.blobs.size(child.digest)) === undefined) continue;
    const inner = await readDocument(child, store.blobs);
    if (!('manifests' in inner)) parts.push({ descriptor: child, manifest: inner, config: undefined });
  }
  return parts;
}

async function configOf(store: Store, manifest: Manifest): Promise<ImageConfig> {
  const source = verified(store.blobs.open(manifest.config), manifest.config);
  return parseImageConfig(await collectBytes(source, MAX_CONFIG_BYTES, 'the image config'), { manifest });
}

function platformOf(config: ImageConfig): Platform {
  const { architecture, os, variant } = config;
  return normalisePlatform({ os, architecture, ...(variant === undefined ? {} : { variant }) });
}

function uniqueLayers(manifests: readonly Manifest[]): Descriptor[] {
  if (manifests.length === 1) return [...(manifests[0]?.layers ?? [])];
  return [...new Map(manifests.flatMap(({ layers }) => layers).map((layer) => [layer.digest, layer])).values()];
}

export interface TagResult {
  readonly reference: string;
  readonly digest: Digest;
  readonly source: string;
}

/**
 * Gives an image one more name; whatever had the name loses it. The record of reasons comes along.
 * @throws TareError E_IMAGE_NOT_FOUND, E_REFERENCE
 */
export async function tagImage(options: {
  readonly store: Store;
  /** As `findImage` understands it. */
  readonly source: string;
  readonly name: string;
}): Promise<TagResult> {
  const { store } = options;
  const reference = parseImageName(options.name);
  if (transportOf(reference) !== undefined) {
    throw new TareError('E_REFERENCE', `${JSON.stringify(options.name)} names a transport, not an image of the store`, {
      hint: 'to write the image there, use `tare copy`',
    });
  }
  const image = await findImage(store, options.source);
  await store.tag(reference, image.descriptor, image.evidence);
  return { reference, digest: image.descriptor.digest, source: image.name };
}

export interface RemoveResult {
  /** Names, in byte order. */
  readonly removed: readonly string[];
}

/**
 * Takes names away; a digest (or the beginning of one) stands for every name of that image. All are looked up before the first one goes.
 * The bytes stay until `pruneStore`.
 * @throws TareError E_IMAGE_NOT_FOUND; then nothing was removed
 */
export async function removeImages(options: {
  readonly store: Store;
  readonly names: readonly string[];
}): Promise<RemoveResult> {
  const { store } = options;
  const doomed = new Set<string>();
  for (const text of options.names) for (const image of await namesFor(store, text)) doomed.add(image.name);
  const removed: string[] = [];
  for (const name of [...doomed].sort(compareBytes)) if (await store.untag(name)) removed.push(name);
  return { removed };
}

async function namesFor(store: Store, text: string): Promise<TaggedImage[]> {
  const image = await findImage(store, text);
  if (text.includes('@') || (await store.find(text)) !== undefined) return [image];
  const all = await store.images();
  const same = all.filter((item) => item.descriptor.digest === image.descriptor.digest);
  if (same.length > 0) return same;
  throw new TareError('E_IMAGE_NOT_FOUND', `${text} has no name that could be removed`, {
    hint: '`tare prune` drops what has no name',
  });
}

export interface PruneResult extends Pruned {
  readonly dryRun: boolean;
}

/** Deletes what no name leads to. @throws TareError E_STORE when a manifest is damaged; then nothing is deleted */
export async function pruneStore(options: { readonly store: Store; readonly dryRun?: boolean }): Promise<PruneResult> {
  const dryRun = options.dryRun ?? false;
  return { dryRun, ...(await options.store.prune({ dryRun })) };
}
