import type { Digest } from '../base/digest.ts';
import { throwIfCancelled } from '../base/context.ts';
import { isTareError, TareError } from '../base/error.ts';
import { isIndex, isManifest } from '../oci/media-types.ts';
import type { BlobSource, Descriptor, Image } from '../oci/types.ts';
import { MAX_MANIFEST_BYTES, parseIndex, parseManifest } from '../oci/validate.ts';
import { fallbackTag, referrerEntry } from './attached.ts';
import { MAX_INDEX_DEPTH, readBlob } from './image.ts';
import type { Bundle, BundleDocument, Found } from './types.ts';
import { referrerList } from './referrer-list.ts';
import { withBytes } from './with-bytes.ts';

/** An index has one manifest per platform, and as many attestations; each may be signed a few times. */
const MAX_DOCUMENTS = 1000;
/** Of all documents together: they are held in memory. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024; // 64 MiB
/** A signature of an SBOM of an image is the third. */
const MAX_REFERRER_DEPTH = 4;

/** One image alone. */
export function bundleOfImage(image: Image): Bundle {
  const { config, manifest } = image.raw;
  return {
    reference: image.reference,
    descriptor: image.descriptor,
    documents: [{ descriptor: image.descriptor, raw: manifest, content: image.manifest }],
    blobs: withBytes(image.blobs, [
      [image.descriptor.digest, manifest],
      [image.manifest.config.digest, config],
    ]),
    ...(image.evidence === undefined ? {} : { evidence: image.evidence }),
  };
}

/**
 * All that a manifest or index leads to: its documents are read and verified, layers and configs are not.
 * @param options.referrers what refers to any of the documents comes along, and what refers to that
 * @throws TareError E_LIMIT for a bomb; E_IMAGE_NOT_FOUND when the source does not have all of it; E_DIGEST, E_SIZE, E_MANIFEST, E_MEDIA_TYPE
 */
export async function gatherBundle(
  found: Found,
  options: { readonly referrers: boolean; readonly signal: AbortSignal },
): Promise<Bundle> {
  const gathered = new Map<Digest, BundleDocument>();
  const reader = documentReader(found.blobs, gathered, options.signal);
  const { digest, mediaType, size } = found.descriptor;
  const descriptor = { mediaType, digest, size };
  await reader(descriptor, 0);
  if (options.referrers) await gatherReferrers(found, gathered, reader);
  const evidence = await found.evidenceOf?.(digest);
  const documents = [...gathered.values()];
  return {
    reference: found.reference,
    descriptor,
    documents,
    blobs: withBytes(
      found.blobs,
      documents.map((item) => [item.descriptor.digest, item.raw]),
    ),
    ...(evidence === undefined ? {} : { evidence }),
  };
}

type Reader = (descriptor: Descriptor, depth: number, tag?: string) => Promise<BundleDocument | undefined>;

/** Reads a document and what it names, into a map in the order in which they may be written. Undefined for what is no document. */
function documentReader(blobs: BlobSource, into: Map<Digest, BundleDocument>, signal: AbortSignal): Reader {
  let bytes = 0;
  const read: Reader = async (given, depth, tag) => {
    const { digest, mediaType, size } = given;
    const named = tag === undefined ? {} : { tag };
    const known = into.get(digest);
    if (known !== undefined) {
      if (tag !== undefined) into.set(digest, { ...known, tag });
      return known;
    }
    if (!isIndex(mediaType) && !isManifest(mediaType)) return undefined;
    if (depth > MAX_INDEX_DEPTH)
      throw new TareError('E_LIMIT', `${digest}: more than ${MAX_INDEX_DEPTH} indexes inside each other`);
    throwIfCancelled(signal);
    bytes += size;
    if (bytes > MAX_DOCUMENT_BYTES || into.size >= MAX_DOCUMENTS)
      throw new TareError(
        'E_LIMIT',
        `the index leads to more than ${MAX_DOCUMENTS} manifests, or to more than ${MAX_DOCUMENT_BYTES} bytes of them`,
      );
    const descriptor = { mediaType, digest, size };
    const raw = await readDocument(blobs, descriptor, depth);
    const content = isIndex(mediaType) ? parseIndex(raw, { mediaType }) : parseManifest(raw, { mediaType });
    if ('manifests' in content) for (const child of content.manifests) await read(child, depth + 1);
    const document = { descriptor, raw, content, ...named };
    into.set(digest, document);
    return document;
  };
  return read;
}

async function readDocument(blobs: BlobSource, descriptor: Descriptor, depth: number): Promise<Uint8Array> {
  try {
    return await readBlob(blobs, descriptor, MAX_MANIFEST_BYTES);
  } catch (error) {
    if (depth === 0 || !isTareError(error, 'E_IMAGE_NOT_FOUND')) throw error;
    throw new TareError('E_IMAGE_NOT_FOUND', `the index names ${descriptor.digest}, which is not there`, {
      hint: 'fetch all platforms again, or copy one of those that are there with --platform',
      cause: error,
    });
  }
}

/** Breadth first. Lists of referrers are anybody's to write: what does not say itself whom it refers to stays behind. */
async function gatherReferrers(found: Found, gathered: Map<Digest, BundleDocument>, read: Reader): Promise<void> {
  let subjects = [...gathered.keys()];
  for (let depth = 0; subjects.length > 0 && depth < MAX_REFERRER_DEPTH; depth++) {
    const fresh: Digest[] = [];
    for (const subject of subjects) {
      const before = new Set(gathered.keys());
      const entries: Descriptor[] = [];
      for (const { descriptor, tag } of (await found.attachedTo?.(subject)) ?? []) {
        const document = await read(descriptor, 1, tag);
        if (document === undefined) continue;
        if (document.content.subject?.digest === subject) entries.push(referrerEntry(descriptor, document.content));
        else if (tag === undefined && !before.has(descriptor.digest)) gathered.delete(descriptor.digest);
      }
      fresh.push(...[...gathered.keys()].filter((digest) => !before.has(digest)));
      if (entries.length === 0) continue;
      const list = referrerList(fallbackTag(subject), entries);
      gathered.set(list.descriptor.digest, list);
    }
    subjects = fresh;
  }
}
