import { isDigest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import { pulling } from './auth/scope.ts';
import { deleteBlob, hasBlob, readBlob } from './blobs.ts';
import { deleteManifest, getManifest, headManifest, putManifest, type Place } from './manifests.ts';
import { addressesOf, isElsewhere } from './elsewhere.ts';
import { listNames } from './pages.ts';
import { createPlaces } from './places.ts';
import { listReferrers } from './referrers.ts';
import { Fault } from './retry.ts';
import type { RegistryClient, RegistryOptions } from './types.ts';
import { uploadBlob } from './upload.ts';

/**
 * A client for one registry. Nothing is sent before the first call; connections are kept open for the next one, and keep no process alive.
 * @param registry host[:port] as in references; `docker.io` is Docker Hub
 * @throws TareError E_TOML for a registries.conf that cannot be read
 */
export async function openRegistry(registry: string, options: RegistryOptions): Promise<RegistryClient> {
  const places = await createPlaces(registry, options);
  const placesFor = places.for;
  const wishOf = (reference: string): 'tag' | 'digest' => (isDigest(reference) ? 'digest' : 'tag');

  /** The registry itself, for everything that changes it. */
  const own = <T>(
    repository: string,
    signal: AbortSignal | undefined,
    work: (place: Place) => Promise<T>,
  ): Promise<T> => told(() => work(placesFor(repository, undefined, signal).at(-1) as Place));

  /** Blobs that are known to be there, or are on their way: of images that share a layer it is sent once. */
  const sent = new Map<string, Promise<boolean>>();
  const sendOnce: RegistryClient['uploadBlob'] = async (repository, blob, signal) => {
    const key = `${repository} ${blob.descriptor.digest}`;
    for (let before = sent.get(key); before !== undefined; before = sent.get(key)) {
      if (await before) return 'existed';
      if (sent.get(key) === before) sent.delete(key);
    }
    const sending = own(repository, signal, (place) => uploadBlob(place, blob));
    sent.set(
      key,
      sending.then(
        () => true,
        () => false,
      ),
    );
    return sending;
  };

  return {
    registry,
    getManifest: (repository, reference, signal) =>
      firstThatHas(placesFor(repository, wishOf(reference), signal), (place) => getManifest(place, reference)),
    headManifest: (repository, reference, signal) => own(repository, signal, (place) => headManifest(place, reference)),
    putManifest: (repository, reference, manifest, signal) =>
      own(repository, signal, (place) => putManifest(place, reference, manifest)),
    deleteManifest: (repository, reference, signal) =>
      own(repository, signal, (place) => deleteManifest(place, reference)),
    blob: (repository, descriptor, given = {}) =>
      blobOfFirst(
        [
          ...(isElsewhere(descriptor) ? addressesOf(descriptor).map((url) => places.at(url, given.signal)) : []),
          ...placesFor(repository, 'digest', given.signal),
        ],
        (place) => readBlob(place, descriptor, given),
      ),
    hasBlob: (repository, digest, signal) => own(repository, signal, (place) => hasBlob(place, digest)),
    uploadBlob: sendOnce,
    deleteBlob: (repository, digest, signal) => {
      sent.delete(`${repository} ${digest}`);
      return own(repository, signal, (place) => deleteBlob(place, digest));
    },
    tags: (repository, signal) =>
      toldEach(() =>
        listNames(placesFor(repository, undefined, signal).at(-1) as Place, {
          path: `${repositoryAt(placesFor(repository, undefined))}/tags/list`,
          member: 'tags',
          scopes: pulling(repository),
          what: `tags of ${repository}`,
        }),
      ),
    repositories: (signal) =>
      toldEach(() =>
        listNames(placesFor('', undefined, signal).at(-1) as Place, {
          path: '_catalog',
          member: 'repositories',
          scopes: [],
          what: 'the list of repositories',
        }),
      ),
    referrers: (repository, digest, artifactType, signal) =>
      firstThatHas(placesFor(repository, 'digest', signal), (place) => listReferrers(place, digest, artifactType)),
  };
}

const repositoryAt = (places: readonly Place[]): string => places.at(-1)?.repository ?? '';

/** What a mirror may fail with so that the next one is asked. */
const NEXT = new Set(['E_IMAGE_NOT_FOUND', 'E_SIZE', 'E_REGISTRY', 'E_TLS', 'E_AUTH', 'E_DENIED', 'E_RATE_LIMIT']);

async function firstThatHas<T>(places: readonly Place[], work: (place: Place) => Promise<T>): Promise<T> {
  for (const place of places.slice(0, -1)) {
    try {
      return await told(() => work(place));
    } catch (error) {
      if (!(error instanceof TareError) || !NEXT.has(error.code)) throw error;
    }
  }
  return told(() => work(places.at(-1) as Place));
}

/** From the first place that begins to send it; then it is that place's to bring it to its end. */
async function* blobOfFirst(
  places: readonly Place[],
  open: (place: Place) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for (const [index, place] of places.entries()) {
    let begun = false;
    try {
      for await (const chunk of open(place)) {
        begun = true;
        yield chunk;
      }
      return;
    } catch (error) {
      const failure = error instanceof Fault ? error.error : error;
      const isLast = index === places.length - 1;
      if (begun || isLast || !(failure instanceof TareError) || !NEXT.has(failure.code)) throw failure;
    }
  }
}

/** A Fault is for those who try again; whoever calls us gets its error. */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Fault ? error.error : error;
  }
}

async function* toldEach<T>(work: () => AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* work();
  } catch (error) {
    throw error instanceof Fault ? error.error : error;
  }
}
