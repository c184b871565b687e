import { mapLimit } from '../../../base/concurrency.ts';
import type { Digest } from '../../../base/digest.ts';
import { isTareError, TareError } from '../../../base/error.ts';
import type { RegistryClient } from '../../../transports/registry/types.ts';
import { tagNames } from './tag-names.ts';
import type { Removal, Removed } from './types.ts';

const REQUESTS = 6;
const TAG_STAYS = 'it would go, but this registry deletes no tag of an image that stays';

interface Job {
  readonly client: RegistryClient;
  readonly removal: Removal;
  readonly signal?: AbortSignal;
}

/**
 * Deletes manifests by digest, which takes their tags along. The tag of a manifest that stays is deleted alone, where the registry can do that.
 * What fails in the middle ends it: indexes and referrers went first, so that what is left is whole, and goes the next time.
 * @throws TareError E_REGISTRY when the repository is not any more what was read
 */
export async function removeRemotely(job: Job): Promise<Removed> {
  const { client, removal, signal } = job;
  const { manifests, state, tags } = removal;
  await requireSame(job);
  const doomed = new Set(manifests);
  const alone = tags.filter((tag) => !doomed.has(tag.digest));
  const stayed = new Map<string, string>();
  const gone = new Set<Digest>();
  try {
    await removeTagsAlone(job, alone, stayed);
    for (const digest of manifests) {
      await client.deleteManifest(state.repository, digest, signal);
      gone.add(digest);
    }
  } catch (error) {
    if (!(error instanceof TareError) || error.code === 'E_CANCELLED') throw error;
    for (const { digest, tag } of tags)
      if (doomed.has(digest) && !gone.has(digest)) stayed.set(tag, 'it would go, but deleting failed before');
    return { stayed, problem: `${gone.size} of ${manifests.length} manifests were deleted, then: ${error.message}` };
  }
  return { stayed };
}

async function requireSame({ client, removal, signal }: Job): Promise<void> {
  const { repository, tags } = removal.state;
  const before = new Map(tags.map(({ digest, tag }) => [tag, digest]));
  const names = await tagNames(client, repository, signal);
  const changed = await mapLimit(names, REQUESTS, async (tag) => {
    const found = await client.headManifest(repository, tag, signal);
    return found?.digest === before.get(tag) ? [] : [tag];
  });
  const first = changed.flat()[0];
  if (first === undefined) return;
  throw new TareError('E_REGISTRY', `tag ${first} of ${repository} was changed while the repository was read`, {
    hint: 'run the command again',
  });
}

/** A registry that takes the whole manifest away when a tag is to go gets it back, and is asked for no more of that. */
async function removeTagsAlone(
  { client, removal, signal }: Job,
  tags: readonly { readonly tag: string; readonly digest: Digest }[],
  stayed: Map<string, string>,
): Promise<void> {
  const { repository, tags: all } = removal.state;
  let isAble = true;
  for (const { digest, tag } of tags) {
    if (!isAble) {
      stayed.set(tag, TAG_STAYS);
      continue;
    }
    const saved = await client.getManifest(repository, digest, signal);
    try {
      await client.deleteManifest(repository, tag, signal);
    } catch (error) {
      if (!isTareError(error, 'E_REGISTRY')) throw error;
      isAble = false;
      stayed.set(tag, TAG_STAYS);
      continue;
    }
    if ((await client.headManifest(repository, digest, signal)) !== undefined) continue;
    isAble = false;
    await client.putManifest(repository, digest, saved, signal);
    const gone = new Set(removal.tags.map((item) => item.tag));
    for (const other of all)
      if (other.digest === digest && !gone.has(other.tag))
        await client.putManifest(repository, other.tag, saved, signal);
  }
}
