import { MAX_PATH_BYTES } from '../../base/path.ts';

/** What a tar stream may cost its reader. Every excess is E_LIMIT. */
export interface TarLimits {
  /** Body of one PAX `x` or `g` header, or of one GNU long name, in bytes. */
  readonly maxExtendedHeaderBytes: number;
  /** Members of one archive; extended headers are not counted. */
  readonly maxMembers: number;
  /** A path or a link target, in bytes. */
  readonly maxPathBytes: number;
  /** What is kept of all members together, contents excluded: paths, link targets, attributes and sparse runs, in bytes. */
  readonly maxKeptBytes: number;
  /** Runs of data in one sparse file. */
  readonly maxSparseRuns: number;
  /** Names and values of all extended attributes of one member, in bytes. */
  readonly maxXattrBytes: number;
}

/** As libarchive and Go have it. */
export const MAX_EXTENDED_HEADER_BYTES = 1024 * 1024; // 1 MiB
/** The reader's caller keeps about a kilobyte of each: it must not run out of memory. */
const MAX_MEMBERS = 1_000_000;
const MAX_KEPT_BYTES = 128 * 1024 ** 2; // 128 MiB
const MAX_SPARSE_RUNS = 100_000;
const MAX_XATTR_BYTES = 1024 * 1024; // 1 MiB

export const DEFAULT_TAR_LIMITS: TarLimits = {
  maxExtendedHeaderBytes: MAX_EXTENDED_HEADER_BYTES,
  maxMembers: MAX_MEMBERS,
  maxKeptBytes: MAX_KEPT_BYTES,
  maxPathBytes: MAX_PATH_BYTES,
  maxSparseRuns: MAX_SPARSE_RUNS,
  maxXattrBytes: MAX_XATTR_BYTES,
};
