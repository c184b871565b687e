import { readdir, rm, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDigest, type Digest } from '../../../base/digest.ts';
import { errnoOf, TareError } from '../../../base/error.ts';
import { compareBytes } from '../../../base/path.ts';
import type { Annotations, Descriptor } from '../../../oci/types.ts';
import { flushFolder, makeFolder, namesIfThere, readIfThere, replaceFile } from '../../../store/files.ts';
import { digestOfFile, fileOfDigest, repositoryOfFolder, repositoryPaths, type RegistryPaths } from './paths.ts';

/** What a repository remembers of a manifest beside its bytes, which are a blob. */
export interface ManifestRecord {
  readonly mediaType: string;
  /** In bytes. */
  readonly size: number;
  readonly artifactType?: string;
  readonly subject?: Digest;
}

/** A manifest that names a subject, as the referrers API shows it. */
export type Referrer = Pick<Descriptor, 'mediaType' | 'digest' | 'size'> & {
  readonly artifactType?: string;
  readonly annotations?: Annotations;
};

/** The small files of one repository. Each is written beside and renamed: readers see the old or the new one. */
export interface Repository {
  readonly name: string;
  /** Whether anything was ever pushed to it. */
  exists(): Promise<boolean>;
  hasBlob(digest: Digest): Promise<boolean>;
  /** The blob itself must be there. */
  linkBlob(digest: Digest): Promise<void>;
  /** @returns false when it was not there */
  unlinkBlob(digest: Digest): Promise<boolean>;
  blobs(): Promise<Digest[]>;
  manifest(digest: Digest): Promise<ManifestRecord | undefined>;
  manifests(): Promise<Digest[]>;
  /** The bytes must be in the blob store. `referrer`: what its subject is told of it. */
  putManifest(digest: Digest, record: ManifestRecord, referrer?: Referrer): Promise<void>;
  /** With its tags. @returns false when it was not there */
  removeManifest(digest: Digest): Promise<boolean>;
  /** What a tag points to; the manifest is there. */
  tag(name: string): Promise<Digest | undefined>;
  setTag(name: string, digest: Digest): Promise<void>;
  removeTag(name: string): Promise<boolean>;
  /** In the order of the distribution spec: without regard to case, then by bytes. */
  tags(): Promise<string[]>;
  /** In the order of their digests. */
  referrers(subject: Digest): Promise<Referrer[]>;
}

export function openRepository(paths: RegistryPaths, name: string): Repository {
  const own = repositoryPaths(paths, name);
  const write = (target: string, text: string): Promise<void> => replaceFile(paths.store, target, text);

  const digestsIn = async (folder: string): Promise<Digest[]> =>
    (await namesIfThere(folder)).flatMap((file) => digestOfFile(file) ?? []);
  const manifest = async (digest: Digest): Promise<ManifestRecord | undefined> =>
    readRecord<ManifestRecord>(join(own.manifests, fileOfDigest(digest)));
  const tagged = async (tag: string): Promise<Digest | undefined> => {
    const text = (await readIfThere(join(own.tags, tag)))?.toString('latin1').trim();
    return text !== undefined && isDigest(text) ? text : undefined;
  };
  const tagNames = async (): Promise<string[]> => (await namesIfThere(own.tags)).sort(compareTags);

  return {
    name,
    exists: async () => (await namesIfThere(own.folder)).length > 0,
    hasBlob: async (digest) => (await readIfThere(join(own.blobs, fileOfDigest(digest)))) !== undefined,
    linkBlob: async (digest) => {
      await makeFolder(own.blobs);
      const link = join(own.blobs, fileOfDigest(digest));
      await writeFile(link, '');
      // Its age decides whether `collect` may take it.
      await utimes(link, new Date(), new Date());
    },
    unlinkBlob: (digest) => removed(join(own.blobs, fileOfDigest(digest))),
    blobs: () => digestsIn(own.blobs),
    manifest,
    manifests: () => digestsIn(own.manifests),
    putManifest: async (digest, record, referrer) => {
      await makeFolder(own.manifests);
      await makeFolder(own.blobs);
      // The links of its blobs were not flushed one by one.
      await flushFolder(own.blobs);
      if (record.subject !== undefined && referrer !== undefined) {
        const folder = join(own.referrers, fileOfDigest(record.subject));
        await makeFolder(folder);
        await write(join(folder, fileOfDigest(digest)), JSON.stringify(referrer));
      }
      await write(join(own.manifests, fileOfDigest(digest)), JSON.stringify(record));
    },
    removeManifest: async (digest) => {
      const record = await manifest(digest);
      if (record === undefined) return false;
      // First what points to it: whoever is interrupted leaves a manifest without tags, never a tag without a manifest.
      for (const tag of await tagNames()) if ((await tagged(tag)) === digest) await removed(join(own.tags, tag));
      await removed(join(own.manifests, fileOfDigest(digest)));
      if (record.subject !== undefined) {
        const folder = join(own.referrers, fileOfDigest(record.subject));
        await removed(join(folder, fileOfDigest(digest)));
        if ((await namesIfThere(folder)).length === 0) await rm(folder, { recursive: true, force: true });
      }
      return true;
    },
    tag: async (tag) => {
      const digest = await tagged(tag);
      return digest === undefined || (await manifest(digest)) === undefined ? undefined : digest;
    },
    setTag: async (tag, digest) => {
      await makeFolder(own.tags);
      await write(join(own.tags, tag), digest);
    },
    removeTag: (tag) => removed(join(own.tags, tag)),
    tags: tagNames,
    referrers: async (subject) => {
      const folder = join(own.referrers, fileOfDigest(subject));
      const found: Referrer[] = [];
      for (const digest of await digestsIn(folder)) {
        const referrer = await readRecord<Referrer>(join(folder, fileOfDigest(digest)));
        // One without its manifest was being written, or taken away, when the server was killed.
        if (referrer !== undefined && (await manifest(digest)) !== undefined) found.push(referrer);
      }
      return found;
    },
  };
}

/** "The tags MUST be in lexical order (i.e. case-insensitive alphanumeric order)": distribution-spec 1.1, "Listing tags". */
export function compareTags(a: string, b: string): number {
  return compareBytes(a.toLowerCase(), b.toLowerCase()) || compareBytes(a, b);
}

async function readRecord<T>(file: string): Promise<T | undefined> {
  const bytes = await readIfThere(file);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8')) as T;
  } catch (error) {
    throw new TareError('E_STORE', `${file} is damaged: ${(error as Error).message}`, { cause: error });
  }
}

async function removed(file: string): Promise<boolean> {
  try {
    await unlink(file);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** All repositories, in byte order of their names. */
export async function listRepositories(paths: RegistryPaths): Promise<string[]> {
  try {
    const names = await readdir(paths.repositories);
    return names.map(repositoryOfFolder).sort(compareBytes);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
