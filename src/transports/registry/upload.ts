import { throwIfCancelled } from '../../base/context.ts';
import { isTareError, TareError } from '../../base/error.ts';
import type { Bytes } from '../../base/streams.ts';
import type { Descriptor } from '../../oci/types.ts';
import { pulling, pushing } from './auth/scope.ts';
import { hasBlob } from './blobs.ts';
import { locationOf, type Call } from './connection.ts';
import type { Place } from './manifests.ts';
import { createCursor, type Cursor } from './cursor.ts';
import { createPatience, Fault } from './retry.ts';
import type { Answer } from './wire.ts';

export interface Upload {
  readonly descriptor: Descriptor;
  readonly open: () => Bytes;
  readonly mountFrom?: string;
}

/** Of one request, where a registry or a proxy takes no bigger ones. */
const CHUNK_BYTES = 16 * 1024 * 1024; // 16 MiB
/** The biggest least chunk that a registry may ask for. */
const MAX_CHUNK_BYTES = 1024 ** 3; // 1 GiB
/** Registries over object stores move the whole blob before they answer. */
const ANSWER_MS = 10 * 60_000;
const MAX_BREAKS = 100;

/** The state of an upload at the server. */
interface Session {
  readonly location: URL;
  /** Bytes that the server has. */
  readonly offset: number;
  /** Most bytes of one request; undefined: all at once. */
  readonly chunk: number | undefined;
}

/**
 * Puts a blob there unless it is there: looked for, mounted from another repository, uploaded whole, or in chunks where the registry asks for that. An
 * upload that breaks asks the server how far it came, and goes on from there.
 * @throws TareError E_DIGEST, E_SIZE when the source lies; E_REGISTRY; what the source throws
 */
export async function uploadBlob(place: Place, upload: Upload): Promise<'existed' | 'mounted' | 'uploaded'> {
  const { digest, size } = upload.descriptor;
  if ((await hasBlob(place, digest)) === size) return 'existed';
  const session = await begin(place, upload);
  if (session === 'mounted') return 'mounted';
  const source = createCursor(upload.open);
  try {
    await complete(place, upload, source, session);
    return 'uploaded';
  } finally {
    await source.close();
  }
}

async function complete(place: Place, upload: Upload, source: Cursor, first: Session): Promise<void> {
  const { digest, size } = upload.descriptor;
  const patience = createPatience(place.pacing, place.signal, MAX_BREAKS);
  let session = first;
  for (;;) {
    throwIfCancelled(place.signal);
    const before = session.offset;
    try {
      const next: Session | 'done' = await advance(place, upload.descriptor, source, session);
      if (next === 'done') return;
      session = next;
    } catch (error) {
      if (isTareError(error) && needsChunks(error, session)) {
        session = await restart(place, upload, CHUNK_BYTES);
        continue;
      }
      if (!(error instanceof Fault)) throw error;
      await patience.spend(error);
      // The answer may have been lost, and not the blob.
      if ((await hasBlob(place, digest)) === size) return;
      session = (await resume(place, upload, session)) ?? (await restart(place, upload, session.chunk));
    }
    if (session.offset > before) patience.renew();
  }
}

function call(place: Place, rest: Omit<Call, 'what' | 'signal' | 'scopes'>, digest: string, mountFrom?: string): Call {
  return {
    ...rest,
    scopes: [...pushing(place.repository), ...(mountFrom === undefined ? [] : pulling(mountFrom))],
    what: `blob ${digest} for ${place.repository}`,
    signal: place.signal,
  };
}

/** distribution-spec, "Pushing Blobs" and "Mounting a blob from another repository". */
async function begin(place: Place, { descriptor, mountFrom }: Upload): Promise<Session | 'mounted'> {
  const { digest } = descriptor;
  const target = new URL(await place.connection.address(`${place.repository}/blobs/uploads/`, place.signal));
  if (mountFrom !== undefined && mountFrom !== place.repository) {
    target.searchParams.set('mount', digest);
    target.searchParams.set('from', mountFrom);
    try {
      const answer = await start(place, target, digest, mountFrom);
      return answer.status === 201 ? 'mounted' : sessionOf(place, answer);
    } catch (error) {
      // No right to read the other repository, or a registry without mounts: the bytes themselves will do.
      if (
        !['E_AUTH', 'E_DENIED', 'E_IMAGE_NOT_FOUND', 'E_REGISTRY'].some((code) => isTareError(error, code as 'E_AUTH'))
      )
        throw error;
      target.search = '';
    }
  }
  return sessionOf(place, await start(place, target, digest));
}

async function start(place: Place, target: URL, digest: string, mountFrom?: string): Promise<Answer> {
  const accept = mountFrom === undefined ? [202] : [201, 202];
  const options = { method: 'POST', target, accept, headers: { 'content-length': '0' } } as const;
  const answer = await place.connection.request(call(place, options, digest, mountFrom));
  answer.discard();
  return answer;
}

function sessionOf(place: Place, answer: Answer): Session {
  const least = Number(answer.header('oci-chunk-min-length') ?? Number.NaN);
  if (least > MAX_CHUNK_BYTES)
    throw new TareError(
      'E_LIMIT',
      `${place.registry} wants chunks of at least ${least} bytes, ${MAX_CHUNK_BYTES} are the most`,
    );
  const chunk = least > 0 ? Math.max(CHUNK_BYTES, least) : undefined;
  return { location: locationOf(answer, place.registry), offset: 0, chunk };
}

async function restart(place: Place, upload: Upload, chunk: number | undefined): Promise<Session> {
  const { mountFrom: _mountFrom, ...plain } = upload;
  const session = await begin(place, plain);
  if (session === 'mounted') throw new Error('nothing was to be mounted');
  return { ...session, chunk: session.chunk ?? chunk };
}

/** A request that is too big, or a registry that takes no blob in one piece. */
function needsChunks(error: TareError, session: Session): boolean {
  return session.chunk === undefined && /\bstatus (?:413|405|501)\b|SIZE_INVALID|entity too large/i.test(error.message);
}

/** One step: everything that is left in one PUT; or a chunk by PATCH; or, when all is there, the PUT that ends it. */
async function advance(
  place: Place,
  { digest, size }: Descriptor,
  source: Cursor,
  session: Session,
): Promise<Session | 'done'> {
  const { chunk, location, offset } = session;
  const left = size - offset;
  if (left > 0 && (offset > 0 || chunk !== undefined)) {
    const length = Math.min(left, chunk ?? left);
    const answer = await place.connection.request({
      ...call(place, { method: 'PATCH', target: location, accept: [201, 202, 204, 416] }, digest),
      headers: {
        'content-type': 'application/octet-stream',
        'content-range': `${offset}-${offset + length - 1}`,
      },
      body: { size: length, open: () => source.take(offset, length) },
      repeatable: false,
      answerMs: ANSWER_MS,
    });
    answer.discard();
    if (answer.status === 416) throw outOfStep(place, digest);
    return { ...session, location: locationOf(answer, place.registry), offset: offset + length };
  }
  const target = new URL(location);
  target.searchParams.set('digest', digest);
  const answer = await place.connection.request({
    ...call(place, { method: 'PUT', target, accept: [201, 202, 204, 416] }, digest),
    headers: { 'content-type': 'application/octet-stream', ...(left === 0 ? { 'content-length': '0' } : {}) },
    ...(left === 0 ? {} : { body: { size: left, open: () => source.take(offset, left) } }),
    repeatable: false,
    answerMs: ANSWER_MS,
  });
  answer.discard();
  if (answer.status === 416) throw outOfStep(place, digest);
  return 'done';
}

function outOfStep({ registry }: Place, digest: string): Fault {
  return new Fault(new TareError('E_REGISTRY', `${registry} has lost its place in the upload of blob ${digest}`));
}

/** distribution-spec, "Pushing a blob in chunks": GET on the upload tells how much is there. Undefined when the server has forgotten it. */
async function resume(place: Place, { descriptor }: Upload, session: Session): Promise<Session | undefined> {
  let answer: Answer;
  try {
    const asked = { method: 'GET', target: session.location, accept: [204, 202, 200] } as const;
    answer = await place.connection.request(call(place, asked, descriptor.digest));
  } catch (error) {
    if (isTareError(error, 'E_CANCELLED') || error instanceof Fault) throw error;
    if (isTareError(error)) return undefined;
    throw error;
  }
  answer.discard();
  const end = /^(?:bytes=)?0-(\d+)$/.exec(answer.header('range') ?? '')?.[1];
  // `0-0` is how registries write both no byte and one.
  const offset = end === undefined || Number(end) === 0 ? 0 : Number(end) + 1;
  if (offset > descriptor.size) return undefined;
  const location = answer.header('location') === undefined ? session.location : locationOf(answer, place.registry);
  return offset === 0 ? undefined : { ...session, location, offset };
}
