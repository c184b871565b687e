import { isDigest, type Digest } from '../../base/digest.ts';
import type { BlobStore, BlobWriter } from '../../store/types.ts';
import { GRPC, refusalError } from './errors.ts';

/** containerd v2.2, services/content/v1/content.proto. */
export interface WriteRequest {
  readonly action: number;
  readonly ref: string;
  readonly total: number;
  readonly expected: string;
  readonly offset: number;
  readonly data: Uint8Array;
}

const ACTION = { stat: 0, write: 1, commit: 2 } as const;

/** Longest blob that is taken. */
const MAX_BLOB_BYTES = 64 * 1024 ** 3; // 64 GiB

/** One blob on its way in: the first request announces its digest and size, each later one brings a piece, the last one ends it. */
export interface IncomingBlob {
  /** @returns the answer. @throws an error of `refusalError`; ALREADY_EXISTS when the store holds it, so that it is not sent */
  take(request: WriteRequest): Promise<object>;
  /** Drops what was not ended. */
  abandon(): Promise<void>;
}

export function incomingBlob(blobs: BlobStore): IncomingBlob {
  let writer: BlobWriter | undefined;
  let announced: { readonly digest: Digest; readonly total: number } | undefined;
  let offset = 0;

  const begin = async ({ expected, ref, total }: WriteRequest): Promise<NonNullable<typeof announced>> => {
    if (ref === '' || !isDigest(expected))
      throw refusalError(GRPC.INVALID_ARGUMENT, 'a blob must be announced with a ref and its digest');
    if (total > MAX_BLOB_BYTES)
      throw refusalError(GRPC.INVALID_ARGUMENT, `${expected} is larger than ${MAX_BLOB_BYTES} bytes`);
    if ((await blobs.size(expected)) !== undefined)
      throw refusalError(GRPC.ALREADY_EXISTS, `content ${expected}: already exists`);
    writer = await blobs.writer();
    return { digest: expected, total };
  };

  const append = async (
    data: Uint8Array,
    at: number,
    { digest, total }: NonNullable<typeof announced>,
  ): Promise<void> => {
    if (data.length === 0) return;
    if (writer === undefined || (at > 0 && at !== offset))
      throw refusalError(GRPC.OUT_OF_RANGE, `write @${at} must occur at current offset ${offset}`);
    const limit = total > 0 ? total : MAX_BLOB_BYTES;
    if (offset + data.length > limit)
      throw refusalError(GRPC.OUT_OF_RANGE, `${digest} is longer than the ${limit} bytes announced`);
    await writer.write(data);
    offset += data.length;
  };

  const commit = async (total: number, digest: Digest): Promise<void> => {
    if (total > 0 && total !== offset)
      throw refusalError(GRPC.FAILED_PRECONDITION, `${digest}: ${offset} bytes came, ${total} were announced`);
    const ended = writer;
    writer = undefined;
    const stored = await ended?.commit();
    if (stored?.digest !== digest)
      throw refusalError(GRPC.FAILED_PRECONDITION, `${digest}: what came has another digest`);
  };

  return {
    take: async (request) => {
      announced ??= await begin(request);
      if (request.action !== ACTION.stat) await append(request.data, request.offset, announced);
      if (request.action === ACTION.commit) await commit(request.total, announced.digest);
      return { action: request.action, offset, total: announced.total, digest: announced.digest };
    },
    abandon: async () => {
      const ended = writer;
      writer = undefined;
      await ended?.abort();
    },
  };
}
