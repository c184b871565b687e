import { throwIfCancelled } from '../../base/context.ts';
import type { Digest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import type { Freed, Removed, RetentionPlace } from './places/types.ts';
import { planRetention, type PlannedTag, type RetentionPlan } from './plan.ts';
import type { RetentionPolicy } from './policy.ts';
import { blobsOf, moneyOf, totalOf, without, type Price } from './storage.ts';

export interface RetainedRow {
  readonly tag: string;
  readonly digest: Digest;
  /** RFC 3339; null where nobody knows. */
  readonly time: string | null;
  readonly keep: boolean;
  readonly because: string;
  /** Of all that the tag leads to; other tags may lead to the same. */
  readonly bytes: number;
}

export interface PrunedRepository {
  readonly repository: string;
  /** In byte order; none when they could not be read. */
  readonly tags: readonly RetainedRow[];
  /** Manifests that go, or would. */
  readonly manifests: number;
  /** Why nothing was deleted here, or not all that was to go. */
  readonly problem?: string;
}

export interface RetentionResult {
  readonly dryRun: boolean;
  readonly place: string;
  readonly repositories: readonly PrunedRepository[];
  /** Bytes of all that was read, before; each blob once, over all repositories. */
  readonly stored: number;
  /** Bytes of that to which nothing leads any more. */
  readonly frees: number;
  /** Money for a month; null without a price. */
  readonly month: { readonly currency: string; readonly stored: number; readonly frees: number } | null;
  /** Only of a dry run: what nothing leads to already, which goes as well. */
  readonly unreferenced: Freed | null;
  /** What was deleted from the disk; null for a dry run, where the registry does that, and when it could not be done. */
  readonly collected: Freed | null;
  /** What else is to be said. */
  readonly notes: readonly string[];
}

/**
 * Deletes the tags that no rule keeps, with the manifests that nothing needs any more. A repository of which something cannot be read is left
 * as it is, and so are all when the list of repositories cannot be.
 * @param options.now seconds since the epoch
 * @throws TareError E_USAGE for a policy without a rule, E_CANCELLED; what listing repositories throws
 */
export async function pruneByPolicy(options: {
  readonly place: RetentionPlace;
  readonly policy: RetentionPolicy;
  readonly dryRun: boolean;
  readonly now: number;
  readonly price?: Price;
  /** Called between two repositories. */
  readonly signal?: AbortSignal;
}): Promise<RetentionResult> {
  const { dryRun, place, price } = options;
  const repositories: PrunedRepository[] = [];
  const totals = { all: new Map<Digest, number>(), kept: new Map<Digest, number>() };
  const unreferenced = dryRun && place.collect !== undefined ? await tried(place.collect({ dryRun })) : undefined;
  for (const repository of await place.repositories()) {
    if (options.signal !== undefined) throwIfCancelled(options.signal);
    const done = await tried(pruneRepository(repository, options));
    if (done.problem !== undefined) {
      repositories.push({
        repository,
        tags: [],
        manifests: 0,
        problem: `nothing was deleted: ${done.problem}`,
      });
      continue;
    }
    const { plan, problem, stayed } = done.value;
    addBlobs(totals, plan);
    repositories.push({
      repository,
      tags: plan.tags.map((tag) => rowOf(tag, stayed)),
      manifests: plan.doomed.length,
      ...(problem === undefined ? {} : { problem }),
    });
  }
  // Bytes of what cannot be read might look as if nothing led to them.
  const isWhole = repositories.every((repository) => repository.problem === undefined);
  const collected =
    dryRun || !isWhole || place.collect === undefined ? undefined : await tried(place.collect({ dryRun }));
  const [stored, frees] = [totalOf(totals.all), totalOf(without(totals.all, totals.kept))];
  return {
    dryRun,
    place: place.name,
    repositories,
    stored,
    frees,
    month:
      price === undefined
        ? null
        : { currency: price.currency, stored: moneyOf(stored, price), frees: moneyOf(frees, price) },
    unreferenced: unreferenced?.value ?? null,
    collected: collected?.value ?? null,
    notes: notesOf(repositories, options.policy, [unreferenced?.problem, collected?.problem]),
  };
}

async function pruneRepository(
  repository: string,
  options: Parameters<typeof pruneByPolicy>[0],
): Promise<Removed & { readonly plan: RetentionPlan }> {
  const { dryRun, now, place, policy } = options;
  const planned = async (): Promise<RetentionPlan> => planRetention(await place.read(repository), policy, now);
  if (dryRun) return { plan: await planned(), stayed: new Map() };
  return place.exclusively(async () => {
    const plan = await planned();
    const doomed = plan.tags.filter((tag) => !tag.keep);
    if (doomed.length === 0) return { plan, stayed: new Map() };
    return { plan, ...(await place.remove({ state: plan.state, tags: doomed, manifests: plan.doomed })) };
  });
}

type Tried<T> =
  | { readonly value: T; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: string };

/** One repository that cannot be read does not keep the others from being pruned; an interruption, or a wrong flag, does. */
async function tried<T>(work: Promise<T>): Promise<Tried<T>> {
  try {
    return { value: await work };
  } catch (error) {
    if (!(error instanceof TareError) || ['E_CANCELLED', 'E_USAGE'].includes(error.code)) throw error;
    return { problem: error.message };
  }
}

function addBlobs(
  { all, kept }: { readonly all: Map<Digest, number>; readonly kept: Map<Digest, number> },
  { doomed, state }: RetentionPlan,
): void {
  const gone = new Set(doomed);
  const staying = [...state.graph.keys()].filter((digest) => !gone.has(digest));
  for (const [digest, size] of blobsOf(state.graph, state.graph.keys())) all.set(digest, size);
  for (const [digest, size] of blobsOf(state.graph, staying)) kept.set(digest, size);
}

function rowOf(
  { because, bytes, digest, keep, tag, time }: PlannedTag,
  stayed: ReadonlyMap<string, string>,
): RetainedRow {
  const why = stayed.get(tag);
  return {
    tag,
    digest,
    time: time === undefined ? null : new Date(Math.floor(time) * 1000).toISOString().replace('.000Z', 'Z'),
    keep: keep || why !== undefined,
    because: why ?? because,
    bytes,
  };
}

function notesOf(
  repositories: readonly PrunedRepository[],
  policy: RetentionPolicy,
  problems: readonly (string | undefined)[],
): string[] {
  const rows = repositories.flatMap((repository) => repository.tags);
  const ageless = rows.filter((row) => !row.keep && row.time === null).length;
  return [
    ...(ageless > 0 && policy.youngerThan !== undefined
      ? [`--keep-younger keeps nothing whose age is unknown (${ageless} here); --keep-newest and --keep-tag can`]
      : []),
    ...(repositories.some((repository) => repository.problem !== undefined)
      ? ['bytes are without those of repositories that could not be read, and with what could not be deleted']
      : []),
    ...problems.flatMap((problem) => problem ?? []),
  ];
}
