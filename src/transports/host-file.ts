import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { fromErrno, TareError } from '../base/error.ts';
import type { ErrorCode } from '../base/error-codes.ts';
import { FILE_CHUNK_BYTES, fileChunks } from '../base/file-chunks.ts';
import type { Bytes } from '../base/streams.ts';

/** Bytes with random access: a file of the host, or one that lives only as long as it is used. */
export interface ByteFile {
  /** For messages: the path or the reference that it came from. */
  readonly what: string;
  /** In bytes. */
  readonly size: number;
  /** Its path, when it is a file of the host. */
  readonly path?: string;
  /** `size` bytes from `offset` on. @throws TareError E_IO when they are not there (any more) */
  read(offset: number, size: number): Bytes;
}

/**
 * Opens a regular file for reading. Anything else is refused before it is read: a pipe would block, a device would never end.
 * @throws TareError `missing` when there is no such file; E_NOT_FILE; E_PERMISSION, E_IO …
 */
async function openRegular(
  path: string,
  what: string,
  missing: ErrorCode,
): Promise<{ readonly handle: FileHandle; readonly size: number }> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const translated = fromErrno(error, `cannot open ${what} ${path}`);
    if (translated instanceof TareError && translated.code === 'E_PATH_NOT_FOUND')
      throw new TareError(missing, `${what} ${path} does not exist`, {
        hint: what === 'blob' ? 'the image is incomplete: make or fetch it again' : 'check the path',
        cause: error,
      });
    throw translated;
  }
  const stat = await handle.stat();
  if (stat.isFile()) return { handle, size: stat.size };
  await handle.close();
  throw new TareError('E_NOT_FILE', `${what} ${path} is not a regular file`);
}

/** A file of the host; opened anew for each read, so that nothing stays open. @throws as `openRegular` */
export async function hostFile(path: string, what: string, missing: ErrorCode): Promise<ByteFile> {
  const { handle, size } = await openRegular(path, what, missing);
  await handle.close();
  const read: ByteFile['read'] = (offset, count) => readHostRange(path, what, missing, offset, count);
  return { what: `${what} ${path}`, size, path, read };
}

async function* readHostRange(
  path: string,
  what: string,
  missing: ErrorCode,
  offset: number,
  size: number,
): AsyncGenerator<Uint8Array> {
  const { handle } = await openRegular(path, what, missing);
  try {
    yield* readRange(async (buffer, at) => (await handle.read(buffer, 0, buffer.length, at)).bytesRead, {
      offset,
      size,
      what: `${what} ${path}`,
    });
  } finally {
    await handle.close();
  }
}

/** The whole of a file, however long it is. @throws as `openRegular` */
export async function* readHostFile(path: string, what: string, missing: ErrorCode): AsyncGenerator<Uint8Array> {
  const { handle, size } = await openRegular(path, what, missing);
  try {
    yield* fileChunks(handle, size);
  } catch (error) {
    throw fromErrno(error, `cannot read ${what} ${path}`);
  } finally {
    await handle.close();
  }
}

/** The loop that both kinds of ByteFile share. One buffer serves all chunks. */
export async function* readRange(
  pread: (buffer: Buffer, position: number) => Promise<number>,
  range: { readonly offset: number; readonly size: number; readonly what: string },
): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(Math.min(FILE_CHUNK_BYTES, range.size));
  let done = 0;
  while (done < range.size) {
    let count: number;
    try {
      count = await pread(buffer.subarray(0, Math.min(buffer.length, range.size - done)), range.offset + done);
    } catch (error) {
      throw fromErrno(error, `cannot read ${range.what}`);
    }
    if (count === 0) throw new TareError('E_IO', `${range.what} became shorter while it was read`);
    done += count;
    yield buffer.subarray(0, count);
  }
}
