import type { Digest } from '../base/digest.ts';
import type { Bytes } from '../base/streams.ts';
import type { TarMember } from '../formats/tar/types.ts';
import type { BlobPlace, BlobSource, Descriptor } from '../oci/types.ts';

/** Push-style writer, for producers that learn digest and size only at the end. Exactly one of `commit` and `abort` ends it. */
export interface BlobWriter {
  /** Resolves when the chunk may be reused. */
  write(chunk: Uint8Array): Promise<void>;
  /** Flushes, renames to its digest. Idempotent in effect: an existing blob stays, and is fine. */
  commit(): Promise<{ readonly digest: Digest; readonly size: number }>;
  abort(): Promise<void>;
}

/** Content-addressed bytes on disk. A nil error means "the content is stored under this digest", not "this call stored it". */
export interface BlobStore extends BlobSource {
  /** The folder; a valid OCI image layout. */
  readonly root: string;
  /** Size in bytes, or undefined when absent. */
  size(digest: Digest): Promise<number | undefined>;
  /** Verifies while it writes; a mismatch leaves nothing. @throws TareError E_DIGEST, E_SIZE, E_NO_SPACE, E_READ_ONLY, E_PERMISSION */
  put(
    source: Bytes,
    expected?: { readonly digest: Digest; readonly size?: number },
  ): Promise<{ readonly digest: Digest; readonly size: number }>;
  putBytes(bytes: Uint8Array): Promise<{ readonly digest: Digest; readonly size: number }>;
  writer(): Promise<BlobWriter>;
  list(): AsyncIterable<{ readonly digest: Digest; readonly size: number }>;
}

/** A name in the store's index.json. */
export interface TaggedImage {
  /** Normalised name, e.g. `node-status:latest`. */
  readonly name: string;
  readonly descriptor: Descriptor;
  readonly evidence?: Descriptor;
}

/** One member of a layer and the sha256 of its content (files only; of the unfolded content when sparse). */
export interface IndexedMember extends TarMember {
  readonly sha256?: string;
}

/** What is in one layer, in archive order, made by the one decompression of its life. */
export interface LayerIndex {
  readonly diffId: Digest;
  /** Compressed and uncompressed size in bytes. */
  readonly wire: number;
  readonly disk: number;
  readonly members: readonly IndexedMember[];
}

/** What an answer depends on, beside the files that hold the layers. */
export interface LayersQuestion {
  /** What is asked, of which image, in which version of the answer: any text. */
  readonly about: string;
  readonly source: BlobSource;
  readonly layers: readonly Descriptor[];
}

/** What was deleted, or would be. */
export interface Pruned {
  readonly blobs: number;
  /** Of all of it. */
  readonly bytes: number;
  /** Of that: caches, which are made again, and what dead processes had left. */
  readonly cacheBytes: number;
}

export interface Store {
  readonly blobs: BlobStore;
  /** `TARE_HOME`. tare's own caches are below `<home>/tare/`, which other OCI tools ignore. */
  readonly home: string;
  images(): Promise<readonly TaggedImage[]>;
  find(name: string): Promise<TaggedImage | undefined>;
  /** Points a name at a manifest that is in the store; atomic, safe beside other processes. */
  tag(name: string, descriptor: Descriptor, evidence?: Descriptor): Promise<void>;
  /**
   * @param digest takes the name away only while it means this image
   * @returns false when there was no such name
   */
  untag(name: string, digest?: Digest): Promise<boolean>;
  /**
   * Deletes blobs and cache files that no name refers to, except those that a running tare process may be about to name (leases).
   * @returns what was (or, with `dryRun`, would be) deleted
   */
  prune(options?: { readonly dryRun?: boolean }): Promise<Pruned>;
  /** Keeps `prune` of other processes away from what this one writes, until released or the process dies. */
  lease(): Promise<{ release(): Promise<void> }>;
  /**
   * The index of a layer; the first call decompresses and verifies (digest, size, diff ID), later ones read the cache.
   * @param unpacked `layerTar` will be asked for: when the layer has to be decompressed, its tar is kept in the same pass
   * @throws TareError E_DIGEST, E_SIZE, E_TAR, E_COMPRESSION, E_LIMIT, E_MEDIA_TYPE
   */
  layerIndex(
    source: BlobSource,
    layer: Descriptor,
    diffId: Digest,
    signal?: AbortSignal,
    unpacked?: boolean,
  ): Promise<LayerIndex>;
  /**
   * As `layerIndex`, for whoever asks no more than what is in the layer: a plain tar in a host file is read by its headers alone, so that `verified` is
   * false and no member has a sha256. What is found so is remembered for this very file.
   */
  layerHeaders(
    source: BlobSource,
    layer: Descriptor,
    diffId: Digest,
    signal?: AbortSignal,
  ): Promise<{ readonly index: LayerIndex; readonly verified: boolean; readonly place?: BlobPlace }>;
  /**
   * What `remember` was given for this question: undefined when it was never asked, or when a host file that holds one of the layers is another one
   * since.
   */
  recall(question: LayersQuestion): Promise<string | undefined>;
  /** Keeps an answer until the next `prune`; where nothing can be written it is not kept. */
  remember(question: LayersQuestion, answer: string): Promise<void>;
  /** Remembers the index of a layer that this process has just packed, so that it is never decompressed. `source`: who has it; the store by default. */
  putLayerIndex(layer: Descriptor, index: LayerIndex, source?: BlobSource): Promise<void>;
  /** A host file with the uncompressed tar of the layer (verified, cached), for random access. */
  layerTar(source: BlobSource, layer: Descriptor, diffId: Digest, signal?: AbortSignal): Promise<string>;
}
