import type { Digest } from '../base/digest.ts';
import { TareError } from '../base/error.ts';
import { collectBytes, verified } from '../base/streams.ts';
import { attachedTo } from '../oci/attached-tag.ts';
import { evidenceOfAnnotations } from '../oci/evidence-annotation.ts';
import { isIndex, isManifest } from '../oci/media-types.ts';
import type { BlobSource, Descriptor, ImageIndex, Manifest } from '../oci/types.ts';
import { MAX_MANIFEST_BYTES, parseIndex, parseManifest } from '../oci/validate.ts';
import { tagOfEntry } from './names.ts';
import type { BlobStore } from './types.ts';

/**
 * The names of a store that something needs: all but lists of referrers, signatures and the like (`NAME:sha256-HEX`, `….sig`) of manifests to which no other name
 * leads any more. What belongs to a manifest that is not there stays: somebody has fetched it for its own sake.
 * @throws TareError as `reachableBlobs`
 */
export async function neededEntries(index: ImageIndex, blobs: BlobStore): Promise<ImageIndex> {
  const subjects = new Map<Descriptor, Digest>();
  for (const entry of index.manifests) {
    const subject = attachedTo(tagOfEntry(entry));
    if (subject !== undefined && (await blobs.size(subject)) !== undefined) subjects.set(entry, subject);
  }
  let waiting = [...subjects.keys()];
  const needed = new Set(index.manifests.filter((entry) => !subjects.has(entry)));
  // A signature of an SBOM of an image: until nothing is added.
  for (;;) {
    const reached = await reachableBlobs({ ...index, manifests: [...needed] }, blobs);
    const more = waiting.filter((entry) => reached.has(subjects.get(entry) as Digest));
    if (more.length === 0) break;
    for (const entry of more) needed.add(entry);
    waiting = waiting.filter((entry) => !needed.has(entry));
  }
  return { ...index, manifests: index.manifests.filter((entry) => needed.has(entry)) };
}

/**
 * Every blob that the entries of an index lead to: themselves, manifests in manifests to any depth, configs, layers, subjects, records of
 * reasons. A manifest that is named but not there (an index copied for one platform only) leads nowhere.
 * @throws TareError E_STORE when a manifest is damaged: what belongs to it cannot be known then
 */
export async function reachableBlobs(index: ImageIndex, blobs: BlobSource): Promise<Set<Digest>> {
  const found = new Set<Digest>();
  const waiting: Descriptor[] = [...index.manifests, ...(index.subject === undefined ? [] : [index.subject])];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const evidence = evidenceOfAnnotations(next.annotations);
    if (evidence !== undefined) found.add(evidence.digest);
    if (found.has(next.digest)) continue;
    found.add(next.digest);
    if (isManifest(next.mediaType) || isIndex(next.mediaType)) waiting.push(...(await childrenOf(next, blobs)));
  }
  return found;
}

async function childrenOf(descriptor: Descriptor, blobs: BlobSource): Promise<readonly Descriptor[]> {
  try {
    const document = await readDocument(descriptor, blobs);
    const subject = document.subject === undefined ? [] : [document.subject];
    return 'manifests' in document
      ? [...document.manifests, ...subject]
      : [document.config, ...document.layers, ...subject];
  } catch (error) {
    if (!(error instanceof TareError)) throw error;
    if (error.code === 'E_IMAGE_NOT_FOUND') return [];
    throw new TareError('E_STORE', `manifest ${descriptor.digest} is damaged: ${error.message}`, {
      hint: 'take the names that point to it away with `tare rm`, then try again',
      cause: error,
    });
  }
}

/** A manifest or index, verified. @throws TareError E_IMAGE_NOT_FOUND, E_DIGEST, E_SIZE, E_LIMIT, E_MANIFEST, E_MEDIA_TYPE */
export async function readDocument(descriptor: Descriptor, blobs: BlobSource): Promise<Manifest | ImageIndex> {
  const bytes = await readDocumentBytes(descriptor, blobs);
  const { mediaType } = descriptor;
  return isIndex(mediaType) ? parseIndex(bytes, { mediaType }) : parseManifest(bytes, { mediaType });
}

/** @throws TareError E_IMAGE_NOT_FOUND, E_DIGEST, E_SIZE, E_LIMIT */
export async function readDocumentBytes(
  descriptor: Pick<Descriptor, 'digest' | 'size'>,
  blobs: BlobSource,
): Promise<Uint8Array> {
  const source = verified(blobs.open({ mediaType: '', ...descriptor }), descriptor);
  return collectBytes(source, MAX_MANIFEST_BYTES, `manifest ${descriptor.digest}`);
}
