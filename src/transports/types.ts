import type { Digest } from '../base/digest.ts';
import type { Context } from '../base/events.ts';
import type { BlobSource, Descriptor, Image, ImageIndex, Manifest, Platform } from '../oci/types.ts';
import type { Store } from '../store/types.ts';
import type { RegistryAccess } from './registry/types.ts';

export interface TransportTools {
  readonly store: Store;
  readonly ctx: Context;
  /** How registries are spoken to; the environment decides where this says nothing. */
  readonly registry?: RegistryAccess;
}

export interface OpenTools extends TransportTools {
  /** Chosen from an index. Undefined: the host's architecture, and an image of a single platform is taken as it is. */
  readonly platform: Platform | undefined;
}

/** What a reference leads to, before a platform is chosen: a manifest or an index. */
export interface Found {
  /** Normalised. */
  readonly reference: string;
  readonly blobs: BlobSource;
  readonly descriptor: Descriptor;
  /** The record of reasons of this manifest. */
  readonly evidenceOf?: (manifest: Digest) => Promise<Descriptor | undefined>;
  /** Signatures, SBOMs and whatever else refers to this manifest. */
  readonly attachedTo?: (manifest: Digest) => Promise<readonly Attached[]>;
}

/** Something that refers to a manifest: by its `subject`, or, the older way, by the tag that it has. */
export interface Attached {
  readonly descriptor: Descriptor;
  /** `sha256-HEX.sig` */
  readonly tag?: string;
}

/** A manifest or an index whose bytes are verified. */
export interface BundleDocument {
  readonly descriptor: Descriptor;
  readonly raw: Uint8Array;
  readonly content: Manifest | ImageIndex;
  /** A name that it has in its repository, beside its digest. */
  readonly tag?: string;
}

/** What is written somewhere under one name: an image, or an index with its images, and what refers to them. */
export interface Bundle {
  /** Where it comes from. */
  readonly reference: string;
  /** Of the document that gets the name. Where it is not among the documents, no name is given: what there is refers to something that is at the target. */
  readonly descriptor: Descriptor;
  /** Each once; what another one names comes before it, and what refers to others last. */
  readonly documents: readonly BundleDocument[];
  /** Has the documents too. */
  readonly blobs: BlobSource;
  /** The record of reasons of `descriptor`. */
  readonly evidence?: Descriptor;
}

/** What a write did. Counts are of blobs: manifest, config, layers, evidence. */
export interface Written {
  /** Of the image as it is now, normalised. */
  readonly reference: string;
  /** Of the manifest as it stands at the target. */
  readonly digest: Digest;
  /** Bytes that were transferred, as they travelled. */
  readonly bytes: number;
  /** How many blobs were written. */
  readonly blobs: number;
  /** How many were there already. */
  readonly reused: number;
}

/** What a target does not have of a bundle. */
export interface Lacking {
  /** Layers, configs, records, documents; each once. */
  readonly blobs: readonly Descriptor[];
  /** Another repository of the target's registry that has them: they need not travel. */
  readonly mountFrom?: string;
}

/** One medium that images come from and go to. `rest` is what follows the prefix, as the user wrote it. */
export interface Transport {
  /**
   * @throws TareError E_REFERENCE when `rest` cannot be parsed or is ambiguous; E_IMAGE_NOT_FOUND; E_PLATFORM; E_DIGEST, E_SIZE, E_MANIFEST,
   * E_MEDIA_TYPE, E_LIMIT when what is there is damaged or lies; the medium's own code (E_LAYOUT, E_ARCHIVE, E_DAEMON, E_REGISTRY, E_AUTH …)
   */
  open(rest: string, tools: OpenTools): Promise<Image>;
  /** All or nothing: readers of the target see the old state or the whole image. @throws as `open`, and E_NO_SPACE, E_READ_ONLY, E_PERMISSION */
  write(image: Image, rest: string, tools: TransportTools): Promise<Written>;
  /** Two texts with one identity name the same image, or the same file. */
  identity(rest: string): Promise<string>;
  /** What media that keep manifests as they are can do besides. */
  readonly graph?: GraphTransport;
}

/** The least that a medium for any manifest or index has to do; `graphTransport` makes a Transport of it. */
export interface GraphTransport {
  /** @param tools.platform for media that may keep an image of several platforms without an index @throws TareError as `open` */
  find(rest: string, tools: OpenTools): Promise<Found>;
  /** @throws TareError as `write` */
  write(bundle: Bundle, rest: string, tools: TransportTools): Promise<Written>;
  /** Changes nothing. Where it is left out everything travels each time. */
  lacking?(bundle: Bundle, rest: string, tools: TransportTools): Promise<Lacking>;
  identity(rest: string): Promise<string>;
}

/** One line of the table for help texts. */
export interface TransportLine {
  readonly name: string;
  /** How a reference is written. */
  readonly form: string;
  readonly summary: string;
  readonly reads: boolean;
  readonly writes: boolean;
  readonly load: () => Promise<Transport>;
}
