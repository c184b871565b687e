import { createHash, type Hash } from 'node:crypto';
import { throwIfCancelled } from '../base/context.ts';
import type { Digest } from '../base/digest.ts';
import { algorithmOf } from '../base/digest.ts';
import { TareError } from '../base/error.ts';
import { hashFor, verified, type Bytes } from '../base/streams.ts';
import { decompress as gunzip, isGzip } from '../formats/gzip/index.ts';
import { createTarParser, type TarMember } from '../formats/tar/index.ts';
import { decompress as unzstd, isZstd } from '../formats/zstd/index.ts';
import type { Writable } from '../base/writable.ts';
import type { Descriptor } from '../oci/types.ts';
import { requireLayerType } from './layer-type.ts';
import type { IndexedMember, LayerIndex } from './types.ts';

/** Holes that are hashed as zeros, in one layer. Beyond it the sha256 of a sparse file is left open: one may claim exabytes. */
const MAX_HASHED_HOLE_BYTES = 1024 ** 3; // 1 GiB

/**
 * The uncompressed tar of a layer. What it is compressed with is read from the bytes, as Docker and containerd do: media types lie. Digest
 * and size of the blob and the diff ID are checked by the time that the stream ends; when something is wrong inside a blob, the rest of it is
 * read to say whether it is the blob that was asked for.
 *
 * @throws TareError E_MEDIA_TYPE, E_DIGEST, E_SIZE, E_COMPRESSION, E_LIMIT, E_CANCELLED; errors of the source pass
 */
export async function* tarOfLayer(
  source: Bytes,
  layer: Descriptor,
  diffId: Digest,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  requireLayerType(layer);
  const blob = verified(cancellable(source, signal), layer);
  const hash = hashFor(diffId);
  try {
    for await (const chunk of decompressed(unclosed(blob))) {
      hash.update(chunk);
      yield chunk;
    }
    // A decompressor may stop before the end.
    await drain(blob);
  } catch (error) {
    if (error instanceof TareError && !['E_COMPRESSION', 'E_LIMIT'].includes(error.code)) throw error;
    await drain(blob);
    throw error;
  } finally {
    await blob.return(undefined);
  }
  const actual = `${algorithmOf(diffId)}:${hash.digest('hex')}`;
  if (actual !== diffId) {
    throw new TareError('E_DIGEST', `layer ${layer.digest} unpacks to ${actual}, the image config promises ${diffId}`);
  }
}

async function* cancellable(source: Bytes, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    if (signal !== undefined) throwIfCancelled(signal);
    yield chunk;
  }
}

/** Leaving a loop over it early does not end the stream behind it. */
async function* unclosed(stream: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (let next = await stream.next(); next.done !== true; next = await stream.next()) yield next.value;
}

async function drain(blob: AsyncGenerator<Uint8Array>): Promise<void> {
  while ((await blob.next()).done !== true);
}

/** Bytes that tell gzip, zstd and tar apart. */
const HEAD_BYTES = 4;

async function* decompressed(blob: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const start: Uint8Array[] = [];
  let size = 0;
  while (size < HEAD_BYTES) {
    const next = await blob.next();
    if (next.done === true) break;
    start.push(next.value.slice());
    size += next.value.length;
  }
  const head = Buffer.concat(start, size);
  const whole = (async function* () {
    yield head;
    yield* blob;
  })();
  if (isGzip(head)) yield* gunzip(whole);
  else if (isZstd(head)) yield* unzstd(whole);
  else yield* whole;
}

/**
 * What is in a layer, in one pass over its tar.
 * @param keep is given the tar as well, chunk by chunk; a chunk may change once its promise is settled
 * @throws TareError E_TAR; what `tar` and `keep` throw
 */
export async function scanLayer(
  tar: Bytes,
  { size: wire }: Descriptor,
  diffId: Digest,
  keep?: (chunk: Uint8Array) => Promise<void>,
): Promise<LayerIndex> {
  const scanner = createScanner();
  let disk = 0;
  let fault: { readonly error: unknown } | undefined;
  for await (const chunk of tar) {
    disk += chunk.length;
    // Written by another thread while it is hashed by this one.
    const kept = keep?.(chunk);
    kept?.catch(() => undefined);
    // After a fault the rest is still read: a damaged blob should say that it is the wrong one.
    if (fault === undefined) {
      try {
        scanner.push(chunk);
      } catch (error) {
        fault = { error };
      }
    }
    await kept;
  }
  if (fault !== undefined) throw fault.error;
  return { diffId, wire, disk, members: scanner.end() };
}

/** Field by field, for the reason that layer-record.ts gives. */
function withHash(member: TarMember, sha256: string): IndexedMember {
  const { dataOffset, dataSize, gid, mode, mtime, path, size, type, uid } = member;
  const hashed: Writable<IndexedMember> = { path, type, mode, uid, gid, size, mtime, dataOffset, dataSize, sha256 };
  return Object.assign(hashed, member);
}

interface Scanner {
  push(chunk: Uint8Array): void;
  end(): readonly IndexedMember[];
}

function createScanner(): Scanner {
  const members: IndexedMember[] = [];
  let current: TarMember | undefined;
  let hash: ContentHash | undefined;
  let holes = 0;
  const parser = createTarParser(
    {
      member: (member) => {
        current = member;
        hash = undefined;
        if (member.type !== 'file') return;
        if (member.sparse !== undefined) holes += member.size - member.dataSize;
        if (member.sparse === undefined || holes <= MAX_HASHED_HOLE_BYTES) hash = contentHash(member);
      },
      data: (chunk) => hash?.update(chunk),
      memberEnd: () => {
        if (current === undefined) return;
        members.push(hash === undefined ? current : withHash(current, hash.end()));
        current = undefined;
      },
    },
    { mayLackPadding: true },
  );
  return {
    push: (chunk) => parser.push(chunk),
    end: () => {
      parser.end();
      return members;
    },
  };
}

interface ContentHash {
  update(stored: Uint8Array): void;
  /** Hex. */
  end(): string;
}

const ZEROS = new Uint8Array(64 * 1024);

/** Of the content as it unfolds: holes are zeros. */
function contentHash(member: TarMember): ContentHash {
  const hash: Hash = createHash('sha256');
  const { size, sparse } = member;
  if (sparse === undefined) return { update: (stored) => hash.update(stored), end: () => hash.digest('hex') };
  let position = 0;
  let run = 0;
  const zerosUntil = (end: number): void => {
    for (; position < end; position += Math.min(ZEROS.length, end - position)) {
      hash.update(ZEROS.subarray(0, Math.min(ZEROS.length, end - position)));
    }
  };
  return {
    update: (stored) => {
      for (let at = 0; at < stored.length;) {
        const [offset, length] = sparse[run] ?? [size, 0];
        zerosUntil(offset);
        const count = Math.min(stored.length - at, offset + length - position);
        if (count <= 0) throw new Error('a sparse member has more data than its runs');
        hash.update(stored.subarray(at, at + count));
        at += count;
        position += count;
        if (position === offset + length) run += 1;
      }
    },
    end: () => {
      zerosUntil(size);
      return hash.digest('hex');
    },
  };
}
