import { randomBytes } from 'node:crypto';
import { close, closeSync, open as openFd, read as readFd, write as writeFd } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolders } from '../base/folders.ts';
import { throwIfCancelled } from '../base/context.ts';
import { fromErrno, TareError } from '../base/error.ts';
import type { Bytes } from '../base/streams.ts';
import { readRange, type ByteFile } from './host-file.ts';

const openAsync = promisify(openFd);
const readAsync = promisify(readFd);
const writeAsync = promisify(writeFd);
const closeAsync = promisify(close);

/** Closes the descriptor of a scratch file that nobody can read any more. */
const abandoned = new FinalizationRegistry<number>((fd) => closeSync(fd));

export interface ScratchOptions {
  /** TARE_HOME: the disk that has room for images; /tmp often is memory. */
  readonly home: string;
  /** For messages. */
  readonly what: string;
  /** Most bytes that are taken. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/**
 * Spools a stream into a file without a name: it is unlinked before the first byte is written, so that nothing is left behind however
 * the process ends, and its space is given back when the last reference to the result is gone.
 *
 * @throws TareError E_LIMIT beyond `limit`; E_CANCELLED; E_NO_SPACE, E_READ_ONLY, E_PERMISSION; what the source throws
 */
export async function scratchFile(source: Bytes, options: ScratchOptions): Promise<ByteFile> {
  const fd = await openNameless(options.home);
  let size = 0;
  try {
    for await (const chunk of source) {
      throwIfCancelled(options.signal);
      if (size + chunk.length > options.limit)
        throw new TareError('E_LIMIT', `${options.what} is larger than ${options.limit} bytes`);
      await writeAll(fd, chunk, options.home);
      size += chunk.length;
    }
  } catch (error) {
    await closeAsync(fd);
    throw error;
  }
  const holder = { fd };
  abandoned.register(holder, fd);
  return {
    what: options.what,
    size,
    read: (offset, count) =>
      readRange(async (buffer, at) => (await readAsync(holder.fd, buffer, 0, buffer.length, at)).bytesRead, {
        offset,
        size: count,
        what: options.what,
      }),
  };
}

async function openNameless(home: string): Promise<number> {
  const folder = join(home, 'tare', 'tmp');
  try {
    makeFolders(folder);
    const path = join(folder, `scratch-${randomBytes(8).toString('hex')}`);
    const fd = await openAsync(path, 'wx+', 0o600);
    await unlink(path);
    return fd;
  } catch (error) {
    throw fromErrno(error, `cannot make a temporary file in ${folder}`);
  }
}

async function writeAll(fd: number, chunk: Uint8Array, home: string): Promise<void> {
  let done = 0;
  while (done < chunk.length) {
    try {
      done += (await writeAsync(fd, chunk, done, chunk.length - done)).bytesWritten;
    } catch (error) {
      throw fromErrno(error, `cannot write a temporary file in ${home}`);
    }
  }
}
