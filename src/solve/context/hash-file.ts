import { createHash, hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import { errnoOf, fromErrno, TareError } from '../../base/error.ts';
import { hostPath, quotePath, type TreePath } from '../../base/path.ts';
import { identities, setIdentity, type Identities } from './identities.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
const SHA256_BYTES = 32;
/** Files below are read in one go. */
export const SCRATCH_BYTES = 256 * 1024; // 256 KiB
/** A file that changes while it is read is read once more. */
const TRIES = 2;

/** Row by row for the files of a lot. */
export interface HashedLot {
  /** 32 bytes each. */
  readonly digests: Uint8Array;
  /** As the files were when they were opened. */
  readonly identities: Identities;
  /** Not later than any of them was opened. */
  readonly openedMs: number;
}

/**
 * Reads files and hashes them, all calls synchronous: that is fastest for small ones.
 * @throws TareError E_CHANGED for one that is gone, is no regular file any more, or changes again and again; E_PERMISSION, E_IO
 */
export function hashLot(dir: string, paths: readonly TreePath[], scratch: Uint8Array): HashedLot {
  const lot: HashedLot = {
    digests: new Uint8Array(paths.length * SHA256_BYTES),
    identities: identities(paths.length),
    openedMs: Date.now(),
  };
  for (const [at, path] of paths.entries()) {
    const { digest, stat } = hashFile(hostPath(dir, path), path, scratch);
    lot.digests.set(digest, at * SHA256_BYTES);
    setIdentity(lot.identities, at, stat);
  }
  return lot;
}

interface HashedFile {
  readonly digest: Uint8Array;
  readonly stat: BigIntStats;
}

function hashFile(file: string | Buffer, path: TreePath, scratch: Uint8Array): HashedFile {
  for (let tries = 1; ; tries++) {
    const fd = open(file, path);
    try {
      const stat = fstatSync(fd, { bigint: true });
      if (!stat.isFile()) throw changed(path, 'it is not a regular file any more');
      const { digest, size } = stat.size < scratch.length ? hashWhole(fd, scratch) : hashPieces(fd, scratch);
      const after = fstatSync(fd, { bigint: true });
      const same = after.size === stat.size && after.mtimeNs === stat.mtimeNs && after.ctimeNs === stat.ctimeNs;
      if (same && BigInt(size) === stat.size) return { digest, stat };
      if (tries === TRIES) throw changed(path, 'it is being written to');
    } catch (error) {
      throw fromErrno(error, `cannot read ${quotePath(path)} of the build context`);
    } finally {
      closeSync(fd);
    }
  }
}

function open(file: string | Buffer, path: TreePath): number {
  try {
    // What has taken the place of the file must neither lead elsewhere nor hold us up.
    return openSync(file, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(errnoOf(error) ?? '')) throw changed(path, 'it is gone');
    throw fromErrno(error, `cannot read ${quotePath(path)} of the build context`, {
      hint: 'change its permissions, or hide it with a line in .dockerignore',
    });
  }
}

interface Sum {
  readonly digest: Uint8Array;
  /** Bytes that were there. */
  readonly size: number;
}

/** One read: a short one of a regular file is its end, and were there more than was promised, the size would tell. */
function hashWhole(fd: number, scratch: Uint8Array): Sum {
  const size = readSync(fd, scratch, 0, scratch.length, null);
  return { digest: hash('sha256', scratch.subarray(0, size), 'buffer'), size };
}

function hashPieces(fd: number, scratch: Uint8Array): Sum {
  const sum = createHash('sha256');
  let size = 0;
  for (;;) {
    const got = readSync(fd, scratch, 0, scratch.length, null);
    if (got === 0) return { digest: sum.digest(), size };
    sum.update(scratch.subarray(0, got));
    size += got;
  }
}

export function changed(path: TreePath, how: string): TareError {
  return new TareError('E_CHANGED', `${quotePath(path)} of the build context changed while it was read: ${how}`);
}
