import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sha256, type Digest } from '../../src/base/digest.ts';
import { TareError } from '../../src/base/error.ts';
import { bytesOf } from '../../src/base/streams.ts';
import type { BlobSource, Descriptor, Image } from '../../src/oci/types.ts';
import { archive, GNU, longName, member, octal, pax } from './tar-blocks.ts';

/** A member of a layer, said shortly. Names are byte strings. */
export interface Item {
  readonly path: string;
  readonly type: string;
  readonly mode?: number;
  readonly owner?: readonly [uid: number, gid: number];
  readonly link?: string;
  readonly content?: string;
  readonly device?: readonly [major: number, minor: number];
  readonly xattrs?: Readonly<Record<string, string>>;
  readonly mtime?: number;
}

type More = Omit<Item, 'path' | 'type'>;

export const dir = (path: string, mode = 0o755, more: More = {}): Item => ({ path, type: '5', mode, ...more });
export const file = (path: string, content = '', mode = 0o644, more: More = {}): Item => ({
  path,
  type: '0',
  content,
  mode,
  ...more,
});
export const symlink = (path: string, link: string): Item => ({ path, type: '2', link, mode: 0o777 });
export const hardlink = (path: string, link: string, more: More = {}): Item => ({ path, type: '1', link, ...more });
export const fifo = (path: string): Item => ({ path, type: '6', mode: 0o644 });
export const char = (path: string, major: number, minor: number): Item => ({
  path,
  type: '3',
  mode: 0o644,
  device: [major, minor],
});
export const block = (path: string, major: number, minor: number): Item => ({ ...char(path, major, minor), type: '4' });
/** Both take the path that is meant, without the prefix. */
export const whiteout = (path: string): Item => {
  const cut = path.lastIndexOf('/') + 1;
  return file(`${path.slice(0, cut)}.wh.${path.slice(cut)}`);
};
export const opaque = (path: string): Item => file(path === '' ? '.wh..wh..opq' : `${path}/.wh..wh..opq`);

/** The tar of a layer, written by hand: PAX where a name is long or there are attributes. */
export function layerTar(items: readonly Item[]): Buffer {
  return archive(...items.map(itemBlocks));
}

function itemBlocks(item: Item): Buffer {
  const records: Record<string, string> = {};
  if (item.path.length > 100) records.path = item.path;
  if ((item.link ?? '').length > 100) records.linkpath = item.link ?? '';
  for (const [name, value] of Object.entries(item.xattrs ?? {})) records[`SCHILY.xattr.${name}`] = value;
  const [uid, gid] = item.owner ?? [0, 0];
  const blocks = member(
    {
      name: item.path.slice(0, 100),
      type: item.type,
      mode: octal(item.mode ?? 0o644, 8),
      uid: octal(uid, 8),
      gid: octal(gid, 8),
      mtime: octal(item.mtime ?? 0, 12),
      link: (item.link ?? '').slice(0, 100),
      ...(item.device === undefined ? {} : { major: octal(item.device[0], 8), minor: octal(item.device[1], 8) }),
    },
    item.content ?? '',
  );
  return Object.keys(records).length === 0 ? blocks : Buffer.concat([pax(records), blocks]);
}

/** A file whose name comes in a GNU header. */
export function gnuLongFile(path: string, content: string): Buffer {
  return Buffer.concat([longName('L', path), member({ name: path.slice(0, 100), magic: GNU }, content)]);
}

export const OCI_GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const OCI_TAR = 'application/vnd.oci.image.layer.v1.tar';

export interface BlobLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  readonly blob: Uint8Array;
}

export function gzipLayer(tar: Uint8Array): BlobLayer {
  return blobLayer(gzipSync(tar, { level: 1 }), tar, OCI_GZIP);
}

export function blobLayer(blob: Uint8Array, tar: Uint8Array, mediaType: string): BlobLayer {
  return { blob, diffId: sha256(tar), descriptor: { mediaType, digest: sha256(blob), size: blob.length } };
}

/** Blobs in memory, handed out in chunks of `chunkBytes`. Counts how often each is opened. */
export function memoryBlobs(
  layers: readonly BlobLayer[],
  chunkBytes = 64 * 1024,
): BlobSource & { readonly opened: readonly Digest[] } {
  const opened: Digest[] = [];
  return {
    opened,
    open: (descriptor) => {
      opened.push(descriptor.digest);
      const found = layers.find((layer) => layer.descriptor.digest === descriptor.digest);
      if (found === undefined) throw new TareError('E_IMAGE_NOT_FOUND', `no blob ${descriptor.digest}`);
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < found.blob.length; at += chunkBytes) chunks.push(found.blob.subarray(at, at + chunkBytes));
      return bytesOf(...chunks);
    },
  };
}

export function imageOf(layers: readonly BlobLayer[], blobs: BlobSource = memoryBlobs(layers)): Image {
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers' as const, diff_ids: layers.map((layer) => layer.diffId) },
  };
  const rawConfig = Buffer.from(JSON.stringify(config));
  const manifest = {
    schemaVersion: 2 as const,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: sha256(rawConfig),
      size: rawConfig.length,
    },
    layers: layers.map((layer) => layer.descriptor),
  };
  const rawManifest = Buffer.from(JSON.stringify(manifest));
  return {
    reference: 'test:latest',
    descriptor: { mediaType: manifest.mediaType, digest: sha256(rawManifest), size: rawManifest.length },
    manifest,
    config,
    raw: { manifest: rawManifest, config: rawConfig },
    blobs,
  };
}

/** An OCI layout with one image, tagged `latest`, for other tools to read. */
export function writeLayout(root: string, layers: readonly BlobLayer[]): void {
  const image = imageOf(layers);
  mkdirSync(join(root, 'blobs/sha256'), { recursive: true });
  writeFileSync(join(root, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' };
  writeFileSync(
    join(root, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...image.descriptor, annotations }] }),
  );
  for (const bytes of [image.raw.manifest, image.raw.config, ...layers.map((layer) => layer.blob)]) {
    writeFileSync(join(root, 'blobs/sha256', createHash('sha256').update(bytes).digest('hex')), bytes);
  }
}
