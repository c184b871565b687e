import type { Digest } from '../../base/digest.ts';
import type { Context, RegistrySettings } from '../../base/events.ts';
import type { Environment } from '../../base/http-proxy.ts';
import type { Bytes } from '../../base/streams.ts';
import type { Descriptor } from '../../oci/types.ts';
import type { Landed } from './landed.ts';

/** Bytes `from` to the end, or to `to`, both inclusive and counted from 0. */
export interface ByteRange {
  readonly from: number;
  readonly to?: number;
}

export interface BlobReadOptions {
  /** A part of the blob cannot be checked against the digest: only its length is. */
  readonly range?: ByteRange;
  /** The receiver checks the digest itself; only the length is checked here. */
  readonly unverified?: boolean;
  readonly signal?: AbortSignal;
}

export interface FetchedManifest {
  /** At most 4 MiB, of exactly that digest. */
  readonly bytes: Uint8Array;
  /** As the registry announced it, or the document itself where that says nothing. Not yet parsed. */
  readonly mediaType: string;
  readonly digest: Digest;
}

/**
 * One registry, spoken to as distribution-spec 1.1 says. Repositories are without the registry: `library/node`. Every call may throw, besides what it
 * names: E_REGISTRY (network, faults of the server), E_TLS, E_AUTH, E_DENIED, E_RATE_LIMIT, E_CREDENTIALS, E_CANCELLED.
 */
export interface RegistryClient {
  /** host[:port] as in references. */
  readonly registry: string;
  /** @param reference tag or digest @throws TareError E_IMAGE_NOT_FOUND, E_DIGEST, E_LIMIT beyond 4 MiB */
  getManifest(repository: string, reference: string, signal?: AbortSignal): Promise<FetchedManifest>;
  /** Undefined when there is none. The digest is what the registry says. */
  headManifest(
    repository: string,
    reference: string,
    signal?: AbortSignal,
  ): Promise<{ readonly mediaType: string; readonly digest: Digest; readonly size: number } | undefined>;
  /** @returns `subject` when the registry itself has noted that the manifest refers to it (header OCI-Subject) */
  putManifest(
    repository: string,
    reference: string,
    manifest: { readonly bytes: Uint8Array; readonly mediaType: string },
    signal?: AbortSignal,
  ): Promise<{ readonly digest: Digest; readonly subject?: Digest }>;
  /** False when there was none. @throws TareError E_REGISTRY where deleting is switched off */
  deleteManifest(repository: string, reference: string, signal?: AbortSignal): Promise<boolean>;
  /**
   * Verified while it is read, and resumed when the connection breaks. What has come before an error is not to be believed.
   * @throws TareError E_IMAGE_NOT_FOUND; E_DIGEST, E_SIZE when the registry lies
   */
  blob(repository: string, descriptor: Descriptor, options?: BlobReadOptions): AsyncIterable<Uint8Array>;
  /** Its size in bytes. */
  hasBlob(repository: string, digest: Digest, signal?: AbortSignal): Promise<number | undefined>;
  /**
   * @param blob.open gives the bytes from the start, each time that it is called: a push that broke reads them again
   * @param blob.mountFrom another repository of this registry that may have it
   */
  uploadBlob(
    repository: string,
    blob: { readonly descriptor: Descriptor; readonly open: () => Bytes; readonly mountFrom?: string },
    signal?: AbortSignal,
  ): Promise<'existed' | 'mounted' | 'uploaded'>;
  /** False when there was none. */
  deleteBlob(repository: string, digest: Digest, signal?: AbortSignal): Promise<boolean>;
  /** In the order of the registry, page by page; at most a million. @throws TareError E_IMAGE_NOT_FOUND, E_LIMIT */
  tags(repository: string, signal?: AbortSignal): AsyncIterable<string>;
  /** What `_catalog` lists, where there is one. */
  repositories(signal?: AbortSignal): AsyncIterable<string>;
  /** Manifests whose subject this is, by the referrers API, else by the fallback tag `sha256-HEX`. */
  referrers(
    repository: string,
    digest: Digest,
    artifactType?: string,
    signal?: AbortSignal,
  ): Promise<readonly Descriptor[]>;
}

/** How registries are spoken to in one use case; what its context says counts beside it. */
export interface RegistryAccess extends RegistrySettings {
  /** Shared by writes that go on at a time. */
  readonly landed?: Landed;
  /** By host[:port]: for several copies that share their connections, their tokens, and what is known to be there. Whoever shares it makes it empty. */
  readonly clients?: Map<string, Promise<RegistryClient>>;
}

export interface RegistryOptions extends RegistryAccess {
  /** Gets the warnings of registries; its signal counts where a call has none of its own. */
  readonly ctx: Context;
  readonly env: Environment;
  /** In place of those of the files. */
  readonly credentials?: Credentials;
  /** For tests. */
  readonly pacing?: Partial<Pacing>;
}

/** A name with its password, or a token that stands for both. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  /** For the token server: OAuth2's refresh token. */
  | { readonly identityToken: string }
  /** Sent to the registry as it is. */
  | { readonly registryToken: string };

/** How time passes between two attempts. */
export interface Pacing {
  /** ms since the epoch. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  /** Rejects with E_CANCELLED once the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Silence after which a connection is given up, in ms. */
  readonly silenceMs: number;
  /** A body must bring `minBytes` in each of these periods (ms), or its connection is given up. */
  readonly windowMs: number;
  readonly minBytes: number;
}
