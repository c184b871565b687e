import type { Digest } from '../../base/digest.ts';
import { throwIfCancelled } from '../../base/context.ts';
import type { Context } from '../../base/events.ts';
import { ROOT } from '../../base/path.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../../oci/media-types.ts';
import type { BlobSource, Descriptor, Image, Platform } from '../../oci/types.ts';
import { packLayer } from '../../pack/index.ts';
import { storeImage } from '../../pack/store-image.ts';
import type { Store } from '../../store/types.ts';
import { contentReader } from '../../tree/content.ts';
import type { Entry } from '../../tree/types.ts';
import type { LocalContext } from '../context/index.ts';
import { inputsOf } from '../digest.ts';
import type { ExecMount, Source, SourceVertex, Vertex } from '../types.ts';
import type { OfferedBlob } from './session-content.ts';

export type ImageSource = Extract<Source, { kind: 'image' }>;

/** A local folder as the build shall see it. */
export type ContextFiles = Pick<LocalContext, 'hiddenBy' | 'tree'>;

export interface InputOptions {
  readonly store: Store;
  readonly platform: Platform;
  readonly imageOf: (source: ImageSource) => Promise<Image>;
  readonly contextOf: (name: string) => Promise<ContextFiles>;
  readonly ctx: Context;
}

/** What the daemon will ask for. */
export interface Inputs {
  /** The manifest of each image, and of each folder packed into one. */
  readonly imageOf: (vertex: SourceVertex) => Digest;
  readonly offered: ReadonlyMap<Digest, OfferedBlob>;
  /** Images as the graph names them. */
  readonly bases: ReadonlyMap<Digest, Image>;
  readonly contexts: ReadonlyMap<string, ContextFiles>;
}

/** Everything that a vertex is made of and itself, each object once. */
export function verticesOf(target: Vertex): readonly Vertex[] {
  const found = new Set<Vertex>();
  const todo = [target];
  for (let vertex = todo.pop(); vertex !== undefined; vertex = todo.pop()) {
    if (found.has(vertex)) continue;
    found.add(vertex);
    todo.push(...inputsOf(vertex));
  }
  return [...found];
}

export function mountsOf(vertices: readonly Vertex[]): readonly ExecMount[] {
  return vertices.flatMap((vertex) => (vertex.op === 'exec' ? vertex.mounts : []));
}

/**
 * Makes the images and local folders of a graph readable for a daemon: blobs that are no files of this machine are put into the store, folders are packed
 * into images of one layer. Each is asked for once.
 */
export async function gatherInputs(vertices: readonly Vertex[], options: InputOptions): Promise<Inputs> {
  const { ctx, store } = options;
  const offered = new Map<Digest, OfferedBlob>();
  const images = new Map<string, Digest>();
  const bases = new Map<Digest, Image>();
  const contexts = new Map<string, ContextFiles>();
  for (const vertex of vertices) {
    if (vertex.op !== 'source') continue;
    const key = keyOf(vertex);
    if (key === undefined || images.has(key)) continue;
    if (vertex.source.kind === 'image') {
      const image = await options.imageOf(vertex.source);
      for (const descriptor of [image.descriptor, image.manifest.config])
        await offer(descriptor, store.blobs, store, offered, bytesIn(image, descriptor));
      for (const layer of image.manifest.layers) await offer(layer, image.blobs, store, offered);
      images.set(key, image.descriptor.digest);
      bases.set(vertex.source.digest, image);
    } else if (vertex.source.kind === 'local') {
      const context = await options.contextOf(vertex.source.context);
      contexts.set(vertex.source.context, context);
      const manifest = await packContext(vertex.source.context, context, options);
      for (const descriptor of manifest) await offer(descriptor, store.blobs, store, offered);
      images.set(key, manifest[0].digest);
    }
    throwIfCancelled(ctx.signal);
  }
  return {
    offered,
    bases,
    contexts,
    imageOf: (vertex) => {
      const digest = images.get(keyOf(vertex) ?? '');
      if (digest === undefined) throw new Error(`no image was made ready for ${vertex.name}`);
      return digest;
    },
  };
}

function keyOf({ source }: SourceVertex): string | undefined {
  if (source.kind === 'image') return `image ${source.digest}`;
  return source.kind === 'local' ? `local ${source.context}` : undefined;
}

const bytesIn = (image: Image, descriptor: Descriptor): Uint8Array =>
  descriptor.digest === image.descriptor.digest ? image.raw.manifest : image.raw.config;

async function offer(
  descriptor: Descriptor,
  source: BlobSource,
  store: Store,
  offered: Map<Digest, OfferedBlob>,
  bytes?: Uint8Array,
): Promise<void> {
  const { digest, size } = descriptor;
  if (offered.has(digest)) return;
  let file = await source.file?.(descriptor);
  if (file === undefined) {
    if (bytes === undefined) await store.blobs.put(source.open(descriptor), descriptor);
    else await store.blobs.putBytes(bytes);
    file = await store.blobs.file?.(descriptor);
  }
  if (file === undefined) throw new Error(`the store holds no file of ${digest}`);
  offered.set(digest, { file, size });
}

const noLayers = contentReader({
  layerTar: () => Promise.reject(new Error('there are no layers in a folder')),
});

/** @returns manifest, config, layer. Times stay as they are; owners become root, as in every build context. */
async function packContext(
  name: string,
  context: ContextFiles,
  { ctx, platform, store }: InputOptions,
): Promise<readonly [Descriptor, ...Descriptor[]]> {
  ctx.onEvent({ kind: 'step.started', step: 'pack', detail: name });
  const root = context.tree.get(ROOT);
  const entries = [...(root === undefined ? [] : [root]), ...context.tree.walk()]
    .filter((entry) => entry.path !== ROOT)
    .map((entry): Entry => ({ ...entry, uid: 0, gid: 0 }));
  const layer = await packLayer({
    entries,
    content: noLayers,
    store,
    compression: { kind: 'none' },
    epoch: 'own',
    ctx,
  });
  const { architecture, os, variant } = platform;
  const image = await storeImage({
    store,
    config: {
      architecture,
      os,
      ...(variant === undefined ? {} : { variant }),
      rootfs: { type: 'layers', diff_ids: [] },
    },
    layers: [layer],
  });
  ctx.onEvent({ kind: 'step.done', step: 'pack', detail: name });
  const manifest = { mediaType: OCI_MANIFEST, digest: image.descriptor.digest, size: image.descriptor.size };
  return [manifest, { ...image.config, mediaType: OCI_CONFIG }, layer.descriptor];
}
