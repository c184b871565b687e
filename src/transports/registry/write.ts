import { mapLimit } from '../../base/concurrency.ts';
import type { Context } from '../../base/events.ts';
import type { Descriptor } from '../../oci/types.ts';
import { fallbackTag } from '../attached.ts';
import { contentOf, together, transfer, transferMeter } from '../blobs.ts';
import type { Bundle, BundleDocument, Lacking, Written } from '../types.ts';
import { isElsewhere } from './elsewhere.ts';
import { putEvidence } from './evidence.ts';
import type { Landed } from './landed.ts';
import type { RegistryPlace } from './place-of.ts';
import { putWithSubject } from './referrers.ts';
import type { RegistryClient } from './types.ts';

/** Questions on their way at once. */
const PARALLEL_QUESTIONS = 6;

/**
 * Puts a bundle into a repository: layers, then configs, then manifests and indexes, children first, of which one gets the name; then the record of
 * reasons. What is there is not sent again; what another repository of the same registry has is mounted.
 * @param options.landed of several writes that go on at a time
 */
export async function writeToRegistry(
  client: RegistryClient,
  bundle: Bundle,
  place: RegistryPlace,
  { ctx, landed }: { readonly ctx: Context; readonly landed?: Landed | undefined },
): Promise<Omit<Written, 'reference'>> {
  const { repository } = place;
  const { signal } = ctx;
  const mountFrom = mountSource(bundle, place);
  const documents = documentsFor(bundle);
  const missing = await missingDocuments(client, bundle, place, signal);
  const groups = contentOf(missing, undefined).map((group) => group.filter((blob) => !isElsewhere(blob)));
  const meter = transferMeter(groups.flat(), ctx);
  const all =
    contentOf(documents, undefined)
      .flat()
      .filter((blob) => !isElsewhere(blob)).length + documents.length;
  const count = { bytes: 0, blobs: 0, reused: all - groups.flat().length - missing.length };
  const tell = (bytes: number): void => {
    count.bytes += bytes;
    if (bytes > 0) count.blobs += 1;
    else count.reused += 1;
  };
  const send = async (descriptor: Descriptor, within: Context): Promise<void> => {
    const open = (): AsyncIterable<Uint8Array> =>
      meter.through(transfer(bundle.blobs.open(descriptor), descriptor, within), descriptor);
    const upload = (other: string | undefined): Promise<'existed' | 'mounted' | 'uploaded'> => {
      const from = mountFrom ?? other;
      const blob = { descriptor, open, ...(from === undefined ? {} : { mountFrom: from }) };
      return client.uploadBlob(repository, blob, within.signal);
    };
    const { digest } = descriptor;
    const done = await (landed === undefined
      ? upload(undefined)
      : landed.bring({ registry: place.registry, repository, digest }, upload));
    if (done !== 'uploaded') meter.skip(descriptor);
    tell(done === 'uploaded' ? descriptor.size : 0);
  };

  for (const group of groups) await together(group, ctx, send);
  for (const document of missing) {
    const { descriptor, raw: bytes } = document;
    const { mediaType, size } = descriptor;
    const reference = nameOf(document, bundle, place);
    await putWithSubject(client, repository, { bytes, mediaType, reference }, signal);
    tell(size);
  }
  const { descriptor, evidence } = bundle;
  if (evidence !== undefined)
    tell(await putEvidence(client, { ...bundle, evidence }, { repository, mountFrom }, signal));
  return { digest: descriptor.digest, ...count };
}

/** Asks for everything and sends nothing. */
export async function lackingInRegistry(
  client: RegistryClient,
  bundle: Bundle,
  place: RegistryPlace,
  signal: AbortSignal,
): Promise<Lacking> {
  const missing = await missingDocuments(client, bundle, place, signal);
  const content = contentOf(missing, bundle.evidence)
    .flat()
    .filter((blob) => !isElsewhere(blob));
  const sizes = await mapLimit(content, PARALLEL_QUESTIONS, ({ digest }) =>
    client.hasBlob(place.repository, digest, signal),
  );
  const lacking = content.filter(({ size }, index) => sizes[index] !== size);
  const mountFrom = mountSource(bundle, place);
  return {
    blobs: [...lacking, ...missing.map(({ descriptor }) => descriptor)],
    ...(mountFrom === undefined ? {} : { mountFrom }),
  };
}

/** The lists of referrers are the registry's own to keep: with its API, or by what `putWithSubject` adds to its fallback tags. */
function documentsFor({ documents }: Bundle): readonly BundleDocument[] {
  const lists = new Set(
    documents.map(({ content }) => content.subject?.digest).filter((digest) => digest !== undefined),
  );
  const tags = new Set([...lists].map(fallbackTag));
  return documents.filter(({ tag }) => tag === undefined || !tags.has(tag));
}

/** A registry that has a manifest has seen to it that it has what the manifest names: an index that is there under its name needs no other question. */
async function missingDocuments(
  client: RegistryClient,
  bundle: Bundle,
  place: RegistryPlace,
  signal: AbortSignal,
): Promise<readonly BundleDocument[]> {
  const documents = documentsFor(bundle);
  const root = documents.findIndex(({ descriptor }) => descriptor.digest === bundle.descriptor.digest);
  const has = async (document: BundleDocument): Promise<boolean> => {
    const there = await client.headManifest(place.repository, nameOf(document, bundle, place), signal);
    return there?.digest === document.descriptor.digest;
  };
  const named = documents[root];
  const open = named !== undefined && (await has(named)) ? documents.slice(root + 1) : documents;
  const there = await mapLimit(open, PARALLEL_QUESTIONS, (document) =>
    document === named ? Promise.resolve(false) : has(document),
  );
  return open.filter((_, index) => there[index] !== true);
}

function nameOf({ descriptor, tag }: BundleDocument, bundle: Bundle, place: RegistryPlace): string {
  return descriptor.digest === bundle.descriptor.digest ? place.wanted : (tag ?? descriptor.digest);
}

/** The repository that the bundle comes from, when it is of the same registry. */
function mountSource(bundle: Bundle, { registry, repository }: RegistryPlace): string | undefined {
  const start = `docker://${registry}/`;
  if (!bundle.reference.startsWith(start)) return undefined;
  const source = bundle.reference
    .slice(start.length)
    .replace(/@.*$/, '')
    .replace(/:[^/]*$/, '');
  return source === repository ? undefined : source;
}
