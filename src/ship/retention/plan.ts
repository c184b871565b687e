import type { Digest } from '../../base/digest.ts';
import { compareBytes } from '../../base/path.ts';
import { attachedTo } from '../../oci/attached-tag.ts';
import type { RepositoryState } from './places/types.ts';
import { decideRetention, type RetainedTag, type RetentionPolicy, type Verdict } from './policy.ts';
import { blobsOf, reachedFrom, totalOf, type ManifestGraph } from './storage.ts';

export interface PlannedTag extends Verdict {
  /** Of all that it leads to, each blob once; other tags may lead to the same. */
  readonly bytes: number;
}

export interface RetentionPlan {
  readonly state: RepositoryState;
  /** In byte order. */
  readonly tags: readonly PlannedTag[];
  /** Manifests that go: indexes before their manifests, referrers before their subjects. */
  readonly doomed: readonly Digest[];
}

/**
 * What of a repository stays and what goes. Stays: what a rule keeps, with its manifests, referrers and subjects; tags that belong to a manifest
 * that stays; manifests to which no tag leads.
 * @param now seconds since the epoch
 * @throws TareError E_USAGE for a policy without a rule
 */
export function planRetention(state: RepositoryState, policy: RetentionPolicy, now: number): RetentionPlan {
  const { graph, pinned } = state;
  const isAttached = (tag: RetainedTag): boolean => attachedTo(tag.tag) !== undefined;
  const decided = decideRetention(
    state.tags.filter((tag) => !isAttached(tag)),
    policy,
    now,
  );
  const tagged = reachedFrom(
    graph,
    state.tags.map((tag) => tag.digest),
  );
  const untagged = [...graph.keys()].filter((digest) => !tagged.has(digest));
  const roots = [...pinned, ...untagged, ...digestsOf(decided.filter((tag) => tag.keep))];
  const attached = state.tags.filter(isAttached);
  const { kept, needed } = withAttached(graph, roots, attached);
  const verdicts: Verdict[] = [
    ...decided,
    ...attached.map((tag) => ({ ...tag, keep: kept.has(tag), because: whyAttached(tag, kept.has(tag), graph) })),
  ];
  const doomed = reachedFrom(graph, digestsOf(verdicts.filter((tag) => !tag.keep)));
  return {
    state,
    tags: verdicts
      .map((tag) => ({ ...tag, bytes: totalOf(blobsOf(graph, reachedFrom(graph, [tag.digest]))) }))
      .sort((a, b) => compareBytes(a.tag, b.tag)),
    doomed: parentsFirst(graph, doomed).filter((digest) => !needed.has(digest)),
  };
}

const digestsOf = (tags: readonly RetainedTag[]): Digest[] => tags.map((tag) => tag.digest);

/** A signature may itself be signed: goes on until nothing is added. What belongs to a manifest that is not known here stays. */
function withAttached(
  graph: ManifestGraph,
  roots: readonly Digest[],
  attached: readonly RetainedTag[],
): { readonly kept: ReadonlySet<RetainedTag>; readonly needed: ReadonlySet<Digest> } {
  const kept = new Set<RetainedTag>();
  for (;;) {
    const needed = reachedFrom(graph, [...roots, ...digestsOf([...kept])], { subjects: true });
    const more = attached.filter((tag) => {
      const subject = attachedTo(tag.tag);
      return !kept.has(tag) && subject !== undefined && (needed.has(subject) || !graph.has(subject));
    });
    if (more.length === 0) return { kept, needed };
    for (const tag of more) kept.add(tag);
  }
}

function whyAttached(tag: RetainedTag, kept: boolean, graph: ManifestGraph): string {
  const subject = attachedTo(tag.tag);
  if (subject !== undefined && !graph.has(subject)) return 'it belongs to an image to which no tag leads';
  return kept ? 'it belongs to an image that stays' : 'it belongs to an image that goes';
}

/** Reverse postorder of the graph whose edges lead to manifests of an index and to subjects; digests of contents make no circles. */
function parentsFirst(graph: ManifestGraph, digests: ReadonlySet<Digest>): Digest[] {
  const done = new Set<Digest>();
  const ended: Digest[] = [];
  for (const root of [...digests].sort(compareBytes)) {
    const stack: { readonly digest: Digest; readonly isLeft: boolean }[] = [{ digest: root, isLeft: false }];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      if (top.isLeft) {
        ended.push(top.digest);
        continue;
      }
      const node = graph.get(top.digest);
      if (node === undefined || done.has(top.digest) || !digests.has(top.digest)) continue;
      done.add(top.digest);
      stack.push({ digest: top.digest, isLeft: true });
      for (const digest of [...node.manifests, ...(node.subject === undefined ? [] : [node.subject])])
        stack.push({ digest, isLeft: false });
    }
  }
  return ended.reverse();
}
