import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sha256, type Digest } from '../../src/base/digest.ts';
import { bytesOfText } from '../../src/base/path.ts';
import { collectBytes } from '../../src/base/streams.ts';
import type { EntryType, TarHeader } from '../../src/formats/tar/index.ts';
import { writeTar } from '../../src/formats/tar/index.ts';
import { encodeConfig, encodeManifest } from '../../src/oci/encode.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import type { Annotations, Descriptor, ImageConfig, Manifest } from '../../src/oci/types.ts';
import type { Store } from '../../src/store/types.ts';

/** A member of a layer; the path as text, e.g. `etc/passwd`. What is left out is plain: a file 0644, a folder 0755, owned by root, at time 0. */
export interface LayerEntry {
  readonly path: string;
  /** Default: `file`, or `directory` when the path ends with a slash. */
  readonly type?: EntryType;
  readonly content?: string | Uint8Array;
  /** Target of a symbolic or hard link. */
  readonly link?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly device?: readonly [major: number, minor: number];
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
}

/** Members in archive order, or a tar as it is. */
export type LayerContent = readonly LayerEntry[] | { readonly entries: readonly LayerEntry[] } | Uint8Array;

export interface MakeImageOptions {
  readonly store: Store;
  readonly layers: readonly LayerContent[];
  readonly config?: Partial<ImageConfig>;
  /** Default gzip. */
  readonly compression?: 'none' | 'gzip' | 'zstd';
  /** Tagged with it when given. */
  readonly name?: string;
  readonly annotations?: Annotations;
  readonly evidence?: Descriptor;
}

export interface MadeImage {
  readonly name: string | undefined;
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly layers: readonly { readonly descriptor: Descriptor; readonly diffId: Digest; readonly tar: Buffer }[];
}

const LAYER_TYPES = { none: OCI_LAYER, gzip: OCI_LAYER_GZIP, zstd: OCI_LAYER_ZSTD };

/** Writes a whole image of linux/amd64 into a store: real tars, config, manifest; and names it. The same input gives the same digest. */
export async function makeImage(options: MakeImageOptions): Promise<MadeImage> {
  const { store } = options;
  const compression = options.compression ?? 'gzip';
  const layers: MadeImage['layers'][number][] = [];
  for (const content of options.layers) {
    const tar = content instanceof Uint8Array ? Buffer.from(content) : await tarOf(entriesOf(content));
    const blob = await store.blobs.putBytes(await compressed(tar, compression));
    layers.push({ descriptor: { mediaType: LAYER_TYPES[compression], ...blob }, diffId: sha256(tar), tar });
  }
  const config: ImageConfig = {
    architecture: 'amd64',
    os: 'linux',
    ...options.config,
    rootfs: options.config?.rootfs ?? { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
  };
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, ...(await store.blobs.putBytes(encodeConfig(config))) },
    layers: layers.map((layer) => layer.descriptor),
    ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
  };
  const descriptor = { mediaType: OCI_MANIFEST, ...(await store.blobs.putBytes(encodeManifest(manifest))) };
  if (options.name !== undefined) await store.tag(options.name, descriptor, options.evidence);
  return { name: options.name, descriptor, manifest, config, layers };
}

/** An archive of the entries, in their order. */
export async function tarOf(entries: readonly LayerEntry[]): Promise<Buffer> {
  const inputs = entries.map((entry) => {
    const body = entry.content === undefined ? new Uint8Array() : Buffer.from(entry.content);
    return { header: headerOf(entry, body.length), body };
  });
  return collectBytes(writeTar(inputs), Infinity, 'a test archive');
}

function headerOf(entry: LayerEntry, size: number): TarHeader {
  const type = entry.type ?? (entry.path.endsWith('/') ? 'directory' : 'file');
  return {
    path: bytesOfText(entry.path),
    type,
    mode: entry.mode ?? (type === 'directory' ? 0o755 : type === 'symlink' ? 0o777 : 0o644),
    uid: entry.uid ?? 0,
    gid: entry.gid ?? 0,
    size,
    mtime: entry.mtime ?? 0,
    ...(entry.link === undefined ? {} : { linkname: bytesOfText(entry.link) }),
    ...(entry.device === undefined ? {} : { device: entry.device }),
    ...(entry.xattrs === undefined ? {} : { xattrs: entry.xattrs }),
  };
}

function entriesOf(content: Exclude<LayerContent, Uint8Array>): readonly LayerEntry[] {
  // An array has a method of the name `entries`.
  return typeof content.entries === 'function' ? (content as readonly LayerEntry[]) : content.entries;
}

async function compressed(tar: Buffer, compression: 'none' | 'gzip' | 'zstd'): Promise<Uint8Array> {
  if (compression === 'none') return tar;
  if (compression === 'gzip') return gzipSync(tar, { level: 6 });
  const { Zstd } = await import('@hpcc-js/wasm-zstd');
  return (await Zstd.load()).compress(tar, 3);
}

/** The names in a store, which is an OCI layout. */
export function namesIn(home: string): readonly string[] {
  const file = join(home, 'index.json');
  if (!existsSync(file)) return [];
  const { manifests } = JSON.parse(readFileSync(file, 'utf8')) as { readonly manifests: readonly Descriptor[] };
  return manifests.flatMap(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] ?? []);
}
