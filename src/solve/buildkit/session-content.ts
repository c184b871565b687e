import type { Metadata, sendUnaryData, ServerDuplexStream, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import { open, type FileHandle } from 'node:fs/promises';
import { isDigest, type Digest } from '../../base/digest.ts';
import type { BlobStore } from '../../store/types.ts';
import { GRPC, refusalError, refusalOf } from './errors.ts';
import { incomingBlob, type WriteRequest } from './incoming-blob.ts';
import { CONTENT_STORE } from './marshal-source.ts';
import type { ServiceMethod } from './session.ts';

/** A blob that the daemon may read: a host file of this many bytes. */
export interface OfferedBlob {
  readonly file: string;
  readonly size: number;
}

export interface ContentOptions {
  /** What may be read, and nothing else. */
  readonly offered: ReadonlyMap<Digest, OfferedBlob>;
  /** Where the result is written; a blob that is there is not sent. */
  readonly blobs: BlobStore;
}

/** Of one answer; the daemon takes 16 MiB. */
const PIECE_BYTES = 1024 * 1024; // 1 MiB

const SERVICE = '/containerd.services.content.v1.Content/';
/** moby/buildkit session/content: which store a call is about. */
const STORE_HEADER = 'buildkit-attachable-store-id';
const EXPORT_STORE = 'export';
const SOURCE_STORE = `oci:${CONTENT_STORE}`;

/**
 * The content store of a session (containerd v2.2, services/content/v1/content.proto; as much of it as BuildKit uses): the daemon reads the images that
 * a build starts from, and writes what it made. Nothing that was not offered can be read.
 */
export function contentService(options: ContentOptions): {
  readonly methods: readonly ServiceMethod[];
  close(): Promise<void>;
} {
  const handles = new Map<Digest, Promise<FileHandle>>();
  const handleOf = (digest: Digest, file: string): Promise<FileHandle> => {
    const handle = handles.get(digest) ?? open(file, 'r');
    handles.set(digest, handle);
    return handle;
  };
  const offered = (digest: string): OfferedBlob & { readonly digest: Digest } => {
    const blob = isDigest(digest) ? options.offered.get(digest) : undefined;
    if (blob === undefined) throw refusalError(GRPC.NOT_FOUND, `${digest}: not found`);
    return { ...blob, digest: digest as Digest };
  };

  const info = async (call: ServerUnaryCall<{ digest: string }, object>): Promise<object> => {
    const { digest } = call.request;
    if (storeOf(call) === SOURCE_STORE) return { info: { digest, size: offered(digest).size } };
    const size = isDigest(digest) ? await options.blobs.size(digest) : undefined;
    if (size === undefined) throw refusalError(GRPC.NOT_FOUND, `${digest}: not found`);
    return { info: { digest, size } };
  };

  const read = async (
    call: ServerWritableStream<{ digest: string; offset: number; size: number }, object>,
  ): Promise<void> => {
    const { digest, file, size } = offered(call.request.digest);
    const start = Math.max(0, call.request.offset);
    if (start > size) throw refusalError(GRPC.OUT_OF_RANGE, `read past object length ${size} bytes`);
    const end = call.request.size <= 0 ? size : Math.min(size, start + call.request.size);
    const handle = await handleOf(digest, file);
    for (let offset = start; offset < end && !call.cancelled;) {
      const { buffer, bytesRead } = await handle.read({
        buffer: Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - offset)),
        position: offset,
      });
      if (bytesRead === 0) throw refusalError(GRPC.FAILED_PRECONDITION, `${digest}: the file is shorter than its blob`);
      const data = buffer.subarray(0, bytesRead);
      if (!call.write({ offset, data })) await drained(call);
      offset += bytesRead;
    }
  };

  const write = async (call: ServerDuplexStream<WriteRequest, object>): Promise<void> => {
    if (storeOf(call) !== EXPORT_STORE) throw refusalError(GRPC.PERMISSION_DENIED, 'this store is for reading');
    const target = incomingBlob(options.blobs);
    try {
      // A stream that is destroyed could not tell why it ends.
      for await (const request of call.iterator({ destroyOnReturn: false }) as AsyncIterable<WriteRequest>) {
        if (!call.write(await target.take(request))) await drained(call);
      }
    } finally {
      await target.abandon();
    }
  };

  const refuse = (): never => {
    throw refusalError(GRPC.NOT_FOUND, 'there is no unfinished write');
  };

  return {
    methods: [
      unary('Info', 'ContentDigest', 'ContentInfoResponse', info),
      unary('Status', 'Empty', 'Empty', () => Promise.resolve(refuse())),
      unary('Abort', 'Empty', 'Empty', () => Promise.resolve({})),
      {
        path: `${SERVICE}Read`,
        asked: 'ReadContentRequest',
        answered: 'ReadContentResponse',
        streams: 'answers',
        handle: (call: Parameters<typeof read>[0]) => void ending(call, read(call)),
      },
      {
        path: `${SERVICE}Write`,
        asked: 'WriteContentRequest',
        answered: 'WriteContentResponse',
        streams: 'both',
        handle: (call: Parameters<typeof write>[0]) => void ending(call, write(call)),
      },
    ],
    close: async () => {
      for (const opened of await Promise.allSettled(handles.values()))
        if (opened.status === 'fulfilled') await opened.value.close();
    },
  };
}

function storeOf(call: { readonly metadata: Metadata }): string {
  return call.metadata.get(STORE_HEADER)[0]?.toString() ?? '';
}

function unary(
  name: string,
  asked: string,
  answered: string,
  answer: (call: ServerUnaryCall<{ digest: string }, object>) => Promise<object>,
): ServiceMethod {
  return {
    path: SERVICE + name,
    asked,
    answered,
    handle: (call: ServerUnaryCall<{ digest: string }, object>, done: sendUnaryData<object>) => {
      // A handler that throws at once must answer, too.
      Promise.resolve()
        .then(() => answer(call))
        .then(
          (value) => done(null, value),
          (error: unknown) => done(refusalOf(error)),
        );
    },
  };
}

interface Emitting {
  emit(event: 'error', error: object): boolean;
  end(): unknown;
  once(event: string, fn: () => void): unknown;
  removeListener(event: string, fn: () => void): unknown;
}

async function ending(call: Emitting, work: Promise<void>): Promise<void> {
  try {
    await work;
    call.end();
  } catch (error) {
    call.emit('error', refusalOf(error));
  }
}

async function drained(call: Emitting): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      for (const event of ['drain', 'cancelled', 'close', 'error']) call.removeListener(event, done);
      resolve();
    };
    for (const event of ['drain', 'cancelled', 'close', 'error']) call.once(event, done);
  });
}
