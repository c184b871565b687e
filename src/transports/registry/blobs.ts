import type { Digest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import { verified } from '../../base/streams.ts';
import type { Descriptor } from '../../oci/types.ts';
import { deleting, pulling } from './auth/scope.ts';
import type { Place } from './manifests.ts';
import { createPatience, Fault } from './retry.ts';
import type { BlobReadOptions, ByteRange } from './types.ts';
import type { Answer } from './wire.ts';

/** Breaks in one blob, however much comes between them. */
const MAX_BREAKS = 100;

/** What a connection of its own is worth. */
const BULK_BYTES = 1024 * 1024; // 1 MiB

/** Its size in bytes; undefined when there is none. */
export async function hasBlob(place: Place, digest: Digest): Promise<number | undefined> {
  const answer = await place.connection.request({
    method: 'HEAD',
    target: `${place.repository}/blobs/${digest}`,
    scopes: pulling(place.repository),
    accept: [200, 404],
    what: `blob ${digest} of ${place.repository}`,
    signal: place.signal,
  });
  answer.discard();
  if (answer.status === 404) return undefined;
  const size = Number(answer.header('content-length') ?? Number.NaN);
  // A proxy that takes the length away leaves the question open: then it is asked for like any that is not there.
  return Number.isSafeInteger(size) ? size : undefined;
}

/** False when there was none. */
export async function deleteBlob(place: Place, digest: Digest): Promise<boolean> {
  const answer = await place.connection.request({
    method: 'DELETE',
    target: `${place.repository}/blobs/${digest}`,
    scopes: deleting(place.repository),
    accept: [200, 202, 204, 404],
    what: `blob ${digest} of ${place.repository}`,
    signal: place.signal,
  });
  answer.discard();
  return answer.status !== 404;
}

/**
 * The bytes of a blob, resumed where the connection breaks.
 * @throws TareError E_IMAGE_NOT_FOUND; E_SIZE as soon as it is longer than promised; E_DIGEST at its end, unless it is a part or unverified
 */
export function readBlob(place: Place, descriptor: Descriptor, options: BlobReadOptions): AsyncIterable<Uint8Array> {
  const { range, unverified } = options;
  const last = descriptor.size - 1;
  const wanted = { from: range?.from ?? 0, to: Math.min(range?.to ?? last, last) };
  const pieces = resumed(place, descriptor, wanted);
  return range === undefined && unverified !== true ? verified(pieces, descriptor) : pieces;
}

async function* resumed(place: Place, descriptor: Descriptor, wanted: Required<ByteRange>): AsyncGenerator<Uint8Array> {
  const patience = createPatience(place.pacing, place.signal, MAX_BREAKS);
  let at = wanted.from;
  do {
    try {
      for await (const chunk of piece(place, descriptor, { from: at, to: wanted.to })) {
        at += chunk.length;
        patience.renew();
        yield chunk;
      }
      if (at <= wanted.to) throw new Fault(short(place, descriptor, at));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      await patience.spend(error);
    }
  } while (at <= wanted.to);
}

function short({ registry }: Place, { digest, size }: Descriptor, at: number): TareError {
  return new TareError('E_SIZE', `${registry} ends blob ${digest} after ${at} of its ${size} bytes`);
}

/** One answer's worth. */
async function* piece(
  place: Place,
  descriptor: Descriptor,
  { from, to }: Required<ByteRange>,
): AsyncGenerator<Uint8Array> {
  const isPart = from > 0 || to < descriptor.size - 1;
  const answer = await place.connection.request({
    method: 'GET',
    target: `${place.repository}/blobs/${descriptor.digest}`,
    ...(isPart ? { headers: { range: `bytes=${from}-${to}` } } : {}),
    scopes: pulling(place.repository),
    accept: isPart ? [200, 206] : [200],
    what: `blob ${descriptor.digest} of ${place.repository}`,
    signal: place.signal,
    isBulk: to + 1 - from >= BULK_BYTES,
  });
  try {
    const start = startOf(answer, from, place.registry);
    // One more than wanted: an excess is an error, not something to leave out.
    const end = answer.status === 206 ? to + 1 : descriptor.size;
    checkLength(answer, end - start, descriptor);
    let at = start;
    for await (const chunk of answer.body) {
      const next = at + chunk.length;
      if (next > end) throw tooLong(descriptor);
      if (next > from && at <= to) yield chunk.subarray(Math.max(0, from - at), Math.min(chunk.length, to + 1 - at));
      at = next;
      if (at > to && end > to + 1) return;
    }
  } finally {
    answer.discard();
  }
}

/** Where the answer's first byte belongs: a registry without ranges sends all of it again. */
function startOf(answer: Answer, from: number, registry: string): number {
  if (answer.status !== 206) return 0;
  const start = /^bytes (\d+)-/.exec(answer.header('content-range') ?? '')?.[1];
  if (start !== undefined && Number(start) === from) return from;
  throw new TareError('E_REGISTRY', `${registry} answers with another part of a blob than it was asked for`);
}

function checkLength(answer: Answer, expected: number, descriptor: Descriptor): void {
  const told = answer.header('content-length');
  if (told === undefined || Number(told) === expected) return;
  if (Number(told) > expected) throw tooLong(descriptor);
  throw new TareError('E_SIZE', `blob ${descriptor.digest} is ${told} bytes long, its descriptor promises ${expected}`);
}

function tooLong({ digest, size }: Descriptor): TareError {
  return new TareError('E_SIZE', `blob ${digest} is longer than the ${size} bytes that its descriptor promises`);
}
