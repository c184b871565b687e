import type { Digest } from '../../base/digest.ts';

/** An entry of an index. */
export interface IndexedImage {
  /** `linux/arm64`; what names none is said as `none`. */
  readonly platform: string;
  readonly digest: Digest;
}

export interface IndexResult {
  readonly reference: string;
  readonly digest: Digest;
  /** In the order of the index, without attestations; `source` is where it came from. */
  readonly platforms: readonly (IndexedImage & { readonly source: string })[];
  /** Entries whose place others of their platform have taken; left out where there are none. */
  readonly replaced?: readonly IndexedImage[];
  /** Bytes, blobs that were written, and blobs that were there. */
  readonly bytes: number;
  readonly blobs: number;
  readonly reused: number;
}
