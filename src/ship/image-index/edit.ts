import { isDigest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import { normalisePlatform, parsePlatform, platformText } from '../../oci/platform.ts';
import type { Annotations, Descriptor, ImageIndex, Platform } from '../../oci/types.ts';
import type { CopyTools } from '../copy.ts';
import { distinctPlatforms, partOf, requireIndexes, servedBy, writeIndex, type Part } from './parts.ts';
import type { IndexedImage, IndexResult } from './types.ts';

/** What entries say of their images; what is left out stays as it is. */
export interface EntrySettings {
  /** One whose value is empty is taken away. */
  readonly annotations?: Annotations;
  /** `OS/ARCHITECTURE[/VARIANT]` in place of what the config says. */
  readonly platform?: string;
  readonly osVersion?: string;
  readonly osFeatures?: readonly string[];
}

interface EditOptions extends CopyTools, EntrySettings {
  /** The index, which gets another digest under the same name. */
  readonly target: string;
}

export interface AddToIndexOptions extends EditOptions {
  /** Images, and indexes whose images are taken over. At least one; exactly one image where its platform is set. */
  readonly images: readonly string[];
}

export interface AnnotateIndexOptions extends EditOptions {
  /** Entries, by digest or platform; of none the annotations are those of the index itself. */
  readonly entries: readonly string[];
}

/**
 * More images for an index. One of a platform that is there takes its place, and the attestations of that one go. What refers to the index by its digest still
 * refers to the old one. Two who add at once: registries know no "if it is still the same", so the later one counts.
 * @throws TareError E_USAGE when the target is no index, and when two images are of one platform; E_IMAGE_NOT_FOUND; E_TRANSPORT; as `createIndex`
 */
export async function addToIndex(options: AddToIndexOptions): Promise<IndexResult> {
  const { images, target, ...tools } = options;
  if (images.length === 0) throw new TareError('E_USAGE', `no image to add to ${target}`);
  const base = await openTarget(target, tools);
  const added: Part[] = [];
  for (const source of images) {
    const part = await partOf(source, tools);
    requireOne(options, images.length * part.entries.length);
    added.push({ ...part, entries: part.entries.map((entry) => withSettings(entry, options)) });
  }
  distinctPlatforms(added);
  const fresh = added.flatMap(({ entries }) => entries);
  const taken = new Set(fresh.flatMap((entry) => servedBy(entry) ?? []));
  const given = new Set(fresh.map(({ digest }) => digest));
  const isReplaced = (entry: Descriptor): boolean => given.has(entry.digest) || taken.has(servedBy(entry) ?? '-');
  const gone = base.entries.filter(isReplaced);
  const kept = base.entries.filter((entry) => !isReplaced(entry) && !attestsOneOf(entry, gone));
  const result = await writeIndex([{ ...base, entries: kept }, ...added], { target, like: base.index, tools });
  const replaced = gone.filter(({ digest }) => !given.has(digest)).map(imageOf);
  return replaced.length === 0 ? result : { ...result, replaced };
}

/**
 * Changes what an index says of itself, or of some of its images. The images stay what they are.
 * @throws TareError E_USAGE when nothing is to be changed, an entry is not there, or two would be of one platform; as `addToIndex`
 */
export async function annotateIndex(options: AnnotateIndexOptions): Promise<IndexResult> {
  const { annotations, entries, osFeatures, osVersion, platform, target, ...tools } = options;
  const ofPlatform = [platform, osVersion, osFeatures].some((value) => value !== undefined);
  if (annotations === undefined && !ofPlatform)
    throw new TareError('E_USAGE', `nothing to change in ${target}`, {
      hint: 'give --annotation NAME=VALUE, --set-platform, --os-version or --os-feature',
    });
  if (entries.length === 0 && ofPlatform)
    throw new TareError('E_USAGE', `which image of ${target} is of that platform?`, {
      hint: 'name it after the index, by its digest or the platform that it has now',
    });
  const base = await openTarget(target, tools);
  const chosen = new Set(entries.map((text) => entryNamed(base, text, target)));
  requireOne(options, chosen.size);
  const like =
    entries.length > 0 ? base.index : { ...base.index, annotations: merge(base.index.annotations, annotations) };
  const changed = base.entries.map((entry) => (chosen.has(entry) ? withSettings(entry, options) : entry));
  return writeIndex([{ ...base, entries: changed }], { target, like, tools });
}

async function openTarget(target: string, tools: CopyTools): Promise<Part & { readonly index: ImageIndex }> {
  await requireIndexes(target);
  const part = await partOf(target, tools);
  const { index } = part;
  if (index !== undefined) return { ...part, index };
  throw new TareError('E_USAGE', `${target} is an image, not an index`, {
    hint: 'make an index of it and others: `tare index create NAME IMAGE…`',
  });
}

function requireOne({ osFeatures, osVersion, platform }: EntrySettings, count: number): void {
  if (count === 1 || [platform, osVersion, osFeatures].every((value) => value === undefined)) return;
  throw new TareError('E_USAGE', `one platform for ${count} images`, { hint: 'name one image alone' });
}

function withSettings(entry: Descriptor, settings: EntrySettings): Descriptor {
  const annotations = merge(entry.annotations, settings.annotations);
  const platform = platformWith(entry.platform, settings);
  const { annotations: _annotations, platform: _platform, ...rest } = entry;
  return {
    ...rest,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(platform === undefined ? {} : { platform }),
  };
}

function platformWith(before: Platform | undefined, settings: EntrySettings): Platform | undefined {
  const { osFeatures, osVersion, platform } = settings;
  if (platform === undefined && osVersion === undefined && osFeatures === undefined) return before;
  const { architecture, os, variant, ...more } = before ?? { os: 'linux', architecture: '' };
  const named =
    platform === undefined
      ? { os, architecture, ...(variant === undefined ? {} : { variant }) }
      : parsePlatform(platform);
  if (named.architecture === '')
    throw new TareError('E_USAGE', 'an image that names no platform gets a version of one', {
      hint: 'give --set-platform OS/ARCHITECTURE too',
    });
  return normalisePlatform({
    ...more,
    ...named,
    ...(osVersion === undefined ? {} : { 'os.version': osVersion }),
    ...(osFeatures === undefined ? {} : { 'os.features': osFeatures }),
  });
}

function merge(before: Annotations = {}, more: Annotations = {}): Annotations {
  return Object.fromEntries(
    Object.entries({ ...before, ...more }).filter(([name, value]) => value !== '' || !(name in more)),
  );
}

function entryNamed({ entries }: Part, text: string, target: string): Descriptor {
  const wanted = isDigest(text) ? text : platformText(parsePlatform(text));
  const found = entries.filter(
    (entry) => entry.digest === wanted || (servedBy(entry) !== undefined && imageOf(entry).platform === wanted),
  );
  if (found.length === 1 && found[0] !== undefined) return found[0];
  const offered = entries.map(imageOf).map(({ digest, platform }) => `${platform} ${digest}`);
  throw new TareError('E_USAGE', `${target} has ${found.length === 0 ? 'no' : 'more than one'} image ${wanted}`, {
    hint: `there is ${offered.slice(0, 20).join(', ') || 'none'}`,
  });
}

function imageOf({ digest, platform }: Descriptor): IndexedImage {
  return { platform: platform === undefined ? 'none' : platformText(platform), digest };
}

/** BuildKit's attestations name the image that they are of. */
function attestsOneOf({ annotations }: Descriptor, gone: readonly Descriptor[]): boolean {
  const of = annotations?.['vnd.docker.reference.digest'];
  return of !== undefined && gone.some(({ digest }) => digest === of);
}
