import type { Digest } from '../base/digest.ts';
import type { Bytes } from '../base/streams.ts';

export type Annotations = Readonly<Record<string, string>>;

/** image-spec descriptor.md. `size` is in bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly urls?: readonly string[];
  readonly annotations?: Annotations;
  readonly data?: string;
  readonly artifactType?: string;
  readonly platform?: Platform;
}

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
}

/** image-spec manifest.md; Docker schema 2 has the same shape. Layers: base first, topmost last. */
export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Annotations;
}

/** image-spec image-index.md; a Docker manifest list has the same shape. */
export interface ImageIndex {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Annotations;
}

export interface Healthcheck {
  readonly Test?: readonly string[];
  /** Nanoseconds. */
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

/** The `config` object of image-spec config.md, with Docker's additions that run times honour. */
export interface RunConfig {
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Volumes?: Readonly<Record<string, object>>;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  readonly Healthcheck?: Healthcheck;
  readonly Shell?: readonly string[];
  /** Instructions for whoever builds upon this image. */
  readonly OnBuild?: readonly string[] | null;
  /** Builders of Dockerfiles set it with `Cmd`; it means nothing on Linux. */
  readonly ArgsEscaped?: boolean;
}

export interface History {
  readonly created?: string;
  readonly created_by?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
}

/** image-spec config.md. `rootfs.diff_ids`: base first, as the manifest's layers. Unknown members are kept. */
export interface ImageConfig {
  readonly created?: string;
  readonly author?: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly os: string;
  readonly 'os.version'?: string;
  readonly config?: RunConfig;
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly Digest[] };
  readonly history?: readonly History[];
}

/** A range of a host file, in bytes. */
export interface BlobPlace {
  readonly file: string;
  readonly offset: number;
  readonly size: number;
}

/** Reads blobs by descriptor. Implemented by the store, a layout folder, an archive, a daemon, a registry. */
export interface BlobSource {
  /**
   * The raw bytes, **not yet verified**; wrap in `verified` before anything is believed.
   * @throws TareError E_IMAGE_NOT_FOUND when the blob is not there.
   */
  open(descriptor: Descriptor): Bytes;
  /** The host file that holds exactly this blob, when there is one: allows random access. The content is still not to be believed. */
  file?(descriptor: Descriptor): Promise<string | undefined>;
  /** The range of a host file that holds the blob, when it is a part of one: an archive. The content is not to be believed either. */
  place?(descriptor: Descriptor): Promise<BlobPlace | undefined>;
  /** As `file`, but fetches what is far away: for whoever is about to read all of it. Undefined when that cannot be. */
  fetch?(descriptor: Descriptor): Promise<string | undefined>;
}

/** One image of one platform, lazily: manifest and config are read and verified, layers are not. Immutable. */
export interface Image {
  /** How the user named it, normalised, e.g. `oci:/tmp/x:latest` or `node-status:latest`. */
  readonly reference: string;
  /** Of the manifest. */
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  /** The exact bytes that the digests were made of. */
  readonly raw: { readonly manifest: Uint8Array; readonly config: Uint8Array };
  readonly blobs: BlobSource;
  /** The record of why every file is there (media type `application/vnd.tare.evidence.v1+json`), when the image was made by tare. */
  readonly evidence?: Descriptor;
}
