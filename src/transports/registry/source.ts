import { bytesOf } from '../../base/streams.ts';
import { isIndex, isManifest } from '../../oci/media-types.ts';
import type { BlobSource, Descriptor } from '../../oci/types.ts';
import type { Store } from '../../store/types.ts';
import { fetchOnce } from '../fetch-once.ts';
import type { FetchedManifest, RegistryClient } from './types.ts';

/**
 * The blobs and manifests of a repository. What the store has is read there; a layer that is asked for as a file is fetched into the store, once for
 * all commands that want it at the same time.
 */
export function registryBlobs(options: {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly store: Store;
  readonly signal: AbortSignal;
  /** Manifests that have been fetched already. */
  readonly known: readonly FetchedManifest[];
}): BlobSource {
  const { client, repository, signal, store } = options;
  const atHand = new Map(options.known.map(({ bytes, digest }) => [digest, bytes]));

  const remote = (descriptor: Descriptor): AsyncIterable<Uint8Array> =>
    isManifest(descriptor.mediaType) || isIndex(descriptor.mediaType)
      ? manifest(descriptor)
      : client.blob(repository, descriptor, { unverified: true, signal });
  const manifest = async function* ({ digest }: Descriptor): AsyncGenerator<Uint8Array> {
    yield (await client.getManifest(repository, digest, signal)).bytes;
  };

  return {
    open: async function* (descriptor) {
      const bytes = atHand.get(descriptor.digest);
      if (bytes !== undefined) yield* bytesOf(bytes);
      else if ((await store.blobs.size(descriptor.digest)) === descriptor.size) yield* store.blobs.open(descriptor);
      else yield* remote(descriptor);
    },
    file: async (descriptor) =>
      (await store.blobs.size(descriptor.digest)) === descriptor.size ? store.blobs.file?.(descriptor) : undefined,
    fetch: async (descriptor) => {
      const lease = await store.lease();
      try {
        await fetchOnce(store, descriptor, () => remote(descriptor), signal);
        return await store.blobs.file?.(descriptor);
      } finally {
        await lease.release();
      }
    },
  };
}

/** As a descriptor of what was fetched. */
export function descriptorOf({ bytes, digest, mediaType }: FetchedManifest): Descriptor {
  return { mediaType, digest, size: bytes.length };
}
