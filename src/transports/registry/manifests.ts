import { createHash } from 'node:crypto';
import { algorithmOf, isDigest, sha256, type Digest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import { collectBytes } from '../../base/streams.ts';
import { DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../oci/media-types.ts';
import { MAX_MANIFEST_BYTES } from '../../oci/validate.ts';
import { deleting, pulling, pushing } from './auth/scope.ts';
import type { Call, Connection } from './connection.ts';
import { Fault, retrying } from './retry.ts';
import type { FetchedManifest, Pacing } from './types.ts';
import type { Answer } from './wire.ts';

/** A repository at a host that is spoken to. */
export interface Place {
  readonly connection: Connection;
  readonly repository: string;
  /** As in references, for messages. */
  readonly registry: string;
  readonly pacing: Pacing;
  readonly signal: AbortSignal;
  /** Repositories of this host that were found to be without the referrers API. */
  readonly withoutReferrers: Set<string>;
}

/** What a registry may answer with. Docker's schema 1 is asked for so that it is refused by its name, not as something missing. */
const ACCEPTED = [
  OCI_INDEX,
  DOCKER_INDEX,
  OCI_MANIFEST,
  DOCKER_MANIFEST,
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
].join(', ');

/** Types that say nothing about the document. */
const MUTE_TYPES = new Set(['', 'application/json', 'application/octet-stream', 'text/plain']);
/** A manifest is small, but who takes it may have to look at every blob that it names. */
const PUT_ANSWER_MS = 180_000;

function manifestCall(place: Place, reference: string, rest: Pick<Call, 'method' | 'accept' | 'scopes'>): Call {
  return {
    ...rest,
    target: `${place.repository}/manifests/${reference}`,
    what: `manifest ${reference} of ${place.repository}`,
    signal: place.signal,
  };
}

/** @throws TareError E_IMAGE_NOT_FOUND; E_DIGEST when it is not what was asked for or what the header says; E_LIMIT beyond 4 MiB */
export async function getManifest(place: Place, reference: string): Promise<FetchedManifest> {
  const { pacing, registry, signal } = place;
  return retrying(pacing, signal, async () => {
    const answer = await place.connection.request({
      ...manifestCall(place, reference, { method: 'GET', accept: [200], scopes: pulling(place.repository) }),
      headers: { accept: ACCEPTED },
    });
    const what = `manifest ${reference} of ${registry}/${place.repository}`;
    const type = mediaTypeOf(answer);
    if (type === 'text/html') {
      answer.discard();
      throw new TareError(
        'E_REGISTRY',
        `${registry} answers with a web page: it is no registry, or hides behind a portal`,
        {
          hint: 'look at the name of the registry, and at the network',
        },
      );
    }
    const bytes = await collectBytes(answer.body, MAX_MANIFEST_BYTES, what);
    const told = answer.header('content-length');
    if (told !== undefined && Number(told) !== bytes.length)
      throw new Fault(new TareError('E_SIZE', `${what} has ${bytes.length} bytes, ${told} were announced`));
    return {
      bytes,
      mediaType: MUTE_TYPES.has(type) ? ownMediaType(bytes) : type,
      digest: digestOf(answer, reference, bytes, what),
    };
  });
}

/** By the algorithm that was asked for, else that of the header, and equal to both. */
function digestOf(answer: Answer, reference: string, bytes: Uint8Array, what: string): Digest {
  const header = answer.header('docker-content-digest') ?? '';
  for (const expected of [reference, header]) {
    if (!isDigest(expected)) continue;
    const actual = `${algorithmOf(expected)}:${createHash(algorithmOf(expected)).update(bytes).digest('hex')}`;
    if (actual !== expected)
      throw new TareError(
        'E_DIGEST',
        `${what} has the digest ${actual}, ${expected} was ${expected === reference ? 'asked for' : 'announced'}`,
      );
  }
  return isDigest(reference) ? reference : isDigest(header) ? header : sha256(bytes);
}

function mediaTypeOf(answer: Answer): string {
  return (answer.header('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** What a document says that it is; without a word an index is known by its `manifests`. */
function ownMediaType(bytes: Uint8Array): string {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return OCI_MANIFEST;
    throw error;
  }
  if (typeof value !== 'object' || value === null) return OCI_MANIFEST;
  const { manifests, mediaType } = value as Readonly<Record<string, unknown>>;
  if (typeof mediaType === 'string') return mediaType;
  return Array.isArray(manifests) ? OCI_INDEX : OCI_MANIFEST;
}

/** Undefined when there is none, or when the registry does not say enough without sending it. */
export async function headManifest(
  place: Place,
  reference: string,
): Promise<{ readonly mediaType: string; readonly digest: Digest; readonly size: number } | undefined> {
  const answer = await place.connection.request({
    ...manifestCall(place, reference, { method: 'HEAD', accept: [200, 404, 405], scopes: pulling(place.repository) }),
    headers: { accept: ACCEPTED },
  });
  answer.discard();
  if (answer.status === 404) return undefined;
  const digest = answer.header('docker-content-digest') ?? (isDigest(reference) ? reference : '');
  const size = Number(answer.header('content-length') ?? Number.NaN);
  const mediaType = mediaTypeOf(answer);
  if (
    answer.status === 200 &&
    isDigest(digest) &&
    Number.isSafeInteger(size) &&
    size > 0 &&
    !MUTE_TYPES.has(mediaType)
  ) {
    if (isDigest(reference) && digest !== reference)
      throw new TareError('E_DIGEST', `${place.registry} answers with ${digest} when asked for ${reference}`);
    return { mediaType, digest, size };
  }
  const { bytes, ...whole } = await getManifest(place, reference);
  return { ...whole, size: bytes.length };
}

/** @throws TareError E_DIGEST when the registry has stored something else */
export async function putManifest(
  place: Place,
  reference: string,
  manifest: { readonly bytes: Uint8Array; readonly mediaType: string },
): Promise<{ readonly digest: Digest; readonly subject?: Digest }> {
  const answer = await place.connection.request({
    ...manifestCall(place, reference, { method: 'PUT', accept: [200, 201, 202], scopes: pushing(place.repository) }),
    headers: { 'content-type': manifest.mediaType },
    body: manifest.bytes,
    answerMs: PUT_ANSWER_MS,
  });
  answer.discard();
  const digest = isDigest(reference) ? reference : sha256(manifest.bytes);
  const told = answer.header('docker-content-digest') ?? '';
  if (isDigest(told) && algorithmOf(told) === algorithmOf(digest) && told !== digest)
    throw new TareError('E_DIGEST', `${place.registry} has stored ${told} in place of manifest ${digest}`, {
      hint: 'something between here and the registry changes what is sent',
    });
  const subject = answer.header('oci-subject') ?? '';
  return { digest, ...(isDigest(subject) ? { subject } : {}) };
}

/** False when there was none. */
export async function deleteManifest(place: Place, reference: string): Promise<boolean> {
  const answer = await place.connection.request(
    manifestCall(place, reference, {
      method: 'DELETE',
      accept: [200, 202, 204, 404],
      scopes: deleting(place.repository),
    }),
  );
  answer.discard();
  return answer.status !== 404;
}
