import type { Digest } from '../../../base/digest.ts';
import { isTareError } from '../../../base/error.ts';
import { compareBytes } from '../../../base/path.ts';
import { encodeIndex } from '../../../oci/encode.ts';
import { isIndex, isManifest, OCI_INDEX } from '../../../oci/media-types.ts';
import { parseImageName } from '../../../oci/reference.ts';
import type { Descriptor } from '../../../oci/types.ts';
import type { Store } from '../../../store/types.ts';
import { fallbackTag } from '../../../transports/attached.ts';
import { transportOf, unknownTransport } from '../../../transports/route.ts';
import { RegistryError } from '../errors.ts';
import { compareTags, type Referrer, type Repository } from './repository.ts';
import type { Reached, StoredManifest, StoreGraph } from './store-graph.ts';

const FALLBACK_TAG = /^sha(?:256|512)-[0-9a-f]{64}$/;

/**
 * The names `NAME:…` of the store as a repository. Tags are names of the store; what they lead to is there to be pulled. What is pushed and has no tag yet is in
 * `pending`. Who refers to what is kept as the store keeps it everywhere: in an index under the tag `sha256-HEX`, which the list of tags leaves out.
 */
export function storeRepository(options: {
  readonly store: Store;
  readonly graph: StoreGraph;
  readonly pending: Repository;
}): Repository {
  const { graph, pending, store } = options;
  const { name } = pending;

  const tagsNow = async (): Promise<ReadonlyMap<string, Descriptor>> => (await graph.names()).get(name) ?? new Map();
  const reached = async (): Promise<Reached> => graph.reached((await tagsNow()).values());
  // Asking for the size also keeps it from being pruned before it has a name.
  const isThere = async (digest: Digest): Promise<boolean> => (await store.blobs.size(digest)) !== undefined;

  const stored = async (digest: Digest): Promise<StoredManifest | undefined> => {
    const record = await pending.manifest(digest);
    if (record !== undefined) return graph.read({ ...record, digest });
    return (await reached()).manifests.get(digest);
  };
  const manifest: Repository['manifest'] = async (digest) =>
    (await isThere(digest)) ? (await stored(digest))?.record : undefined;

  /** The list of who refers to a manifest, changed. */
  const editList = async (
    subject: Digest,
    change: (entries: readonly Descriptor[]) => readonly Descriptor[],
  ): Promise<void> => {
    const tag = fallbackTag(subject);
    const list = (await tagsNow()).get(tag);
    const before = list === undefined ? [] : ((await graph.read(list))?.children ?? []);
    const manifests = change(before);
    if (manifests.length === 0) return void (await store.untag(`${name}:${tag}`));
    const bytes = encodeIndex({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
    await store.tag(`${name}:${tag}`, { mediaType: OCI_INDEX, ...(await store.blobs.putBytes(bytes)) });
  };

  /** @throws RegistryError DENIED: a registry would let something go of which the store still has a name */
  const refuseIfNamed = async (
    digest: Digest,
    isIn: (reached: Reached) => boolean,
    but: readonly string[],
  ): Promise<void> => {
    const others = [...(await tagsNow())].filter(([tag]) => !but.includes(tag));
    const holder = await firstThat(others, async ([, root]) => isIn(await graph.reached([root])));
    if (holder !== undefined)
      throw new RegistryError('DENIED', `the store needs it for ${name}:${holder[0]}`, {
        status: 403,
        detail: { digest },
      });
  };

  return {
    ...pending,
    exists: async () => (await tagsNow()).size > 0 || pending.exists(),
    hasBlob: async (digest) =>
      (await isThere(digest)) && ((await pending.hasBlob(digest)) || (await reached()).blobs.has(digest)),
    unlinkBlob: async (digest) => {
      await refuseIfNamed(digest, ({ blobs }) => blobs.has(digest), []);
      return (await isThere(digest)) && pending.unlinkBlob(digest);
    },
    blobs: async () => unique([...(await pending.blobs()), ...(await reached()).blobs]),
    manifest,
    manifests: async () => unique([...(await pending.manifests()), ...(await reached()).manifests.keys()]),
    putManifest: async (digest, record, referrer) => {
      await pending.putManifest(digest, record);
      const { subject } = record;
      if (subject === undefined || referrer === undefined) return;
      await editList(subject, (entries) => [...entries.filter((entry) => entry.digest !== digest), referrer]);
    },
    removeManifest: async (digest) => {
      const found = await manifest(digest);
      if (found === undefined) return false;
      const own = [...(await tagsNow())].flatMap(([tag, root]) => (root.digest === digest ? [tag] : []));
      const list = found.subject === undefined ? [] : [fallbackTag(found.subject)];
      await refuseIfNamed(digest, ({ manifests }) => manifests.has(digest), [...own, ...list]);
      for (const tag of own) await store.untag(`${name}:${tag}`, digest);
      if (found.subject !== undefined)
        await editList(found.subject, (entries) => entries.filter((entry) => entry.digest !== digest));
      await pending.removeManifest(digest);
      return true;
    },
    tag: async (tag) => {
      const digest = (await tagsNow()).get(tag)?.digest;
      return digest === undefined || (await manifest(digest)) === undefined ? undefined : digest;
    },
    setTag: async (tag, digest) => {
      const found = await manifest(digest);
      if (found === undefined) throw new Error('a tag is set when its manifest is there');
      // The same again would lose the record of reasons that the name has.
      if ((await tagsNow()).get(tag)?.digest === digest) return;
      await store.tag(`${name}:${tag}`, { mediaType: found.mediaType, digest, size: found.size });
    },
    removeTag: (tag) => store.untag(`${name}:${tag}`),
    tags: async () => [...(await tagsNow()).keys()].filter((tag) => !FALLBACK_TAG.test(tag)).sort(compareTags),
    referrers: async (subject) => {
      const list = (await tagsNow()).get(fallbackTag(subject));
      const entries = list === undefined ? [] : ((await graph.read(list))?.children ?? []);
      const found: Referrer[] = [];
      for (const { digest } of entries) {
        const referrer = (await isThere(digest)) ? await stored(digest) : undefined;
        // Such a list is anybody's to write.
        if (referrer?.record.subject !== subject) continue;
        const { annotations, record } = referrer;
        const { subject: _subject, ...kind } = record;
        found.push({ ...kind, digest, ...(annotations === undefined ? {} : { annotations }) });
      }
      return found.sort((a, b) => compareBytes(a.digest, b.digest));
    },
  };
}

/** Before anything is written. @throws RegistryError when the store can have no such name, or does not keep such a manifest */
export function checkStorable(repository: string, tags: readonly string[], mediaType: string): void {
  if (!isManifest(mediaType) && !isIndex(mediaType))
    throw new RegistryError('MANIFEST_INVALID', `the store keeps images and indexes, not ${mediaType}`, {
      status: 400,
    });
  for (const tag of ['latest', ...tags]) {
    const name = `${repository}:${tag}`;
    if (isStoreName(name)) continue;
    throw new RegistryError('NAME_INVALID', 'the store can have no image of this name', {
      status: 400,
      detail: { name },
    });
  }
}

function isStoreName(name: string): boolean {
  if (transportOf(name) !== undefined || unknownTransport(name) !== undefined) return false;
  try {
    return parseImageName(name) === name;
  } catch (error) {
    if (isTareError(error, 'E_REFERENCE')) return false;
    throw error;
  }
}

async function firstThat<T>(items: readonly T[], test: (item: T) => Promise<boolean>): Promise<T | undefined> {
  for (const item of items) if (await test(item)) return item;
  return undefined;
}

const unique = (digests: readonly Digest[]): Digest[] => [...new Set(digests)].sort(compareBytes);
