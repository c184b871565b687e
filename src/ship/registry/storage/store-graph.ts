import { isTareError } from '../../../base/error.ts';
import type { Digest } from '../../../base/digest.ts';
import { isDigest } from '../../../base/digest.ts';
import { isIndex, isManifest } from '../../../oci/media-types.ts';
import { isRepository, isTag } from '../../../oci/reference.ts';
import type { Annotations, Descriptor } from '../../../oci/types.ts';
import { parseIndex } from '../../../oci/validate.ts';
import { readDocumentBytes } from '../../../store/reachable.ts';
import type { Store } from '../../../store/types.ts';
import { readManifest } from '../manifest.ts';
import type { ManifestRecord } from './repository.ts';

/** A manifest or index of the store. */
export interface StoredManifest {
  readonly record: ManifestRecord;
  readonly blobs: readonly Digest[];
  readonly children: readonly Descriptor[];
  readonly annotations?: Annotations;
}

/** What some names of the store lead to, themselves included. */
export interface Reached {
  readonly manifests: ReadonlyMap<Digest, StoredManifest>;
  readonly blobs: ReadonlySet<Digest>;
}

/** By repository and tag. */
export type StoreNames = ReadonlyMap<string, ReadonlyMap<string, Descriptor>>;

/** Documents that are remembered; their content never changes. */
const MAX_KNOWN = 10_000;
/** Indexes in indexes. */
const MAX_DEPTH = 4;

/** The names of the store as repositories and tags, and what they lead to. */
export interface StoreGraph {
  /** Now: other processes give names too. What no registry can be asked for (`HOST:PORT/NAME`, bare digests) is left out. */
  names(): Promise<StoreNames>;
  reached(roots: Iterable<Descriptor>): Promise<Reached>;
  /** Undefined when it is not there, or is neither a manifest nor an index. @throws TareError E_DIGEST, E_SIZE, E_MANIFEST when it is damaged */
  read(descriptor: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>): Promise<StoredManifest | undefined>;
}

export function createStoreGraph(store: Store): StoreGraph {
  const known = new Map<Digest, StoredManifest>();

  const read: StoreGraph['read'] = async ({ digest, mediaType, size }) => {
    const remembered = known.get(digest);
    if (remembered !== undefined) return remembered;
    if (!isManifest(mediaType) && !isIndex(mediaType)) return undefined;
    const bytes = await readDocumentBytes({ digest, size }, store.blobs).catch((error: unknown) => {
      if (isTareError(error, 'E_IMAGE_NOT_FOUND')) return undefined;
      throw error;
    });
    if (bytes === undefined) return undefined;
    const { annotations, artifactType, blobs, subject } = readManifest(bytes, mediaType);
    const found = {
      record: {
        mediaType,
        size,
        ...(artifactType === undefined ? {} : { artifactType }),
        ...(subject === undefined ? {} : { subject }),
      },
      blobs: blobs.map((blob) => blob.digest),
      children: isIndex(mediaType) ? parseIndex(bytes, { mediaType }).manifests : [],
      ...(annotations === undefined ? {} : { annotations }),
    };
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(digest, found);
    return found;
  };

  return {
    read,
    names: async () => {
      const names = new Map<string, Map<string, Descriptor>>();
      for (const { descriptor, name } of await store.images()) {
        const colon = name.lastIndexOf(':');
        const [repository, tag] = [name.slice(0, Math.max(0, colon)), name.slice(colon + 1)];
        if (isDigest(name) || !isRepository(repository) || !isTag(tag)) continue;
        const tags = names.get(repository) ?? new Map<string, Descriptor>();
        names.set(repository, tags.set(tag, descriptor));
      }
      return names;
    },
    reached: async (roots) => {
      const manifests = new Map<Digest, StoredManifest>();
      const blobs = new Set<Digest>();
      const walk = async (descriptor: Descriptor, depth: number): Promise<void> => {
        if (manifests.has(descriptor.digest) || depth > MAX_DEPTH) return;
        const found = await read(descriptor);
        if (found === undefined) return;
        manifests.set(descriptor.digest, found);
        for (const blob of found.blobs) blobs.add(blob);
        for (const child of found.children) await walk(child, depth + 1);
      };
      for (const root of roots) await walk(root, 0);
      return { manifests, blobs };
    },
  };
}
