import { mapLimit } from '../../../base/concurrency.ts';
import type { Digest } from '../../../base/digest.ts';
import { isTareError, TareError } from '../../../base/error.ts';
import { compareBytes } from '../../../base/path.ts';
import type { FetchedManifest, RegistryClient } from '../../../transports/registry/types.ts';
import { readNode, type ReadNode } from '../node.ts';
import type { RetainedTag } from '../policy.ts';
import { createdOf } from './created.ts';
import { removeRemotely } from './remote-removal.ts';
import { tagNames } from './tag-names.ts';
import type { RepositoryState, RetentionPlace } from './types.ts';

const REQUESTS = 6;
/** Of one repository; an index may name as many as it likes. */
const MAX_MANIFESTS = 100_000;

/**
 * Repositories of a registry, through its API. An image is as old as it says itself, by its annotation or config. What no tag leads to
 * cannot be seen from here, and stays.
 * @param options.repositories those that are meant; without, all that the registry lists
 */
export function remotePlace(options: {
  readonly client: RegistryClient;
  readonly repositories?: readonly string[];
  readonly signal?: AbortSignal;
}): RetentionPlace {
  const { client, signal } = options;
  return {
    name: `docker://${client.registry}`,
    repositories: async () => {
      if (options.repositories !== undefined) return options.repositories;
      const names: string[] = [];
      for await (const name of client.repositories(signal)) names.push(name);
      return [...new Set(names)].sort(compareBytes);
    },
    read: (repository) => readRepository(client, repository, signal),
    // Nobody can lock a registry; what was read is compared once more before anything is deleted.
    exclusively: (work) => work(),
    remove: (removal) => removeRemotely({ client, removal, ...(signal === undefined ? {} : { signal }) }),
  };
}

async function readRepository(
  client: RegistryClient,
  repository: string,
  signal: AbortSignal | undefined,
): Promise<RepositoryState> {
  const names = await tagNames(client, repository, signal);
  const graph = new Map<Digest, ReadNode>();
  const sizeOf = (digest: Digest): Promise<number | undefined> => client.hasBlob(repository, digest, signal);
  const add = async (found: FetchedManifest): Promise<Digest> => {
    const { bytes, digest, mediaType } = found;
    if (!graph.has(digest)) graph.set(digest, await readNode(bytes, { digest, mediaType }, sizeOf));
    if (graph.size > MAX_MANIFESTS)
      throw new TareError('E_LIMIT', `${repository} has more than ${MAX_MANIFESTS} manifests`);
    return digest;
  };
  const digests = await mapLimit(names, REQUESTS, async (tag) =>
    add(await client.getManifest(repository, tag, signal)),
  );
  await addReached(client, { repository, graph, add, signal });
  const times = new Map<Digest, number | undefined>();
  const tagged = [...new Set(digests)];
  await mapLimit(tagged, REQUESTS, async (digest) => {
    times.set(
      digest,
      await createdOf({ client, repository, graph, digest, ...(signal === undefined ? {} : { signal }) }),
    );
  });
  const tags = names.map((tag, at): RetainedTag => {
    const digest = digests[at] as Digest;
    const time = times.get(digest);
    return { repository, tag, digest, ...(time === undefined ? {} : { time }) };
  });
  return { repository, tags, graph, pinned: [] };
}

/** Round by round: the manifests of indexes, subjects and referrers of all that is known, until there is nothing new. */
async function addReached(
  client: RegistryClient,
  context: {
    readonly repository: string;
    readonly graph: ReadonlyMap<Digest, ReadNode>;
    readonly add: (found: FetchedManifest) => Promise<Digest>;
    readonly signal: AbortSignal | undefined;
  },
): Promise<void> {
  const { add, graph, repository, signal } = context;
  const asked = new Set<Digest>();
  for (;;) {
    const fresh = [...graph.values()].filter((node) => !asked.has(node.digest));
    if (fresh.length === 0) return;
    const next = new Set<Digest>();
    await mapLimit(fresh, REQUESTS, async (node) => {
      asked.add(node.digest);
      for (const digest of [...node.manifests, ...(node.subject === undefined ? [] : [node.subject])]) next.add(digest);
      for (const referrer of await client.referrers(repository, node.digest, undefined, signal))
        next.add(referrer.digest);
    });
    const unknown = [...next].filter((digest) => !graph.has(digest));
    await mapLimit(unknown, REQUESTS, async (digest) => {
      const found = await ifThere(() => client.getManifest(repository, digest, signal));
      if (found !== undefined) await add(found);
    });
  }
}

/** An index may name platforms that were never pushed, and a list of referrers some that are gone. */
async function ifThere<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isTareError(error, 'E_IMAGE_NOT_FOUND')) return undefined;
    throw error;
  }
}
