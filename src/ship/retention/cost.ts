import { throwIfCancelled } from '../../base/context.ts';
import type { Digest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import { normalisePlatform } from '../../oci/platform.ts';
import { derivedName } from '../../oci/reference.ts';
import { attachedTo } from '../../oci/attached-tag.ts';
import type { ReadNode } from './node.ts';
import type { RepositoryState, RetentionPlace } from './places/types.ts';
import { newerFirst, type RetainedTag } from './policy.ts';
import { blobsOf, moneyOf, totalOf, without, type Price } from './storage.ts';

export interface CostInput {
  readonly place: RetentionPlace;
  /** All of the place when it is left out. */
  readonly repository?: string;
}

export interface CostOptions {
  readonly inputs: readonly CostInput[];
  /** In a month, of the newest image of each repository. */
  readonly pulls?: number;
  /** Of keeping. */
  readonly price?: Price;
  /** Of a gigabyte that is pulled; `perGbMonth` is per GB. */
  readonly pullPrice?: Price;
  /** What a pull of the shrunk image moves, when it is named and not beside the original. */
  readonly shrunk?: { readonly reference: string; readonly bytes: number };
  readonly signal: AbortSignal;
}

/** Bytes, and money for a month where a price is known. */
export interface RepositoryCost {
  readonly place: string;
  readonly repository: string;
  readonly tags: number;
  /** Each blob once. */
  readonly stored: number;
  /** Null where there is no image, or nothing could be read. */
  readonly pull: {
    readonly tag: string;
    readonly digest: Digest;
    /** For a client that has nothing. */
    readonly whole: number;
    /** For one that has the version before; null when there is none. */
    readonly update: { readonly from: string; readonly bytes: number } | null;
  } | null;
  readonly shrunk: {
    readonly reference: string;
    readonly bytes: number;
    /** Less than the original, of each pull by a client that has nothing; below 0 when it is larger. */
    readonly saves: number;
  } | null;
  readonly month: {
    readonly stored: number | null;
    readonly pulls: { readonly whole: number; readonly update: number | null; readonly shrunk: number | null } | null;
  };
  readonly problem?: string;
}

export interface CostResult {
  readonly repositories: readonly RepositoryCost[];
  /** Over all: each blob once in one place. */
  readonly stored: number;
  readonly month: number | null;
  readonly currency: string;
  readonly pulls: number | null;
  /** What the numbers rest on. */
  readonly assumes: readonly string[];
}

/** The platform whose image counts as a pull of an index that has it. */
const PLATFORM = { os: 'linux', architecture: 'amd64' };

/** @throws TareError E_CANCELLED, E_IMAGE_NOT_FOUND for a repository that is not there; what listing repositories throws */
export async function costOf(options: CostOptions): Promise<CostResult> {
  const repositories: RepositoryCost[] = [];
  const stored = new Map<string, Map<Digest, number>>();
  for (const { place, repository } of options.inputs) {
    const all = await place.repositories();
    if (repository !== undefined && !all.includes(repository))
      throw new TareError('E_IMAGE_NOT_FOUND', `${place.name} has no repository ${JSON.stringify(repository)}`);
    const blobs = stored.get(place.name) ?? new Map<Digest, number>();
    stored.set(place.name, blobs);
    for (const name of repository === undefined ? all : [repository]) {
      throwIfCancelled(options.signal);
      const { cost, state } = await costOfRepository(place, name, options);
      repositories.push(cost);
      if (state !== undefined)
        for (const [digest, size] of blobsOf(state.graph, state.graph.keys())) blobs.set(digest, size);
    }
  }
  const bytes = [...stored.values()].reduce((total, blobs) => total + totalOf(blobs), 0);
  const { price, pullPrice, pulls } = options;
  return {
    repositories,
    stored: bytes,
    month: price === undefined ? null : moneyOf(bytes, price),
    currency: (price ?? pullPrice)?.currency ?? '',
    pulls: pulls ?? null,
    assumes: assumptions(options),
  };
}

async function costOfRepository(
  place: RetentionPlace,
  repository: string,
  options: CostOptions,
): Promise<{ readonly cost: RepositoryCost; readonly state?: RepositoryState }> {
  const named = { place: place.name, repository };
  try {
    const state = await place.read(repository);
    return { cost: { ...named, ...measured(state, options) }, state };
  } catch (error) {
    if (!(error instanceof TareError) || error.code === 'E_CANCELLED') throw error;
    const nothing = { tags: 0, stored: 0, pull: null, shrunk: null, month: { stored: null, pulls: null } };
    return { cost: { ...named, ...nothing, problem: error.message } };
  }
}

function measured(state: RepositoryState, options: CostOptions): Omit<RepositoryCost, 'place' | 'repository'> {
  const stored = totalOf(blobsOf(state.graph, state.graph.keys()));
  const images = state.tags.filter(({ tag }) => attachedTo(tag) === undefined && !isShrunk(tag)).sort(newerFirst);
  const newest = images[0];
  const before = images.find((tag) => tag.digest !== newest?.digest);
  const money = (bytes: number): number | null => (options.price === undefined ? null : moneyOf(bytes, options.price));
  const base = { tags: state.tags.length, stored };
  if (newest === undefined) return { ...base, pull: null, shrunk: null, month: { stored: money(stored), pulls: null } };
  const moved = pulledBlobs(state.graph, newest.digest);
  const whole = totalOf(moved);
  const update =
    before === undefined
      ? null
      : { from: before.tag, bytes: totalOf(without(moved, pulledBlobs(state.graph, before.digest))) };
  const shrunk = shrunkOf(state, newest, options);
  return {
    ...base,
    pull: { tag: newest.tag, digest: newest.digest, whole, update },
    shrunk: shrunk === null ? null : { ...shrunk, saves: whole - shrunk.bytes },
    month: { stored: money(stored), pulls: moneyOfPulls({ whole, update, shrunk }, options) },
  };
}

function moneyOfPulls(
  moved: {
    readonly whole: number;
    readonly update: { readonly bytes: number } | null;
    readonly shrunk: { readonly bytes: number } | null;
  },
  { pullPrice, pulls }: CostOptions,
): RepositoryCost['month']['pulls'] {
  if (pullPrice === undefined || pulls === undefined) return null;
  const money = (bytes: number): number => moneyOf(bytes * pulls, pullPrice);
  const { shrunk, update, whole } = moved;
  return {
    whole: money(whole),
    update: update === null ? null : money(update.bytes),
    shrunk: shrunk === null ? null : money(shrunk.bytes),
  };
}

const SUFFIX = 'shrunk';
const isShrunk = (tag: string): boolean => tag === SUFFIX || tag.endsWith(`-${SUFFIX}`);

/** What was named, else what `tare shrink` calls it, for any tag of the newest image. */
function shrunkOf(
  { graph, repository, tags }: RepositoryState,
  newest: RetainedTag,
  options: CostOptions,
): { readonly reference: string; readonly bytes: number } | null {
  if (options.shrunk !== undefined) return options.shrunk;
  const names = tags
    .filter(({ digest }) => digest === newest.digest)
    .map(({ tag }) => derivedName(`${repository}:${tag}`, SUFFIX));
  const found = tags.find(({ tag }) => names.includes(`${repository}:${tag}`));
  if (found === undefined) return null;
  return { reference: `${repository}:${found.tag}`, bytes: totalOf(pulledBlobs(graph, found.digest)) };
}

/** What a client fetches: the manifest with its blobs; of an index itself, and one of its images. */
function pulledBlobs(graph: ReadonlyMap<Digest, ReadNode>, digest: Digest): ReadonlyMap<Digest, number> {
  const path: Digest[] = [];
  for (let next: Digest | undefined = digest; next !== undefined && !path.includes(next);) {
    path.push(next);
    next = entryOf(graph, graph.get(next));
  }
  return blobsOf(graph, path);
}

function entryOf(graph: ReadonlyMap<Digest, ReadNode>, node: ReadNode | undefined): Digest | undefined {
  const there = (node?.entries ?? []).filter((entry) => graph.has(entry.digest));
  const own = there.find(({ platform }) => {
    if (platform === undefined) return false;
    const { architecture, os } = normalisePlatform(platform);
    return os === PLATFORM.os && architecture === PLATFORM.architecture;
  });
  return (own ?? there[0])?.digest;
}

function assumptions({ pullPrice, pulls, price }: CostOptions): string[] {
  return [
    'a pull is of the newest image; of an index, of its image for linux/amd64, else of its first one',
    'a client that has the version before still has all of its layers, by digest; what layers of other images it has is not counted',
    'a registry keeps each blob once for all of its repositories, and has deleted what nothing refers to',
    ...(pulls === undefined
      ? []
      : [
          `each repository is pulled ${pulls} times a month: by clients that have nothing, or by clients that have the version before`,
        ]),
    ...(pulls !== undefined && pullPrice === undefined
      ? ['pulls cost nothing: --pull-price says what a gigabyte does']
      : []),
    ...(price === undefined && pullPrice === undefined
      ? []
      : ['a gigabyte is 10^9 bytes; nothing is paid for requests']),
  ];
}
