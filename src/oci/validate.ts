import { TareError } from '../base/error.ts';
import {
  asArray,
  asDigest,
  asFilledString,
  asObject,
  asSize,
  asString,
  asStringMap,
  asStrings,
  member,
  parseJson,
  readObject,
  requireMember,
  wrong,
  type JsonValue,
} from './json-value.ts';
import { isIndex, isManifest, isSchema1 } from './media-types.ts';
import type { Descriptor, ImageIndex, Manifest, Platform } from './types.ts';

/** What registries agree on (distribution-spec, "Pushing Manifests"). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024; // 4 MiB
/** Daemons stop at 127; leave room for what no daemon made. */
const MAX_LAYERS = 4096;

const MEDIA_TYPE = /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}$/;

export interface ParseOptions {
  /** What the descriptor or the registry said that it is; the document must not say otherwise. */
  readonly mediaType?: string;
  readonly maxBytes?: number;
}

/**
 * A manifest of an image or artifact, OCI or Docker schema 2. Unknown members are kept.
 * @throws TareError E_MANIFEST, which names the place in the document; E_MEDIA_TYPE for Docker schema 1; E_LIMIT beyond 4 MiB or 4096 layers
 */
export function parseManifest(bytes: Uint8Array, options: ParseOptions = {}): Manifest {
  const json = parseJson(bytes, 'manifest', options.maxBytes ?? MAX_MANIFEST_BYTES);
  checkDocument(json, options.mediaType, isManifest);
  // A document that can be read in two ways is read in different ways by different tools (GHSA-qq97-vm5h-rrhg).
  forbid(json, ['manifests', 'fsLayers', 'history']);
  requireMember(json, 'config');
  const layers = member(json, 'layers');
  if (layers.value === undefined) throw wrong(layers, 'is missing');
  const manifest = readObject<Omit<Manifest, 'schemaVersion' | 'layers'>>(json, {
    mediaType: asString,
    artifactType: asString,
    config: parseDescriptor,
    subject: parseDescriptor,
    annotations: asStringMap,
  });
  return { ...manifest, schemaVersion: 2, layers: parseDescriptors(layers, MAX_LAYERS) };
}

/**
 * An image index or Docker manifest list. Unknown members are kept.
 * @throws TareError as parseManifest does
 */
export function parseIndex(bytes: Uint8Array, options: ParseOptions = {}): ImageIndex {
  const json = parseJson(bytes, 'index', options.maxBytes ?? MAX_MANIFEST_BYTES);
  checkDocument(json, options.mediaType, isIndex);
  forbid(json, ['layers', 'config', 'fsLayers', 'history']);
  const manifests = member(json, 'manifests');
  if (manifests.value === undefined) throw wrong(manifests, 'is missing');
  const index = readObject<Omit<ImageIndex, 'schemaVersion' | 'manifests'>>(json, {
    mediaType: asString,
    artifactType: asString,
    subject: parseDescriptor,
    annotations: asStringMap,
  });
  return { ...index, schemaVersion: 2, manifests: parseDescriptors(manifests, Infinity) };
}

/** image-spec descriptor.md; `json` as part of a document. @throws TareError E_MANIFEST */
export function parseDescriptor(json: JsonValue): Descriptor {
  for (const key of ['mediaType', 'digest', 'size']) requireMember(json, key);
  return readObject<Descriptor>(json, {
    mediaType: asMediaType,
    digest: asDigest,
    size: asSize,
    urls: asStrings,
    annotations: asStringMap,
    data: asString,
    artifactType: asString,
    platform: asPlatform,
  });
}

function parseDescriptors(json: JsonValue, limit: number): Descriptor[] {
  if (json.value === null) return [];
  const items = asArray(json);
  if (items.length > limit)
    throw new TareError('E_LIMIT', `the ${json.document} has ${items.length} layers, more than ${limit}`);
  return items.map(parseDescriptor);
}

function asMediaType(json: JsonValue): string {
  const text = asFilledString(json);
  if (!MEDIA_TYPE.test(text)) throw wrong(json, 'is not a media type');
  return text;
}

function asPlatform(json: JsonValue): Platform {
  for (const key of ['os', 'architecture']) requireMember(json, key);
  return readObject<Platform>(json, {
    os: asString,
    architecture: asString,
    variant: asString,
    'os.version': asString,
    'os.features': asStrings,
  });
}

function checkDocument(json: JsonValue, told: string | undefined, accepts: (mediaType: string) => boolean): void {
  const object = asObject(json);
  const own = member(json, 'mediaType');
  const written = own.value === undefined || own.value === null ? undefined : asString(own);
  const version = member(json, 'schemaVersion');
  if (version.value === 1 || [written, told].some((type) => type !== undefined && isSchema1(type))) {
    throw new TareError('E_MEDIA_TYPE', `the ${json.document} is of Docker's schema 1, which names no diff IDs`, {
      hint: 'convert it: `skopeo copy --format oci SOURCE oci:DIR:TAG`',
    });
  }
  if (version.value !== 2) throw wrong(version, 'must be 2');
  if (written !== undefined && told !== undefined && written !== told)
    throw wrong(own, `is ${JSON.stringify(written)}, but it was announced as ${JSON.stringify(told)}`);
  const mediaType = written ?? told;
  if (mediaType === undefined || accepts(mediaType)) return;
  if (isManifest(mediaType) || isIndex(mediaType))
    throw wrong(own, `says ${JSON.stringify(mediaType)}: it is no ${json.document}`);
  throw new TareError(
    'E_MEDIA_TYPE',
    `${JSON.stringify(mediaType.slice(0, 200))} is not a ${json.document} that can be read (it has ${Object.keys(object).length} members)`,
  );
}

function forbid(json: JsonValue, keys: readonly string[]): void {
  for (const key of keys) {
    const inner = member(json, key);
    if (inner.value !== undefined)
      throw wrong(inner, `does not belong in a ${json.document}: it could be read in two ways`);
  }
}
