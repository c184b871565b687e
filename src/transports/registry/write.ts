import type { Context } from '../../base/events.ts';
import { isForeignLayer } from '../../oci/media-types.ts';
import type { Descriptor, Image } from '../../oci/types.ts';
import { blobsOf, imageBlob, together, transfer, transferMeter } from '../blobs.ts';
import type { Written } from '../types.ts';
import { putEvidence } from './evidence.ts';
import type { RegistryPlace } from './place-of.ts';
import { putWithSubject } from './referrers.ts';
import type { RegistryClient } from './types.ts';

/**
 * Puts an image into a repository: layers, then its config, then the manifest, which gives it its name, then the record of reasons. What is there is
 * not sent again; what another repository of the same registry has is mounted.
 */
export async function writeToRegistry(
  client: RegistryClient,
  image: Image,
  place: RegistryPlace,
  ctx: Context,
): Promise<Omit<Written, 'reference'>> {
  const { repository } = place;
  const { signal } = ctx;
  const [layers = [], others = []] = blobsOf(image);
  const mountFrom = mountSource(image, place);
  // The record of reasons is not part of the image: it goes last.
  const isPart = (blob: Descriptor): boolean => blob.digest !== image.evidence?.digest && !isElsewhere(blob);
  const groups = [layers.filter(isPart), others.filter(isPart)];
  const meter = transferMeter(groups.flat(), ctx);
  const count = { bytes: 0, blobs: 0, reused: 0 };
  const tell = (bytes: number): void => {
    count.bytes += bytes;
    if (bytes > 0) count.blobs += 1;
    else count.reused += 1;
  };
  const send = async (descriptor: Descriptor, within: Context): Promise<void> => {
    const open = (): AsyncIterable<Uint8Array> =>
      meter.through(transfer(imageBlob(image, descriptor), descriptor, within), descriptor);
    const from = mountFrom === undefined ? {} : { mountFrom };
    const done = await client.uploadBlob(repository, { descriptor, open, ...from }, within.signal);
    if (done !== 'uploaded') meter.skip(descriptor);
    tell(done === 'uploaded' ? descriptor.size : 0);
  };

  const { descriptor, raw } = image;
  // A registry that has the manifest under this name has seen to it that it has what the manifest names.
  const there = await client.headManifest(repository, place.wanted, signal);
  if (there?.digest === descriptor.digest) {
    count.reused += groups.flat().length + 1;
  } else {
    for (const group of groups) await together(group, ctx, send);
    const manifest = { bytes: raw.manifest, mediaType: descriptor.mediaType };
    await putWithSubject(client, repository, { ...manifest, reference: place.wanted }, signal);
    tell(descriptor.size);
  }
  const { evidence } = image;
  if (evidence !== undefined)
    tell(await putEvidence(client, { ...image, evidence }, { repository, mountFrom }, signal));
  return { digest: descriptor.digest, ...count };
}

/** Layers that may not be distributed stay where their descriptors say that they are. */
function isElsewhere({ mediaType, urls }: Descriptor): boolean {
  return isForeignLayer(mediaType) && (urls ?? []).length > 0;
}

/** The repository that the image comes from, when it is of the same registry. */
function mountSource(image: Image, { registry, repository }: RegistryPlace): string | undefined {
  const start = `docker://${registry}/`;
  if (!image.reference.startsWith(start)) return undefined;
  const source = image.reference
    .slice(start.length)
    .replace(/@.*$/, '')
    .replace(/:[^/]*$/, '');
  return source === repository ? undefined : source;
}
