import { TareError } from '../../base/error.ts';
import { asArray, asFilledString, asStrings, member, parseJson } from '../../oci/json-value.ts';
import { parseReference, type Reference } from '../../oci/reference.ts';
import { MAX_MANIFEST_BYTES } from '../../oci/validate.ts';
import type { TarFile } from '../tar-file.ts';

/** One image of `manifest.json` (moby image-spec v1.2, "Combined Image JSON + Filesystem Changeset Format"). Paths are of members. */
export interface SavedImage {
  readonly config: string;
  readonly repoTags: readonly string[];
  /** Base first. */
  readonly layers: readonly string[];
}

export const MANIFEST_JSON = 'manifest.json';
const MAX_SAVED_LAYERS = 4096;
const MAX_NAMES_SHOWN = 20;

/** @throws TareError E_ARCHIVE when there is none; E_MANIFEST; E_LIMIT */
export async function readManifestJson(tar: TarFile): Promise<SavedImage[]> {
  const bytes = await tar.bytes(MANIFEST_JSON, MAX_MANIFEST_BYTES);
  if (bytes === undefined) {
    const old = tar.find('repositories') !== undefined;
    throw new TareError(
      'E_ARCHIVE',
      `${tar.what} has no ${MANIFEST_JSON}${old ? ': it was saved by a Docker before 1.10' : ''}`,
    );
  }
  return asArray(parseJson(bytes, MANIFEST_JSON, MAX_MANIFEST_BYTES)).map((json) => {
    const tags = member(json, 'RepoTags');
    const layers = member(json, 'Layers');
    const names = isNothing(layers.value) ? [] : asStrings(layers);
    if (names.length > MAX_SAVED_LAYERS)
      throw new TareError('E_LIMIT', `${MANIFEST_JSON} has an image of more than ${MAX_SAVED_LAYERS} layers`);
    return {
      config: asFilledString(member(json, 'Config')),
      repoTags: isNothing(tags.value) ? [] : asStrings(tags),
      layers: names,
    };
  });
}

/** Go writes an empty list as null. */
function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}

/**
 * The image of that name (`NAME[:TAG]`, or `@N` for the Nth of the archive, from 0); without a name the only one there is.
 * @throws TareError E_IMAGE_NOT_FOUND; E_REFERENCE when several could be meant. Both list what is there.
 */
export function selectSaved(images: readonly SavedImage[], name: string | undefined, what: string): SavedImage {
  if (name === undefined) {
    const only = images[0];
    if (only !== undefined && images.length === 1) return only;
    if (only === undefined) throw new TareError('E_IMAGE_NOT_FOUND', `${what} holds no image`);
    throw new TareError('E_REFERENCE', `${what} holds several images: ${listed(images)}`, {
      hint: 'put one of the names behind the path: FILE:NAME:TAG, or FILE:@N for one without a name',
    });
  }
  const position = /^@(\d{1,6})$/.exec(name)?.[1];
  const found = position === undefined ? images.findLast((image) => hasTag(image, name)) : images[Number(position)];
  if (found !== undefined) return found;
  throw new TareError('E_IMAGE_NOT_FOUND', `${what} holds no image ${JSON.stringify(name)}; it has ${listed(images)}`, {
    hint: 'name one of those that the message lists',
  });
}

function hasTag(image: SavedImage, name: string): boolean {
  const wanted = fullName(parseReference(name));
  return image.repoTags.some((tag) => {
    try {
      return fullName(parseReference(tag)) === wanted;
    } catch (error) {
      // A tag that is none names nothing; the image may have others.
      if (error instanceof TareError) return false;
      throw error;
    }
  });
}

function fullName(reference: Reference): string {
  return `${reference.registry}/${reference.repository}:${reference.tag ?? ''}@${reference.digest ?? ''}`;
}

function listed(images: readonly SavedImage[]): string {
  const names = images.flatMap((image, at) => (image.repoTags.length === 0 ? [`@${at}`] : image.repoTags));
  const shown = names.slice(0, MAX_NAMES_SHOWN).map((item) => JSON.stringify(item));
  if (shown.length === 0) return 'none';
  return shown.join(', ') + (names.length > shown.length ? ` and ${names.length - shown.length} more` : '');
}
