import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { algorithmOf, sha256, type Digest } from '../../../base/digest.ts';
import { errnoOf, TareError } from '../../../base/error.ts';
import { bytesOf, collectBytes } from '../../../base/streams.ts';
import { isTag } from '../../../oci/reference.ts';
import { MAX_MANIFEST_BYTES } from '../../../oci/validate.ts';
import { RegistryError } from '../errors.ts';
import { bodyOf } from '../http/body.ts';
import { headerOf, type Exchange, type Handler } from '../http/exchange.ts';
import { send, warning } from '../http/respond.ts';
import { mediaTypeOf, readManifest, type PushedManifest } from '../manifest.ts';
import type { Repository } from '../storage/repository.ts';
import { matches, nameUnknown } from './blobs.ts';

/** distribution-spec 1.1 asks for at least ten. */
const MAX_TAG_PARAMETERS = 64;

/** distribution-spec 1.1, "Pulling manifests" (end-3). The exact bytes that were pushed. */
export const getManifest: Handler<'manifest'> = async (exchange) => {
  const { res, service, route } = exchange;
  const repository = service.storage.repository(route.repository);
  const digest = 'digest' in route ? route.digest : await repository.tag(route.tag);
  const record = digest === undefined ? undefined : await repository.manifest(digest);
  if (digest === undefined || record === undefined) throw await manifestUnknown(exchange, repository);
  if (!isAcceptable(headerOf(exchange, 'accept'), record.mediaType))
    throw new RegistryError(
      'MANIFEST_UNKNOWN',
      `the manifest is of a type that was not asked for: ${record.mediaType}`,
      {
        status: 404,
      },
    );
  const headers = { 'Content-Type': record.mediaType, 'Docker-Content-Digest': digest, ETag: `"${digest}"` };
  if (matches(headerOf(exchange, 'if-none-match'), headers.ETag)) {
    send(res, { status: 304, headers });
    return;
  }
  const body = await readFile(service.storage.blobFile(digest)).catch(async (error: unknown) => {
    throw errnoOf(error) === 'ENOENT' ? await manifestUnknown(exchange, repository) : error;
  });
  send(res, { status: 200, headers, body });
};

/** Without the header, and with any wildcard, everything is welcome (RFC 9110, 12.5.1). */
function isAcceptable(accept: string | undefined, mediaType: string): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  const wanted = accept.split(',').map((item) => item.split(';')[0]?.trim().toLowerCase());
  return ['*/*', 'application/*', 'application/json', mediaType.toLowerCase()].some((type) => wanted.includes(type));
}

/** "Pushing manifests" (end-7). Tags are set when all the rest is on disk. */
export const putManifest: Handler<'manifest'> = async (exchange) => {
  const { res, service, route } = exchange;
  const tags = tagsOf(exchange);
  const bytes = await collectBytes(bodyOf(exchange, { bytes: MAX_MANIFEST_BYTES }), MAX_MANIFEST_BYTES, 'a manifest');
  const digest = 'digest' in route ? route.digest : sha256(bytes);
  if (digestAs(algorithmOf(digest), bytes) !== digest)
    throw new RegistryError('DIGEST_INVALID', 'the manifest does not have this digest', {
      status: 400,
      detail: { digest },
    });
  const manifest = checked(bytes, headerOf(exchange, 'content-type'));
  service.storage.checkManifest?.(route.repository, tags, manifest.mediaType);
  await service.quota.checkRepository(route.repository);
  const room = await service.quota.room(service.uploads);
  if (bytes.length > room.bytes && room.refusal !== undefined) throw room.refusal;
  const repository = service.storage.repository(route.repository);
  const missing = await service.inTurn(route.repository, () =>
    service.storage.naming(async () => {
      const children = await missingIn(repository, manifest, service.allowSparse);
      await service.storage.blobs.put(bytesOf(bytes), { digest, size: bytes.length });
      await record(repository, { digest, size: bytes.length, manifest });
      for (const tag of tags) await repository.setTag(tag, digest);
      return children;
    }),
  );
  service.quota.add(bytes.length);
  send(res, {
    status: 201,
    headers: {
      Location: `/v2/${route.repository}/manifests/${digest}`,
      'Docker-Content-Digest': digest,
      ...(manifest.subject === undefined ? {} : { 'OCI-Subject': manifest.subject }),
      ...('digest' in route && tags.length > 0 ? { 'OCI-Tag': tags.join(', ') } : {}),
      ...(missing === 0 ? {} : warning(`${missing} of what this manifest names is not in the repository`)),
    },
  });
};

function digestAs(algorithm: 'sha256' | 'sha512', bytes: Uint8Array): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** With a digest in the path, `?tag=a&tag=b` names it as well ("Pushing manifests with tags", 1.2). */
function tagsOf({ route, query }: Exchange<'manifest'>): readonly string[] {
  if ('tag' in route) return [route.tag];
  const tags = [...new Set(query.getAll('tag'))];
  if (tags.length > MAX_TAG_PARAMETERS)
    throw new RegistryError('TOOMANYREQUESTS', `at most ${MAX_TAG_PARAMETERS} tags can be set at a time`, {
      status: 414,
    });
  const wrong = tags.find((tag) => !isTag(tag));
  if (wrong === undefined) return tags;
  throw new RegistryError('MANIFEST_INVALID', 'a tag is not valid', {
    status: 400,
    detail: { tag: wrong.slice(0, 200) },
  });
}

const MEDIA_TYPE = /^[a-z0-9][\w!#$&^.+-]{0,126}\/[a-z0-9][\w!#$&^.+-]{0,126}$/i;

function checked(bytes: Uint8Array, contentType: string | undefined): PushedManifest {
  const announced = contentType?.split(';')[0]?.trim();
  const invalid = (why: string): RegistryError => new RegistryError('MANIFEST_INVALID', why, { status: 400 });
  try {
    const mediaType = mediaTypeOf(bytes, announced === '' ? undefined : announced);
    if (!MEDIA_TYPE.test(mediaType)) throw invalid('the Content-Type is not a media type');
    return readManifest(bytes, mediaType);
  } catch (error) {
    throw error instanceof TareError ? invalid(error.message) : error;
  }
}

/**
 * What an image consists of must be there. What an index names may come later, or never: mirrors copy some of the platforms.
 * @returns how much is missing of what may be
 */
async function missingIn(repository: Repository, manifest: PushedManifest, allowSparse: boolean): Promise<number> {
  const absent: Digest[] = [];
  for (const blob of new Set(manifest.blobs.filter((item) => item.required).map((item) => item.digest)))
    if (!(await repository.hasBlob(blob))) absent.push(blob);
  if (absent.length > 0 && !allowSparse)
    throw new RegistryError('MANIFEST_BLOB_UNKNOWN', 'the manifest names blobs that the repository does not have', {
      status: 400,
      detail: absent.slice(0, 100).map((digest) => ({ digest })),
    });
  let missing = absent.length;
  for (const child of new Set(manifest.children)) if ((await repository.manifest(child)) === undefined) missing += 1;
  return missing;
}

async function record(
  repository: Repository,
  { digest, size, manifest }: { readonly digest: Digest; readonly size: number; readonly manifest: PushedManifest },
): Promise<void> {
  const { mediaType, artifactType, subject, annotations } = manifest;
  const kind = { mediaType, size, ...(artifactType === undefined ? {} : { artifactType }) };
  await repository.putManifest(
    digest,
    { ...kind, ...(subject === undefined ? {} : { subject }) },
    { ...kind, digest, ...(annotations === undefined ? {} : { annotations }) },
  );
}

/** end-9: a tag alone, or a manifest with all its tags. */
export const deleteManifest: Handler<'manifest'> = async (exchange) => {
  const { res, service, route } = exchange;
  const repository = service.storage.repository(route.repository);
  const gone = await service.inTurn(route.repository, () =>
    'digest' in route ? repository.removeManifest(route.digest) : repository.removeTag(route.tag),
  );
  if (!gone) throw await manifestUnknown(exchange, repository);
  send(res, { status: 202 });
};

async function manifestUnknown({ route }: Exchange<'manifest'>, repository: Repository): Promise<RegistryError> {
  if (!(await repository.exists())) return nameUnknown(route.repository);
  return new RegistryError('MANIFEST_UNKNOWN', 'the repository has no such manifest', {
    status: 404,
    detail: 'digest' in route ? { digest: route.digest } : { tag: route.tag },
  });
}
