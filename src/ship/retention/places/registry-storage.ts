import { join } from 'node:path';
import type { Digest } from '../../../base/digest.ts';
import { TareError } from '../../../base/error.ts';
import { modifiedAt } from '../../../store/files.ts';
import { withLock } from '../../../store/lock.ts';
import { readDocumentBytes } from '../../../store/reachable.ts';
import { collect } from '../../registry/storage/collect.ts';
import { repositoryPaths } from '../../registry/storage/paths.ts';
import type { Repository } from '../../registry/storage/repository.ts';
import type { RegistryStorage } from '../../registry/storage/storage.ts';
import { readNode, type ReadNode } from '../node.ts';
import type { RetainedTag } from '../policy.ts';
import type { OwnPlace, RepositoryState } from './types.ts';

/**
 * The folder of `tare registry serve`, beside a running server or without one: while a repository is read and pruned nobody gives a name
 * (the lock that `collect` takes). A tag is as old as its file: from when it was pushed last.
 */
export function registryStoragePlace(storage: RegistryStorage): OwnPlace {
  return {
    name: storage.paths.root,
    repositories: () => storage.repositories(),
    read: (repository) => readRepository(storage, storage.repository(repository)),
    exclusively: (work) => withLock(storage.paths.store.lock, work),
    remove: async ({ manifests, state, tags }) => {
      const repository = storage.repository(state.repository);
      for (const { tag } of tags) await repository.removeTag(tag);
      for (const digest of manifests) await repository.removeManifest(digest);
      return { stayed: new Map() };
    },
    collect: async ({ dryRun }) => {
      const { blobs, bytes } = await collect(storage, { dryRun });
      return { blobs, bytes };
    },
  };
}

async function readRepository(storage: RegistryStorage, repository: Repository): Promise<RepositoryState> {
  const graph = new Map<Digest, ReadNode>();
  for (const digest of await repository.manifests()) graph.set(digest, await nodeOf(storage, repository, digest));
  const tags: RetainedTag[] = [];
  for (const tag of await repository.tags()) {
    const digest = await repository.tag(tag);
    // A tag without its manifest was being written, or taken away, when the server was killed; clients do not see it.
    if (digest === undefined) continue;
    const modified = await modifiedAt(join(repositoryPaths(storage.paths, repository.name).tags, tag));
    tags.push({
      repository: repository.name,
      tag,
      digest,
      ...(modified === undefined ? {} : { time: modified / 1000 }),
    });
  }
  return { repository: repository.name, tags, graph, pinned: [] };
}

async function nodeOf(storage: RegistryStorage, repository: Repository, digest: Digest): Promise<ReadNode> {
  try {
    const record = await repository.manifest(digest);
    if (record === undefined) throw new TareError('E_STORE', 'it was deleted meanwhile');
    const { mediaType, size } = record;
    const bytes = await readDocumentBytes({ digest, size }, storage.blobs);
    return await readNode(bytes, { digest, mediaType }, (blob) => storage.blobs.size(blob));
  } catch (error) {
    if (!(error instanceof TareError)) throw error;
    throw new TareError('E_STORE', `manifest ${digest} of ${repository.name} is damaged: ${error.message}`, {
      hint: 'delete it from the registry, or push it again; then try again',
      cause: error,
    });
  }
}
