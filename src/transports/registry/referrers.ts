import { sha256, type Digest } from '../../base/digest.ts';
import { isTareError, TareError } from '../../base/error.ts';
import { collectBytes } from '../../base/streams.ts';
import { encodeIndex } from '../../oci/encode.ts';
import { isIndex, OCI_INDEX } from '../../oci/media-types.ts';
import type { Descriptor, ImageIndex } from '../../oci/types.ts';
import { MAX_MANIFEST_BYTES, parseIndex, parseManifest } from '../../oci/validate.ts';
import { fallbackTag, referrerEntry } from '../attached.ts';
import { pulling } from './auth/scope.ts';
import { getManifest, headManifest, type Place } from './manifests.ts';
import { nextPage } from './pages.ts';
import type { RegistryClient } from './types.ts';

const MAX_PAGES = 100;
const MAX_REFERRERS = 10_000;

/**
 * What refers to a manifest (distribution-spec, "Listing Referrers"), of one artifact type or of all. An empty list when there is none, or when what is
 * under the fallback tag is no index.
 */
export async function listReferrers(
  place: Place,
  digest: Digest,
  artifactType: string | undefined,
): Promise<readonly Descriptor[]> {
  const found = (await fromApi(place, digest, artifactType)) ?? (await fromTag(place, digest));
  return found.filter((item) => artifactType === undefined || item.artifactType === artifactType);
}

/** Undefined where the registry does not know the call. */
async function fromApi(
  place: Place,
  digest: Digest,
  artifactType: string | undefined,
): Promise<readonly Descriptor[] | undefined> {
  if (place.withoutReferrers.has(place.repository)) return undefined;
  const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`;
  let target = await place.connection.address(`${place.repository}/referrers/${digest}${query}`, place.signal);
  const found: Descriptor[] = [];
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await place.connection.request({
      method: 'GET',
      target,
      headers: { accept: OCI_INDEX },
      scopes: pulling(place.repository),
      accept: [200, 400, 404, 405, 501],
      what: `referrers of ${digest} in ${place.repository}`,
      signal: place.signal,
    });
    // Older registries send anything at all for a path that they do not know.
    if (answer.status !== 200 || !(answer.header('content-type') ?? '').startsWith(OCI_INDEX)) {
      answer.discard();
      if (page > 0) return found;
      place.withoutReferrers.add(place.repository);
      return undefined;
    }
    const what = `the referrers of ${digest}`;
    found.push(...parseIndex(await collectBytes(answer.body, MAX_MANIFEST_BYTES, what)).manifests);
    if (found.length > MAX_REFERRERS)
      throw new TareError('E_LIMIT', `${place.registry} lists more than ${MAX_REFERRERS} referrers of ${digest}`);
    const next = nextPage(answer);
    if (next === undefined) return found;
    target = next;
  }
  throw new TareError('E_LIMIT', `${place.registry} lists referrers of ${digest} in more than ${MAX_PAGES} pages`);
}

async function fromTag(place: Place, digest: Digest): Promise<readonly Descriptor[]> {
  const tag = fallbackTag(digest);
  // Asking without taking is free where pulls are counted.
  const head = await headManifest(place, tag);
  return head === undefined || !isIndex(head.mediaType) ? [] : (await indexAt(place, tag)).manifests;
}

const EMPTY: ImageIndex = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };

/** What is no index, or is gone, is as good as none. */
async function indexAt(place: Place, tag: string): Promise<ImageIndex> {
  try {
    const { bytes, mediaType } = await getManifest(place, tag);
    return isIndex(mediaType) ? parseIndex(bytes, { mediaType }) : EMPTY;
  } catch (error) {
    if (['E_IMAGE_NOT_FOUND', 'E_MANIFEST', 'E_MEDIA_TYPE'].some((code) => isTareError(error, code as 'E_MANIFEST')))
      return EMPTY;
    throw error;
  }
}

/** Attempts to write the fallback tag when others write it too. */
const MAX_WRITES = 5;

/**
 * Puts a manifest or index under a tag, or under its digest where no reference is given. One that has a `subject` is also written into the index under the
 * subject's fallback tag, unless the registry has noted it by itself (distribution-spec, "Pushing Manifests with Subject").
 * @returns it as the list of referrers names it
 * @throws TareError E_REGISTRY when others keep on changing that tag; E_MANIFEST; what putting manifests throws
 */
export async function putWithSubject(
  client: RegistryClient,
  repository: string,
  document: { readonly bytes: Uint8Array; readonly mediaType: string; readonly reference?: string },
  signal?: AbortSignal,
): Promise<Descriptor> {
  const { bytes, mediaType } = document;
  const parsed = isIndex(mediaType) ? parseIndex(bytes, { mediaType }) : parseManifest(bytes, { mediaType });
  const digest = sha256(bytes);
  const stored = await client.putManifest(repository, document.reference ?? digest, { bytes, mediaType }, signal);
  const descriptor = referrerEntry({ mediaType, digest, size: bytes.length }, parsed);
  const subject = parsed.subject?.digest;
  if (subject !== undefined && stored.subject === undefined)
    await noteByTag(client, repository, subject, descriptor, signal);
  return descriptor;
}

/** Reads, adds, writes, and looks whether somebody else has written meanwhile: there is no better way in the protocol. */
async function noteByTag(
  client: RegistryClient,
  repository: string,
  subject: Digest,
  descriptor: Descriptor,
  signal: AbortSignal | undefined,
): Promise<void> {
  const tag = fallbackTag(subject);
  for (let write = 0; write < MAX_WRITES; write++) {
    const index = await clientIndex(client, repository, tag, signal);
    if (index.manifests.some((item) => item.digest === descriptor.digest)) return;
    const bytes = encodeIndex({ ...index, manifests: [...index.manifests, descriptor] });
    await client.putManifest(repository, tag, { bytes, mediaType: OCI_INDEX }, signal);
  }
  throw new TareError('E_REGISTRY', `somebody keeps on changing ${repository}:${tag} in ${client.registry}`);
}

async function clientIndex(
  client: RegistryClient,
  repository: string,
  tag: string,
  signal: AbortSignal | undefined,
): Promise<ImageIndex> {
  const head = await client.headManifest(repository, tag, signal);
  if (head === undefined || !isIndex(head.mediaType)) return EMPTY;
  const { bytes, mediaType } = await client.getManifest(repository, tag, signal);
  return { ...parseIndex(bytes, { mediaType }), mediaType: OCI_INDEX };
}
