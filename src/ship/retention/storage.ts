import type { Digest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';

/** What a manifest or index leads to. Sizes in bytes. */
export interface ManifestNode {
  readonly digest: Digest;
  readonly size: number;
  /** Config and layers; of an index none. */
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
  /** Of an index: its manifests. */
  readonly manifests: readonly Digest[];
  /** What it is a referrer of. */
  readonly subject?: Digest;
}

export type ManifestGraph = ReadonlyMap<Digest, ManifestNode>;

/**
 * The manifests that come along with some: those in their indexes, and what refers to them (signatures, bills of materials).
 * @param options.subjects also what they refer to: a signature that stays needs the image that it signs, but one that goes takes no image along
 */
export function reachedFrom(
  graph: ManifestGraph,
  roots: Iterable<Digest>,
  options: { readonly subjects?: boolean } = {},
): ReadonlySet<Digest> {
  const referrers = new Map<Digest, Digest[]>();
  for (const { digest, subject } of graph.values()) {
    if (subject === undefined) continue;
    const list = referrers.get(subject);
    if (list === undefined) referrers.set(subject, [digest]);
    else list.push(digest);
  }
  const reached = new Set<Digest>();
  const waiting = [...roots];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    const node = graph.get(next);
    for (const list of [node?.manifests, referrers.get(next)]) for (const other of list ?? []) waiting.push(other);
    if (options.subjects === true && node?.subject !== undefined) waiting.push(node.subject);
  }
  return reached;
}

/** Every blob of some manifests, themselves included, each once: digest → bytes. */
export function blobsOf(graph: ManifestGraph, manifests: Iterable<Digest>): ReadonlyMap<Digest, number> {
  const blobs = new Map<Digest, number>();
  for (const digest of manifests) {
    const node = graph.get(digest);
    if (node === undefined) continue;
    blobs.set(digest, node.size);
    for (const blob of node.blobs) blobs.set(blob.digest, blob.size);
  }
  return blobs;
}

export function totalOf(blobs: ReadonlyMap<Digest, number>): number {
  let total = 0;
  for (const size of blobs.values()) total += size;
  return total;
}

/** What is in one and not in the other. */
export function without(
  blobs: ReadonlyMap<Digest, number>,
  others: ReadonlyMap<Digest, number>,
): ReadonlyMap<Digest, number> {
  return new Map([...blobs].filter(([digest]) => !others.has(digest)));
}

/** Money for a gigabyte (10^9 bytes) that is kept for a month. */
export interface Price {
  readonly perGbMonth: number;
  /** `$`, `€`, or nothing. */
  readonly currency: string;
}

const GB = 1e9;
const PER: Readonly<Record<string, number>> = { gb: GB, gib: 1024 ** 3, tb: 1e12, tib: 1024 ** 4 };

/** `0.10/GB-month`, `$0.10`, `€23/TB-month`. @throws TareError E_USAGE */
export function parsePrice(text: string, where: string): Price {
  const [, currency, amount, unit = 'gb'] =
    /^([$€£]?)(\d{1,9}(?:\.\d{1,9})?)(?:\/(gb|gib|tb|tib)(?:-month)?)?$/i.exec(text.trim()) ?? [];
  const bytes = PER[unit.toLowerCase()];
  if (amount === undefined || bytes === undefined)
    throw new TareError('E_USAGE', `${where}: ${JSON.stringify(text)} is no price`, {
      hint: 'write it as 0.10/GB-month',
    });
  return { perGbMonth: (Number(amount) * GB) / bytes, currency: currency ?? '' };
}

/** For a month. */
export function moneyOf(bytes: number, { perGbMonth }: Price): number {
  return (bytes / GB) * perGbMonth;
}
