import { sha256, type Digest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import { encodeIndex } from '../../oci/encode.ts';
import { OCI_INDEX } from '../../oci/media-types.ts';
import { MAX_CONFIG_BYTES, parseImageConfig } from '../../oci/parse-config.ts';
import { isAttestation, normalisePlatform, platformText } from '../../oci/platform.ts';
import type { BlobSource, Descriptor, ImageIndex, Manifest } from '../../oci/types.ts';
import { withBytes } from '../../transports/with-bytes.ts';
import { readBlob } from '../../transports/image.ts';
import { keepsGraphs, openBundle, writeBundle } from '../../transports/index.ts';
import type { Bundle, BundleDocument } from '../../transports/types.ts';
import type { CopyTools } from '../copy.ts';
import type { IndexResult } from './types.ts';

/** What one reference brings into an index. */
export interface Part {
  readonly source: string;
  readonly bundle: Bundle;
  /** As the new index names them. */
  readonly entries: readonly Descriptor[];
  /** Where the reference is an index itself. */
  readonly index?: ImageIndex;
}

/** @throws TareError E_TRANSPORT */
export async function requireIndexes(target: string): Promise<void> {
  if (await keepsGraphs(target)) return;
  throw new TareError('E_TRANSPORT', `${target} holds one platform, not an index`, {
    hint: 'use a name of the store, oci:, oci-archive: or docker://',
  });
}

/** An image, or all the images of an index. @throws TareError what `openBundle` throws */
export async function partOf(source: string, tools: CopyTools): Promise<Part> {
  const bundle = await openBundle(source, { ...tools, all: await keepsGraphs(source), referrers: false });
  const { descriptor, documents } = bundle;
  const root = documents.find((item) => item.descriptor.digest === descriptor.digest)?.content;
  if (root === undefined) throw new Error('a bundle holds what it is named after');
  if ('manifests' in root) return { source, bundle, entries: root.manifests, index: root };
  return { source, bundle, entries: [await entryOf(bundle, root)] };
}

async function entryOf({ blobs, descriptor }: Bundle, manifest: Manifest): Promise<Descriptor> {
  const { digest, mediaType, size } = descriptor;
  const config = parseImageConfig(await readBlob(blobs, manifest.config, MAX_CONFIG_BYTES), { manifest });
  const { architecture, os, variant } = config;
  const version = config['os.version'];
  const platform = normalisePlatform({
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(version === undefined ? {} : { 'os.version': version }),
  });
  return { mediaType, digest, size, platform };
}

/** Whom an entry serves; undefined for one that says nothing, and for attestations. Versions of one system are told apart. */
export function servedBy(entry: Descriptor): string | undefined {
  const { platform } = entry;
  if (platform === undefined || isAttestation(entry)) return undefined;
  return `${platformText(platform)} ${platform['os.version'] ?? ''}`.trimEnd();
}

/** Whoever pulls gets the first of two: the second one would never be used. @throws TareError E_USAGE */
export function distinctPlatforms(parts: readonly Part[]): IndexResult['platforms'] {
  const seen = new Map<string, string>();
  return parts.flatMap(({ entries, source }) =>
    entries.flatMap((entry) => {
      const served = servedBy(entry);
      if (served === undefined || entry.platform === undefined) return [];
      const text = platformText(entry.platform);
      const before = seen.get(served);
      if (before !== undefined)
        throw new TareError('E_USAGE', `${before} and ${source} are both of the platform ${text}`, {
          hint: 'leave one of them out',
        });
      seen.set(served, source);
      return [{ platform: text, digest: entry.digest, source }];
    }),
  );
}

/**
 * Writes the entries of all parts as one index, with everything that they lead to.
 * @param options.like the members of the index beside its entries
 * @throws TareError E_USAGE for two of one platform; what `writeBundle` throws
 */
export async function writeIndex(
  parts: readonly Part[],
  options: { readonly target: string; readonly like: Partial<ImageIndex>; readonly tools: CopyTools },
): Promise<IndexResult> {
  const { like, target, tools } = options;
  const platforms = distinctPlatforms(parts);
  const mediaType = like.mediaType ?? OCI_INDEX;
  const { annotations, ...others } = like;
  const index: ImageIndex = {
    ...others,
    schemaVersion: 2,
    mediaType,
    manifests: parts.flatMap(({ entries }) => entries),
    ...(annotations === undefined || Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
  const raw = encodeIndex(index);
  const descriptor = { mediaType, digest: sha256(raw), size: raw.length };
  const bundle = merged(parts, { descriptor, raw, content: index });
  const { blobs, bytes, digest, reference, reused } = await writeBundle(bundle, target, tools);
  return { reference, digest, platforms, bytes, blobs, reused };
}

/** The documents that the entries lead to, then the new index. */
function merged(parts: readonly Part[], index: BundleDocument): Bundle {
  const documents = new Map<Digest, BundleDocument>();
  const owners = new Map<Digest, BlobSource>();
  for (const { bundle, entries } of parts) {
    const own = new Map(bundle.documents.map((document) => [document.descriptor.digest, document]));
    const add = (digest: Digest): void => {
      const document = own.get(digest);
      if (document === undefined || documents.has(digest)) return;
      const { content, descriptor } = document;
      const named = 'manifests' in content ? content.manifests : [content.config, ...content.layers];
      for (const child of named) add(child.digest);
      for (const blob of [descriptor, ...named]) if (!owners.has(blob.digest)) owners.set(blob.digest, bundle.blobs);
      documents.set(digest, document);
    };
    for (const { digest } of entries) add(digest);
  }
  documents.set(index.descriptor.digest, index);
  const first = parts[0]?.bundle;
  if (first === undefined) throw new Error('an index has images');
  const blobs: BlobSource = { open: (blob) => (owners.get(blob.digest) ?? first.blobs).open(blob) };
  return {
    reference: first.reference,
    descriptor: index.descriptor,
    documents: [...documents.values()],
    blobs: withBytes(blobs, [[index.descriptor.digest, index.raw]]),
  };
}
