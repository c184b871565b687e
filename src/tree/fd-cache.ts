import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import { quotePath } from '../base/path.ts';

const MAX_OPEN_FILES = 8;
/** Files that nobody has asked for as long are closed. */
const IDLE_MS = 1000;

/** Opens a regular file for reading, never through a link in the last place. @throws TareError E_IO when it is gone, has become something else or has another size */
export function openRegular(path: string | Buffer, size: number | undefined): number {
  // Without waiting for a writer, should it have become a pipe.
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) throw changed(path, 'is gone', error);
    throw fromErrno(error, `cannot read ${shown(path)}`);
  }
  try {
    checkRegular(fd, path, size);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** @throws TareError E_IO unless it is a regular file of that size */
export function checkRegular(fd: number, path: string | Buffer, size: number | undefined): void {
  const stats = fstatSync(fd);
  if (!stats.isFile()) throw changed(path, 'is no regular file any more');
  if (size !== undefined && stats.size !== size) throw changed(path, `had ${size} bytes and has ${stats.size} now`);
}

function changed(path: string | Buffer, how: string, cause?: unknown): TareError {
  return new TareError('E_IO', `the file ${shown(path)} was changed while it was in use: it ${how}`, {
    hint: 'run the command again when nobody changes the files',
    ...(cause === undefined ? {} : { cause }),
  });
}

function shown(path: string | Buffer): string {
  return quotePath(Buffer.from(path).toString('latin1'));
}

/** A few files that are read from again and again. */
export interface FdCache {
  /** The same descriptor stays open at least until the function's promise is settled. */
  use<T>(path: string, fn: (fd: number) => Promise<T>): Promise<T>;
}

interface Open {
  readonly fd: number;
  users: number;
  usedAt: number;
}

export function createFdCache(): FdCache {
  const open = new Map<string, Open>();
  let timer: NodeJS.Timeout | undefined;

  const closeIdle = (): void => {
    timer = undefined;
    for (const [path, file] of open) {
      if (file.users > 0 || performance.now() - file.usedAt < IDLE_MS) continue;
      open.delete(path);
      closeSync(file.fd);
    }
    if (open.size > 0) schedule();
  };
  const schedule = (): void => {
    timer ??= setTimeout(closeIdle, IDLE_MS);
    timer.unref();
  };
  const makeRoom = (): void => {
    if (open.size < MAX_OPEN_FILES) return;
    for (const [path, file] of open) {
      if (file.users > 0) continue;
      open.delete(path);
      closeSync(file.fd);
      return;
    }
  };

  return {
    use: async (path, fn) => {
      let file = open.get(path);
      if (file === undefined) {
        makeRoom();
        file = { fd: openRegular(path, undefined), users: 0, usedAt: 0 };
      } else {
        // A Map keeps the order of insertion: the one unused for longest comes first.
        open.delete(path);
      }
      open.set(path, file);
      file.users += 1;
      try {
        return await fn(file.fd);
      } finally {
        file.users -= 1;
        file.usedAt = performance.now();
        schedule();
      }
    },
  };
}
