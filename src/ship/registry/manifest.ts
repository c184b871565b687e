import { isDigest, type Digest } from '../../base/digest.ts';
import { isForeignLayer, isIndex, isManifest, isSchema1, OCI_MANIFEST } from '../../oci/media-types.ts';
import { asArray, asDigest, asObject, asStringMap, member, parseJson, type JsonValue } from '../../oci/json-value.ts';
import { MAX_MANIFEST_BYTES, parseIndex, parseManifest } from '../../oci/validate.ts';
import type { Annotations, Descriptor } from '../../oci/types.ts';
import { TareError } from '../../base/error.ts';

/** What a registry must know of a manifest, of whatever media type. */
export interface PushedManifest {
  readonly mediaType: string;
  /** Config and layers, or what an artifact of another type names as its blobs. */
  readonly blobs: readonly { readonly digest: Digest; readonly required: boolean }[];
  /** Of an index. */
  readonly children: readonly Digest[];
  readonly subject?: Digest;
  readonly artifactType?: string;
  readonly annotations?: Annotations;
}

/** Media types of manifests whose document says nothing: image-spec 1.0 had no `mediaType`. */
export function mediaTypeOf(bytes: Uint8Array, announced: string | undefined): string {
  if (announced !== undefined) return announced;
  const own = member(parseJson(bytes, 'manifest', MAX_MANIFEST_BYTES), 'mediaType').value;
  return typeof own === 'string' ? own : OCI_MANIFEST;
}

/**
 * Images and indexes, OCI and Docker, are checked as a reader of images would; any other JSON document is taken as an artifact, whose members
 * `config`, `layers`, `blobs`, `manifests` and `subject` mean what they mean everywhere.
 * @throws TareError E_MANIFEST, E_MEDIA_TYPE, E_LIMIT
 */
export function readManifest(bytes: Uint8Array, mediaType: string): PushedManifest {
  if (isSchema1(mediaType))
    throw new TareError('E_MEDIA_TYPE', 'manifests of schema 1 are not accepted', {
      hint: 'push the image again with a newer client',
    });
  if (isIndex(mediaType)) {
    const index = parseIndex(bytes, { mediaType });
    return {
      mediaType,
      blobs: [],
      children: index.manifests.map((child) => child.digest),
      ...referrerOf(index, index.artifactType),
    };
  }
  if (!isManifest(mediaType)) return readArtifact(bytes, mediaType);
  const manifest = parseManifest(bytes, { mediaType });
  return {
    mediaType,
    blobs: [required(manifest.config), ...manifest.layers.map(required)],
    children: [],
    // distribution-spec 1.1, "Listing Referrers": an image without an artifact type is known by its config's media type.
    ...referrerOf(manifest, (manifest.artifactType ?? '') === '' ? manifest.config.mediaType : manifest.artifactType),
  };
}

/** Layers that may not be distributed are elsewhere: their descriptors have URLs. */
const required = (blob: Descriptor): { readonly digest: Digest; readonly required: boolean } => ({
  digest: blob.digest,
  required: !isForeignLayer(blob.mediaType),
});

interface Referring {
  readonly subject?: Descriptor;
  readonly annotations?: Annotations;
}

function referrerOf(
  document: Referring,
  artifactType: string | undefined,
): Pick<PushedManifest, 'subject' | 'artifactType' | 'annotations'> {
  return {
    ...(document.subject === undefined ? {} : { subject: document.subject.digest }),
    ...(artifactType === undefined || artifactType === '' ? {} : { artifactType }),
    ...(document.annotations === undefined ? {} : { annotations: document.annotations }),
  };
}

function readArtifact(bytes: Uint8Array, mediaType: string): PushedManifest {
  const json = parseJson(bytes, 'manifest', MAX_MANIFEST_BYTES);
  const own = member(json, 'mediaType').value;
  if (typeof own === 'string' && own !== '' && own !== mediaType)
    throw new TareError(
      'E_MANIFEST',
      `the manifest says ${JSON.stringify(own.slice(0, 200))}, but was announced as ${JSON.stringify(mediaType)}`,
    );
  asObject(json);
  const artifactType = member(json, 'artifactType').value;
  const annotations = member(json, 'annotations');
  const subject = member(json, 'subject');
  return {
    mediaType,
    blobs: [
      ...digestsOf(member(json, 'layers')),
      ...digestsOf(member(json, 'blobs')),
      ...digestOf(member(json, 'config')),
    ].map((digest) => ({ digest, required: true })),
    children: digestsOf(member(json, 'manifests')),
    ...(isAbsent(subject) ? {} : { subject: asDigest(member(subject, 'digest')) }),
    ...(typeof artifactType === 'string' && artifactType !== '' ? { artifactType } : {}),
    ...(isAbsent(annotations) ? {} : { annotations: asStringMap(annotations) }),
  };
}

const isAbsent = (json: JsonValue): boolean => json.value === undefined || json.value === null;

function digestsOf(json: JsonValue): Digest[] {
  return Array.isArray(json.value) ? asArray(json).flatMap(digestOf) : [];
}

/** What has no digest is no descriptor, and means something that only the artifact's own tools know. */
function digestOf(json: JsonValue): Digest[] {
  if (json.value === null || typeof json.value !== 'object' || Array.isArray(json.value)) return [];
  const digest = member(json, 'digest').value;
  return typeof digest === 'string' && isDigest(digest) ? [digest] : [];
}
