import { sha256, type Digest } from '../base/digest.ts';
import { TareError } from '../base/error.ts';
import { encodeIndex } from '../oci/encode.ts';
import { OCI_INDEX } from '../oci/media-types.ts';
import { MAX_CONFIG_BYTES, parseImageConfig } from '../oci/parse-config.ts';
import { isAttestation, normalisePlatform, platformText } from '../oci/platform.ts';
import type { Annotations, BlobSource, Descriptor, Manifest } from '../oci/types.ts';
import { withBytes } from '../transports/bundle.ts';
import { readBlob } from '../transports/image.ts';
import { keepsGraphs, openBundle, writeBundle } from '../transports/index.ts';
import type { Bundle, BundleDocument } from '../transports/types.ts';
import type { CopyTools } from './copy.ts';

export interface IndexResult {
  readonly reference: string;
  readonly digest: Digest;
  /** In the order in which the images were named. */
  readonly platforms: readonly { readonly platform: string; readonly digest: Digest; readonly source: string }[];
  /** Bytes, blobs that were written, and blobs that were there. */
  readonly bytes: number;
  readonly blobs: number;
  readonly reused: number;
}

export interface CreateIndexOptions extends CopyTools {
  /** Where the index goes: a name of the store, or any medium that keeps indexes. */
  readonly target: string;
  /** Images, and indexes whose images are taken over. At least one. */
  readonly images: readonly string[];
  /** Of the index itself. */
  readonly annotations?: Annotations;
}

interface Part {
  readonly source: string;
  readonly bundle: Bundle;
  /** As the new index names them. */
  readonly entries: readonly Descriptor[];
}

/**
 * Makes one index of several images; each one's platform is what its config says. The index comes with all its images, digests as they are.
 * @throws TareError E_USAGE without an image, and when two are of one platform; E_TRANSPORT where the target keeps no indexes; what reading and writing throw
 */
export async function createIndex(options: CreateIndexOptions): Promise<IndexResult> {
  const { annotations, images, target, ...tools } = options;
  if (images.length === 0) throw new TareError('E_USAGE', `an index of no image: ${target}`);
  if (!(await keepsGraphs(target)))
    throw new TareError('E_TRANSPORT', `${target} holds one platform, not an index`, {
      hint: 'use a name of the store, oci:, oci-archive: or docker://',
    });
  const parts: Part[] = [];
  for (const source of images) parts.push(await partOf(source, tools));
  const platforms = distinctPlatforms(parts);
  const index = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: parts.flatMap(({ entries }) => entries),
    ...(annotations === undefined || Object.keys(annotations).length === 0 ? {} : { annotations }),
  } as const;
  const raw = encodeIndex(index);
  const descriptor = { mediaType: OCI_INDEX, digest: sha256(raw), size: raw.length };
  const { blobs, bytes, digest, reference, reused } = await writeBundle(
    merged(parts, { descriptor, raw, content: index }),
    target,
    tools,
  );
  return { reference, digest, platforms, bytes, blobs, reused };
}

async function partOf(source: string, tools: CopyTools): Promise<Part> {
  const bundle = await openBundle(source, { ...tools, all: await keepsGraphs(source), referrers: false });
  const { descriptor, documents } = bundle;
  const root = documents.find((item) => item.descriptor.digest === descriptor.digest)?.content;
  if (root === undefined) throw new Error('a bundle holds what it is named after');
  if ('manifests' in root) return { source, bundle, entries: root.manifests };
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

/** Whoever pulls gets the first of two: the second one would never be used. Versions of one system are told apart. */
function distinctPlatforms(parts: readonly Part[]): IndexResult['platforms'] {
  const seen = new Map<string, string>();
  return parts.flatMap(({ entries, source }) =>
    entries.flatMap((entry) => {
      const { platform } = entry;
      if (platform === undefined || isAttestation(entry)) return [];
      const text = platformText(platform);
      const key = `${text} ${platform['os.version'] ?? ''}`;
      const before = seen.get(key);
      if (before !== undefined)
        throw new TareError('E_USAGE', `${before} and ${source} are both of the platform ${text}`, {
          hint: 'leave one of them out',
        });
      seen.set(key, source);
      return [{ platform: text, digest: entry.digest, source }];
    }),
  );
}

/** Documents of all parts but the indexes that are taken apart, then the new one. */
function merged(parts: readonly Part[], index: BundleDocument): Bundle {
  const documents = new Map<Digest, BundleDocument>();
  const owners = new Map<Digest, BlobSource>();
  for (const { bundle, entries } of parts) {
    const isKept = entries.some(({ digest }) => digest === bundle.descriptor.digest);
    for (const document of bundle.documents) {
      const { content, descriptor } = document;
      if (descriptor.digest !== bundle.descriptor.digest || isKept) documents.set(descriptor.digest, document);
      const named = 'manifests' in content ? content.manifests : [content.config, ...content.layers];
      for (const blob of [descriptor, ...named]) if (!owners.has(blob.digest)) owners.set(blob.digest, bundle.blobs);
    }
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
