import type { BlobSource } from '../oci/types.ts';

export interface LayerCacheOptions {
  /** `TARE_HOME`. The cache is in `<home>/tare/index/` and `<home>/tare/layers/`. */
  readonly home: string;
  /** Asked for a blob's host file when its source has none. */
  readonly blobs?: BlobSource;
  /** Treats the home as one that cannot be written. */
  readonly frozen?: boolean;
}

/** What a home says that cannot hold a cache; everything works without. A full disk is one of them: an index can be made again. */
export const NO_CACHE = [
  'E_READ_ONLY',
  'E_PERMISSION',
  'E_NO_SPACE',
  'E_STORE',
  'E_NOT_DIRECTORY',
  'E_EXISTS',
  'E_IO',
  'E_LOCKED',
] as const;
