import { join } from 'node:path';
import { algorithmOf, hexOf, isDigest, type Digest } from '../../../base/digest.ts';
import { storePaths, type StorePaths } from '../../../store/paths.ts';

/**
 * Where everything is below the storage folder. `blobs/` is shared by all repositories; a repository holds small files only: which blobs and
 * manifests are its own, what its tags point to, who refers to what.
 */
export interface RegistryPaths {
  readonly root: string;
  /** The blobs, temporary files and lock, as the local store has them. */
  readonly store: StorePaths;
  /** Says that the folder is a registry's, and of which layout. */
  readonly marker: string;
  readonly repositories: string;
  /** Uploads that are not complete: `ID/REPOSITORY` holds the bytes so far. A server that starts goes on with those that are young. */
  readonly uploads: string;
  /** Held by the one server that may write. */
  readonly serving: string;
}

export function registryPaths(root: string): RegistryPaths {
  const store = storePaths(root);
  return {
    root,
    store,
    marker: join(root, 'registry.json'),
    repositories: join(root, 'repositories'),
    uploads: join(root, 'uploads'),
    serving: join(store.own, 'serving'),
  };
}

export interface RepositoryPaths {
  readonly folder: string;
  /** An empty file for each blob that the repository has. */
  readonly blobs: string;
  readonly manifests: string;
  readonly tags: string;
  /** A folder for each subject, a file for each manifest that names it. */
  readonly referrers: string;
}

/** `name` follows the grammar of repositories, in which no part of a path can hide; `+` is not in it, and stands for the slash. */
export function repositoryPaths(paths: RegistryPaths, name: string): RepositoryPaths {
  const folder = join(paths.repositories, folderOfRepository(name));
  return {
    folder,
    blobs: join(folder, 'blobs'),
    manifests: join(folder, 'manifests'),
    tags: join(folder, 'tags'),
    referrers: join(folder, 'referrers'),
  };
}

export const folderOfRepository = (name: string): string => name.replaceAll('/', '+');

export const repositoryOfFolder = (name: string): string => name.replaceAll('+', '/');

export const fileOfDigest = (digest: Digest): string => `${algorithmOf(digest)}-${hexOf(digest)}`;

/** Undefined for files that are none of ours. */
export function digestOfFile(name: string): Digest | undefined {
  const digest = name.replace('-', ':');
  return isDigest(digest) ? digest : undefined;
}
