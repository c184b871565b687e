import { resolve } from 'node:path';
import { TareError } from '../base/error.ts';
import { compareBytes } from '../base/path.ts';
import { parseImageName } from '../oci/reference.ts';
import type { Descriptor } from '../oci/types.ts';
import { createBlobStore } from './blob-store.ts';
import { editIndexJson, readIndexJson } from './index-json.ts';
import type { LayerCacheOptions } from './layer-cache-options.ts';
import type { LayerCache } from './layer-cache.ts';
import { makeLayout } from './layout.ts';
import { createLeases } from './leases.ts';
import { entryOfImage, imageOfEntry, nameOfEntry, normalisedName } from './names.ts';
import { storePaths } from './paths.ts';
import { prune } from './prune.ts';
import type { BlobStore, Store, TaggedImage } from './types.ts';

export { defaultHome } from './home.ts';

/**
 * The store in a folder. The folder is a valid OCI image layout; it is made by the first write, and while it is not there the store is
 * empty. Opening reads and writes nothing.
 */
export async function openStore(options: { readonly home: string }): Promise<Store> {
  const home = resolve(options.home);
  const paths = storePaths(home);
  let made: Promise<void> | undefined;
  const leases = createLeases(paths);

  const prepare = (): Promise<void> => {
    made ??= makeLayout(paths).catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
  const blobs = createBlobStore({ paths, prepare, hold: (digest) => leases.hold(digest) });
  const images = async (): Promise<TaggedImage[]> => {
    const named = new Map<string, TaggedImage>();
    // The first entry of a name counts, as other tools read it.
    for (const entry of (await readIndexJson(paths)).manifests)
      if (!named.has(nameOfEntry(entry))) named.set(nameOfEntry(entry), imageOfEntry(entry));
    return [...named.values()].sort((a, b) => compareBytes(a.name, b.name));
  };

  return {
    home,
    blobs,
    images,
    find: async (name) => {
      const all = await images();
      const wanted = [name, normalisedName(name)];
      return wanted.flatMap((text) => all.find((image) => image.name === text) ?? [])[0];
    },
    tag: async (name, descriptor, evidence) => {
      const full = parseImageName(name);
      await prepare();
      await editIndexJson(paths, async (index) => {
        await requireBlobs(blobs, evidence === undefined ? [descriptor] : [descriptor, evidence]);
        const entry = entryOfImage({ name: full, descriptor, ...(evidence === undefined ? {} : { evidence }) });
        return { ...index, manifests: [...index.manifests.filter((item) => nameOfEntry(item) !== full), entry] };
      });
    },
    untag: async (name, digest) => {
      let found = false;
      if ((await readIndexJson(paths)).manifests.length === 0) return false;
      await prepare();
      await editIndexJson(paths, async (index) => {
        const exact = index.manifests.some((item) => nameOfEntry(item) === name) ? name : normalisedName(name);
        const named = index.manifests.find((item) => nameOfEntry(item) === exact);
        if (digest !== undefined && named?.digest !== digest) return undefined;
        const manifests = index.manifests.filter((item) => nameOfEntry(item) !== exact);
        found = manifests.length < index.manifests.length;
        return found ? { ...index, manifests } : undefined;
      });
      return found;
    },
    prune: ({ dryRun = false } = {}) => prune({ paths, blobs, prepare, dryRun }),
    lease: async () => {
      await prepare();
      return leases.take();
    },
    ...layerQuestions({ home, blobs }),
  };
}

/** The same store for who only looks: caches are not written, and no lease is taken. What is asked for all the same (names, blobs) works. */
export function frozenStore(store: Store): Store {
  return {
    ...store,
    lease: () => Promise.resolve({ release: () => Promise.resolve() }),
    ...layerQuestions({ home: store.home, blobs: store.blobs, frozen: true }),
  };
}

type LayerQuestions = LayerCache & Pick<Store, 'layerHeaders' | 'recall' | 'remember'>;

/** What decompresses and reads layers is loaded when a layer is asked for: most commands never do. */
function layerQuestions(options: LayerCacheOptions): LayerQuestions {
  const cache = once(async () => (await import('./layer-cache.ts')).createLayerCache(options));
  const layerIndex: LayerCache['layerIndex'] = async (...asked) => (await cache()).layerIndex(...asked);
  const headers = once(async () => (await import('./layer-headers.ts')).createHeaderReader({ ...options, layerIndex }));
  const answers = once(async () => (await import('./answers.ts')).createAnswers(options));
  return {
    layerIndex,
    putLayerIndex: async (...given) => (await cache()).putLayerIndex(...given),
    layerTar: async (...asked) => (await cache()).layerTar(...asked),
    layerHeaders: async (...asked) => (await headers())(...asked),
    recall: async (question) => (await answers()).recall(question),
    remember: async (question, answer) => (await answers()).remember(question, answer),
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

async function requireBlobs(blobs: BlobStore, descriptors: readonly Descriptor[]): Promise<void> {
  for (const { digest, size } of descriptors) {
    const found = await blobs.size(digest);
    if (found === undefined)
      throw new TareError('E_IMAGE_NOT_FOUND', `blob ${digest} is not in the store ${blobs.root}`, {
        hint: 'fetch or build the image again',
      });
    if (found !== size)
      throw new TareError('E_SIZE', `blob ${digest} has ${found} bytes, its descriptor promises ${size}`);
  }
}
