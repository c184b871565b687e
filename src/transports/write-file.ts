import { randomBytes } from 'node:crypto';
import { access, constants, lstat, open, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { throwIfCancelled } from '../base/context.ts';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import type { Bytes } from '../base/streams.ts';
import { createWriteBehind } from '../base/write-behind.ts';

/** What the umask leaves of it. */
const PLAIN_MODE = 0o666;

/**
 * Replaces a file as a whole: the bytes go to a temporary name in the same folder, are flushed, and get the name last. On any error,
 * also one of the source, the old file stays and the temporary one is gone.
 *
 * @param mode of the file, also while it is being written
 * @returns how many bytes were written
 * @throws TareError E_EXISTS when the name belongs to something that is not a file; E_PATH_NOT_FOUND when its folder is not there;
 * E_CANCELLED; E_NO_SPACE, E_READ_ONLY, E_PERMISSION; what the source throws
 */
export async function replaceFile(
  path: string,
  source: Bytes,
  signal: AbortSignal,
  mode = PLAIN_MODE,
): Promise<number> {
  await refuseSpecial(path);
  const folder = dirname(path);
  const temporary = join(folder, `.tare-${randomBytes(8).toString('hex')}.tmp`);
  const handle = await openTemporary(path, temporary, mode);
  const content = createWriteBehind(handle);
  let size = 0;
  try {
    try {
      for await (const chunk of source) {
        throwIfCancelled(signal);
        await attempt(path, () => content.write(chunk));
        size += chunk.length;
      }
      await attempt(path, async () => {
        await content.flush();
        await handle.sync();
      });
    } finally {
      await handle.close();
    }
    throwIfCancelled(signal);
    await attempt(path, () => rename(temporary, path));
  } catch (error) {
    await unlink(temporary).catch((inner: unknown) => {
      if (errnoOf(inner) !== 'ENOENT') throw fromErrno(inner, `cannot remove ${temporary}`);
    });
    throw error;
  }
  await syncFolder(folder);
  return size;
}

/**
 * Tells at once whether `replaceFile` would fail, as far as that can be told without making anything.
 * @throws TareError E_EXISTS, E_PATH_NOT_FOUND, E_NOT_DIRECTORY, E_READ_ONLY, E_PERMISSION
 */
export async function refuseUnreplaceable(path: string): Promise<void> {
  await refuseSpecial(path);
  const folder = dirname(path);
  try {
    if (!(await stat(folder)).isDirectory())
      throw new TareError('E_NOT_DIRECTORY', `cannot write ${path}: ${folder} is not a folder`);
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw errnoOf(error) === 'ENOENT' ? folderMissing(path, error) : fromErrno(error, `cannot write ${path}`);
  }
}

function folderMissing(path: string, cause: unknown): TareError {
  const message = `cannot write ${path}: the folder ${dirname(path)} does not exist`;
  return new TareError('E_PATH_NOT_FOUND', message, { hint: 'make the folder first', cause });
}

/** Makes a rename survive a power cut. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await attempt(folder, () => open(folder, 'r'));
  try {
    await attempt(folder, () => handle.sync());
  } finally {
    await handle.close();
  }
}

async function refuseSpecial(path: string): Promise<void> {
  try {
    const stat = await lstat(path);
    if (!stat.isFile() && !stat.isSymbolicLink())
      throw new TareError('E_EXISTS', `cannot write ${path}: it is there and is not a regular file`);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fromErrno(error, `cannot write ${path}`);
  }
}

async function openTemporary(path: string, temporary: string, mode: number): Promise<FileHandle> {
  try {
    return await open(temporary, 'wx', mode);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw folderMissing(path, error);
    throw fromErrno(error, `cannot write ${path}`);
  }
}

async function attempt<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw fromErrno(error, `cannot write ${path}`);
  }
}
