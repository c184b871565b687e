import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  futimesSync,
  openSync,
  write as writeCallback,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { mapLimit } from '../base/concurrency.ts';
import { throwIfCancelled } from '../base/context.ts';
import { TareError } from '../base/error.ts';
import { hostPath, quotePath } from '../base/path.ts';
import type { Entry } from '../tree/types.ts';
import { timeOf, unpackError, type Target } from './unpack-target.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
/** Files up to this size are read and written in one piece. */
const SMALL_FILE_BYTES = 1024 * 1024; // 1 MiB
const SPARSE_CHUNK_BYTES = 1024 * 1024; // 1 MiB

const writeAsync = promisify(writeCallback);

/** Makes the files with all their attributes but the extended ones; several at a time. `onDone` is told of each. */
export async function writeFiles(target: Target, files: readonly Entry[], onDone: () => void): Promise<void> {
  await mapLimit(files, target.ctx.concurrency, async (entry) => {
    throwIfCancelled(target.ctx.signal);
    try {
      await writeFile(target, entry);
    } catch (error) {
      throw unpackError(target, entry, error);
    }
    onDone();
  });
}

async function writeFile(target: Target, entry: Entry): Promise<void> {
  const path = hostPath(target.dir, entry.path);
  // Before the file is made, so that one that cannot be read leaves none.
  const isSmall = entry.size <= SMALL_FILE_BYTES;
  const bytes = isSmall && entry.size > 0 ? await target.content.read(entry) : undefined;
  const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    if (bytes !== undefined) {
      checkSize(entry, bytes.length);
      writeAll(fd, bytes);
    } else if (entry.size > 0) {
      if (entry.content?.in === 'layer' && entry.content.sparse !== undefined) await writeSparse(target, entry, fd);
      else await writeStream(target, entry, fd);
    }
    if (target.owners === 'keep') fchownSync(fd, entry.uid, entry.gid);
    // After the owner: changing it takes suid and sgid away.
    fchmodSync(fd, entry.mode);
    futimesSync(fd, timeOf(entry), timeOf(entry));
  } finally {
    closeSync(fd);
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done);
}

async function writeStream(target: Target, entry: Entry, fd: number): Promise<void> {
  let size = 0;
  for await (const chunk of target.content.stream(entry)) {
    throwIfCancelled(target.ctx.signal);
    size += chunk.length;
    for (let done = 0; done < chunk.length;) {
      done += (await writeAsync(fd, chunk, done, chunk.length - done, null)).bytesWritten;
    }
  }
  checkSize(entry, size);
}

/** Holes stay holes: a sparse file may claim more than the disk has. */
async function writeSparse(target: Target, entry: Entry, fd: number): Promise<void> {
  ftruncateSync(fd, entry.size);
  const runs = entry.content?.in === 'layer' ? (entry.content.sparse ?? []) : [];
  for (const [start, length] of runs) {
    for (let at = 0; at < length; at += SPARSE_CHUNK_BYTES) {
      throwIfCancelled(target.ctx.signal);
      const range = { offset: start + at, size: Math.min(SPARSE_CHUNK_BYTES, length - at) };
      const bytes = await target.content.read(entry, range);
      for (let done = 0; done < bytes.length;) {
        done += (await writeAsync(fd, bytes, done, bytes.length - done, range.offset + done)).bytesWritten;
      }
    }
  }
}

function checkSize(entry: Entry, actual: number): void {
  if (actual === entry.size) return;
  throw new TareError(
    'E_SIZE',
    `the content of ${quotePath(entry.path)} has ${actual} bytes, its entry says ${entry.size}`,
  );
}
