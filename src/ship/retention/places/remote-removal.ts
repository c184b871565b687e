import { mapLimit } from '../../../base/concurrency.ts';
import type { Digest } from '../../../base/digest.ts';
import { isTareError, TareError } from '../../../base/error.ts';
import type { RegistryClient } from '../../../transports/registry/types.ts';
import { tagNames } from './tag-names.ts';
import type { Removal } from './types.ts';

const REQUESTS = 6;
const TAG_STAYS = 'it would go, but this registry deletes no tag of an image that stays';

interface Job {
  readonly client: RegistryClient;
  readonly removal: Removal;
  readonly signal?: AbortSignal;
}

/**
 * Deletes manifests by digest, which takes their tags along. The tag of a manifest that stays is deleted alone, where the registry can do that.
 * @throws TareError E_REGISTRY when the repository is not any more what was read, before anything is deleted
 */
export async function removeRemotely(job: Job): Promise<ReadonlyMap<string, string>> {
  const { client, removal, signal } = job;
  const { repository } = removal.state;
  await requireSame(job);
  const doomed = new Set(removal.manifests);
  const stayed = await removeTagsAlone(
    job,
    removal.tags.filter((tag) => !doomed.has(tag.digest)),
  );
  for (const digest of removal.manifests) await client.deleteManifest(repository, digest, signal);
  // Some registries leave tags behind that point to nothing.
  for (const { digest, tag } of removal.tags) {
    if (!doomed.has(digest)) continue;
    const left = await client.headManifest(repository, tag, signal).catch((error: unknown) => {
      if (isTareError(error, 'E_IMAGE_NOT_FOUND')) return undefined;
      throw error;
    });
    if (left !== undefined) stayed.set(tag, 'it was deleted, and is there again');
  }
  return stayed;
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
): Promise<Map<string, string>> {
  const { repository, tags: all } = removal.state;
  const stayed = new Map<string, string>();
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
  return stayed;
}
