import type { Digest } from '../base/digest.ts';
import type { Context } from '../base/events.ts';
import type { Image, Platform } from '../oci/types.ts';
import type { Store } from '../store/types.ts';
import type { RegistryAccess } from './registry/types.ts';

export interface TransportTools {
  readonly store: Store;
  readonly ctx: Context;
  /** How registries are spoken to; the environment decides where this says nothing. */
  readonly registry?: RegistryAccess;
}

interface OpenTools extends TransportTools {
  /** Chosen from an index. Undefined: the host's architecture, and an image of a single platform is taken as it is. */
  readonly platform: Platform | undefined;
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
