import { isDigest, type Digest } from '../../base/digest.ts';
import type { Image, ImageConfig } from '../../oci/types.ts';
import { recordOf, type StepRecord } from '../cache.ts';

/**
 * The member of an image config that holds the records of steps. The image is an ordinary one, whose layers are those of the steps, each once: every tool
 * that moves images moves it, and compressing its layers anew does not matter, since records name diff IDs.
 */
export const CACHE_MEMBER = 'tare.cache.v1';

export interface CacheRecord extends StepRecord {
  readonly key: Digest;
}

export interface CacheConfig extends ImageConfig {
  readonly [CACHE_MEMBER]: {
    readonly records: readonly CacheRecord[];
    /** How its layers were packed (`packedAs`), and the blobs that came of it, in the order of the diff IDs. */
    readonly packed: string;
    readonly blobs: readonly Digest[];
  };
}

const MAX_RECORDS = 20_000;
/** The rest of a name is of no use to anybody who looks at a cache. */
const MAX_NAME_CHARS = 200;

/** As it is written: without what the store would keep beside it. */
export function cacheRecord(key: Digest, { layer, name }: StepRecord): CacheRecord {
  const line = name.replaceAll(/\s+/g, ' ');
  const short = line.length > MAX_NAME_CHARS ? `${line.slice(0, MAX_NAME_CHARS - 1)}…` : line;
  return { key, name: short, layer: layer === null ? null : { diffId: layer.diffId, size: layer.size } };
}

export interface CacheRecords {
  readonly records: ReadonlyMap<Digest, StepRecord>;
  /** How many there were that cannot be used: malformed, of a layer that the image does not have, or too many. */
  readonly unusable: number;
}

/**
 * The blobs that were packed as a build would pack them here, so that nothing has to be compressed again: those that still are what they were made as.
 */
export function packedBlobsOf(
  { config, manifest }: Pick<Image, 'config' | 'manifest'>,
  packed: string,
): ReadonlySet<Digest> {
  const member = (config as Partial<CacheConfig>)[CACHE_MEMBER] as
    | Partial<Record<'packed' | 'blobs', unknown>>
    | undefined;
  if (member?.packed !== packed || !Array.isArray(member.blobs)) return new Set();
  const blobs: readonly unknown[] = member.blobs;
  return new Set(manifest.layers.flatMap(({ digest }, at) => (blobs[at] === digest ? digest : [])));
}

/** Undefined when the image carries none. The first record of a key counts. */
export function cacheRecordsOf(config: ImageConfig): CacheRecords | undefined {
  const member = (config as Partial<CacheConfig>)[CACHE_MEMBER] as unknown;
  if (typeof member !== 'object' || member === null || !('records' in member)) return undefined;
  if (!Array.isArray(member.records)) return undefined;
  const diffIds = new Set(config.rootfs.diff_ids);
  const records = new Map<Digest, StepRecord>();
  const given: readonly unknown[] = member.records;
  let unusable = Math.max(0, given.length - MAX_RECORDS);
  for (const value of given.slice(0, MAX_RECORDS)) {
    const key: unknown = (value as { readonly key?: unknown } | null)?.key;
    const record = recordOf(value);
    const sound = typeof key === 'string' && isDigest(key) && record !== undefined;
    if (!sound || (record.layer !== null && !diffIds.has(record.layer.diffId))) unusable += 1;
    else if (!records.has(key)) records.set(key, record);
  }
  return { records, unusable };
}
