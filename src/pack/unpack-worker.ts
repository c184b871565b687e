import { createHash } from 'node:crypto';
import { closeSync, constants, fchmodSync, fchownSync, futimesSync, openSync, readSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { TareError } from '../base/error.ts';
import { hostPath, quotePath, type TreePath } from '../base/path.ts';
import { sentError, type SentError } from '../base/thread-error.ts';

/** A file whose content stands in one piece in the tar of a layer. */
export interface FileJob {
  readonly path: TreePath;
  readonly mode: number;
  /** When the owner is to be set. */
  readonly owner?: readonly [uid: number, gid: number];
  readonly mtime: number | string;
  /** Which of `UnpackPlace.tars`. */
  readonly tar: number;
  readonly offset: number;
  readonly size: number;
  readonly sha256?: string;
}

export interface UnpackPlace {
  readonly dir: string;
  readonly tars: readonly string[];
}

/** To each message, which is a lot of files: that they are all there, or what was wrong with the one at that place. */
export type UnpackAnswer = 'done' | { readonly at: number; readonly error: SentError };

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
const BUFFER_BYTES = 1024 * 1024; // 1 MiB

const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');
const place = workerData as UnpackPlace;
const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
// Node closes them with the thread (`trackUnmanagedFds`).
const tars = place.tars.map((tar) => openSync(tar, O_RDONLY | O_NOFOLLOW));

port.on('message', (lot: readonly FileJob[]) => port.postMessage(write(lot)));

function write(lot: readonly FileJob[]): UnpackAnswer {
  for (const [at, file] of lot.entries()) {
    try {
      writeFile(file);
    } catch (error) {
      return { at, error: sentError(error) };
    }
  }
  return 'done';
}

function writeFile(file: FileJob): void {
  const fd = openSync(hostPath(place.dir, file.path), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    if (file.size > 0) copyContent(file, fd);
    if (file.owner !== undefined) fchownSync(fd, ...file.owner);
    // After the owner: changing it takes suid and sgid away.
    fchmodSync(fd, file.mode);
    futimesSync(fd, file.mtime, file.mtime);
  } finally {
    closeSync(fd);
  }
}

/** Checked as every reader of a cached layer checks: what is run must be what the index tells. */
function copyContent(file: FileJob, fd: number): void {
  const sha256 = file.sha256 === undefined ? undefined : createHash('sha256');
  for (let done = 0; done < file.size;) {
    const wanted = Math.min(buffer.length, file.size - done);
    const count = readSync(tars[file.tar] as number, buffer, 0, wanted, file.offset + done);
    if (count === 0) throw damaged(file, `it ends after ${done} of ${file.size} bytes`);
    const bytes = buffer.subarray(0, count);
    sha256?.update(bytes);
    for (let written = 0; written < count;) written += writeSync(fd, bytes, written, count - written);
    done += count;
  }
  const actual = sha256?.digest('hex');
  if (actual !== file.sha256)
    throw damaged(file, `it has the sha256 ${actual}, the index of its layer says ${file.sha256}`);
}

function damaged(file: FileJob, how: string): TareError {
  return new TareError('E_DIGEST', `the content of ${quotePath(file.path)} is not what its layer holds: ${how}`, {
    hint: 'the cached layer was changed: delete the folder `tare/` in TARE_HOME, it will be made anew',
  });
}
