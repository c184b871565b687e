import type { Digest } from '../../../base/digest.ts';
import { isTareError, TareError } from '../../../base/error.ts';
import { compareBytes } from '../../../base/path.ts';
import { isIndex, isManifest } from '../../../oci/media-types.ts';
import type { Descriptor } from '../../../oci/types.ts';
import { modifiedAt } from '../../../store/files.ts';
import { normalisedName } from '../../../store/names.ts';
import { blobPath, storePaths } from '../../../store/paths.ts';
import { readDocumentBytes } from '../../../store/reachable.ts';
import type { Store, TaggedImage } from '../../../store/types.ts';
import { readNode, type ReadNode } from '../node.ts';
import type { RetainedTag } from '../policy.ts';
import type { OwnPlace, RepositoryState } from './types.ts';

/**
 * The local store. A repository is what its names have before the tag. An image is as old as the file of its manifest: from when it was built,
 * pulled or copied here. What its config says is of no use for that, since images that are the same every time were made in 1970.
 */
export function storePlace(store: Store): OwnPlace {
  return {
    name: 'the store',
    repositories: async () => {
      const names = (await store.images()).map((image) => splitName(image.name)?.repository ?? image.name);
      return [...new Set(names)].sort(compareBytes);
    },
    read: (repository) => readRepository(store, repository),
    exclusively: (work) => work(),
    remove: async ({ tags }) => {
      const stayed = new Map<string, string>();
      for (const { digest, repository, tag } of tags)
        if (!(await store.untag(`${repository}:${tag}`, digest))) stayed.set(tag, 'it was changed meanwhile');
      return { stayed };
    },
    collect: async ({ dryRun }) => {
      const { blobs, bytes } = await store.prune({ dryRun });
      return { blobs, bytes };
    },
  };
}

/** Undefined for what other tools have written without a tag, or as no name at all. */
export function splitName(name: string): { readonly repository: string; readonly tag: string } | undefined {
  if (normalisedName(name) !== name) return undefined;
  const colon = name.lastIndexOf(':');
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1) };
}

async function readRepository(store: Store, repository: string): Promise<RepositoryState> {
  const graph = new Map<Digest, ReadNode>();
  const tags: RetainedTag[] = [];
  const pinned: Digest[] = [];
  for (const image of await store.images()) {
    const named = splitName(image.name);
    if ((named?.repository ?? image.name) !== repository) continue;
    const { digest } = image.descriptor;
    await addImage(store, image, graph);
    const modified = await modifiedAt(blobPath(storePaths(store.home), digest));
    const time = modified === undefined ? {} : { time: modified / 1000 };
    if (named === undefined) pinned.push(digest);
    else tags.push({ ...named, digest, ...time });
  }
  return { repository, tags, graph, pinned };
}

async function addImage(store: Store, image: TaggedImage, graph: Map<Digest, ReadNode>): Promise<void> {
  const waiting: Descriptor[] = [image.descriptor];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (graph.has(next.digest)) continue;
    const node = await nodeOf(store, next);
    if (node === undefined) continue;
    graph.set(node.digest, node);
    waiting.push(...(node.entries ?? []).filter((entry) => isManifest(entry.mediaType) || isIndex(entry.mediaType)));
    if (node.refersTo !== undefined) waiting.push(node.refersTo);
  }
  const top = graph.get(image.descriptor.digest);
  if (top === undefined)
    throw new TareError('E_STORE', `the manifest of ${image.name} is not in the store`, {
      hint: 'take the name away with `tare rm`, then try again',
    });
  // The record of reasons belongs to the name; it goes with the image.
  if (image.evidence !== undefined) graph.set(top.digest, { ...top, blobs: [...top.blobs, image.evidence] });
}

/** Undefined when it is not there: an index may be of more platforms than were copied. */
async function nodeOf(store: Store, descriptor: Descriptor): Promise<ReadNode | undefined> {
  try {
    return await readNode(await readDocumentBytes(descriptor, store.blobs), descriptor, (digest) =>
      store.blobs.size(digest),
    );
  } catch (error) {
    if (isTareError(error, 'E_IMAGE_NOT_FOUND')) return undefined;
    if (!(error instanceof TareError)) throw error;
    throw new TareError('E_STORE', `manifest ${descriptor.digest} is damaged: ${error.message}`, {
      hint: 'take the names that point to it away with `tare rm`, then try again',
      cause: error,
    });
  }
}
