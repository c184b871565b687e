import { createHash, hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, read, readSync, type BigIntStats } from 'node:fs';
import { promisify } from 'node:util';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import { quotePath } from '../base/path.ts';
import type { ByteTarget } from './tar-assembler.ts';

const readAsync = promisify(read);

/**
 * Files up to here are read synchronously: opening, reading and closing through the thread pool costs more than the bytes of most
 * files, and the compression threads go on meanwhile. For larger ones the wait for the disk counts.
 */
const SYNC_READ_BYTES = 256 * 1024; // 256 KiB

export interface HostFile {
  readonly path: string | Buffer;
  /** Bytes that it must have. */
  readonly size: number;
}

export interface HashedFile {
  /** Hex. */
  readonly sha256: string;
  /** As the file was when it was opened. */
  readonly stat: BigIntStats;
  /** When it was opened, ms since 1970. */
  readonly openedMs: number;
}

/**
 * Reads a whole file into `target` and hashes it.
 * @throws TareError E_IO when it is gone, is no regular file, or has another size or time than promised, before or after; E_PERMISSION
 */
export async function readHostFile(file: HostFile, target: ByteTarget): Promise<HashedFile> {
  const openedMs = Date.now();
  const fd = open(file);
  try {
    const stat = fstatSync(fd, { bigint: true });
    if (!stat.isFile()) throw changed(file, 'it is not a regular file any more');
    if (stat.size !== BigInt(file.size)) throw changed(file, `it had ${file.size} bytes, now it has ${stat.size}`);
    if (file.size <= SYNC_READ_BYTES && file.size < target.room().length)
      return { sha256: await readWhole(fd, file, target), stat, openedMs };
    const sha256 = await readPieces(fd, file, target);
    const after = fstatSync(fd, { bigint: true });
    if (after.size !== stat.size) throw changed(file, `it had ${file.size} bytes, now it has ${after.size}`);
    if (after.mtimeNs !== stat.mtimeNs) throw changed(file, 'it was written to');
    return { sha256, stat, openedMs };
  } catch (error) {
    throw fromErrno(error, `cannot read ${nameOf(file)}`);
  } finally {
    closeSync(fd);
  }
}

function open(file: HostFile): number {
  try {
    // Non-blocking: a pipe that has taken the place of the file must not hold us up.
    return openSync(file.path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw changed(file, 'it is gone');
    throw fromErrno(error, `cannot read ${nameOf(file)}`);
  }
}

/** In one call, and asking for one byte more, which tells whether the file has grown. */
async function readWhole(fd: number, file: HostFile, target: ByteTarget): Promise<string> {
  const room = target.room();
  const got = readSync(fd, room, 0, file.size + 1, null);
  if (got < file.size) throw changed(file, `it ends after ${got} of ${file.size} bytes`);
  if (got > file.size) throw changed(file, `it had ${file.size} bytes, now it has more`);
  // Before `took`: a full chunk goes to another thread, and its memory with it.
  const sha256 = hash('sha256', room.subarray(0, got));
  await target.took(got);
  return sha256;
}

async function readPieces(fd: number, file: HostFile, target: ByteTarget): Promise<string> {
  const sha256 = createHash('sha256');
  for (let at = 0; at < file.size;) {
    const room = target.room().subarray(0, file.size - at);
    const got =
      file.size <= SYNC_READ_BYTES
        ? readSync(fd, room, 0, room.length, null)
        : (await readAsync(fd, room, 0, room.length, null)).bytesRead;
    if (got === 0) throw changed(file, `it ends after ${at} of ${file.size} bytes`);
    sha256.update(room.subarray(0, got));
    at += got;
    await target.took(got);
  }
  return sha256.digest('hex');
}

function nameOf(file: HostFile): string {
  return quotePath(
    typeof file.path === 'string' ? Buffer.from(file.path).toString('latin1') : file.path.toString('latin1'),
  );
}

function changed(file: HostFile, how: string): TareError {
  return new TareError('E_IO', `${nameOf(file)} changed while it was being packed: ${how}`, {
    hint: 'stop what writes to it, or exclude it, and run the command again',
  });
}
