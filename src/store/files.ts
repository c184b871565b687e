import { lstat, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import { makeFolders } from '../base/folders.ts';
import { temporaryPath, type StorePaths } from './paths.ts';

/** Makes a rename or a new name in the folder survive a power cut. */
export async function flushFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Readers see the old file or the new one, never a part. */
export async function replaceFile(paths: StorePaths, target: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = await temporaryPath(paths);
  try {
    const handle = await open(temporary, 'wx', 0o644);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fromErrno(error, `cannot write ${target}`);
  }
  await flushFolder(dirname(target));
}

/** The same without waiting for the disk, for what carries its own sum: what a power cut leaves behind is made anew. */
export async function replaceCached(paths: StorePaths, target: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = await temporaryPath(paths);
  try {
    await writeFile(temporary, bytes, { flag: 'wx' });
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fromErrno(error, `cannot write ${target}`);
  }
}

/** Undefined when it is not there. @throws TareError for any other reason */
export async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw fromErrno(error, `cannot read ${file}`);
  }
}

/** In bytes, of a regular file; undefined when there is none. */
export async function sizeIfThere(file: string): Promise<number | undefined> {
  try {
    const found = await stat(file);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw fromErrno(error, `cannot read ${file}`);
  }
}

/** A folder of the store with all above it. @throws TareError E_IO where no folder can be, else by the system's error */
export async function makeFolder(dir: string): Promise<void> {
  const hint = 'set TARE_HOME to a folder that can be written';
  try {
    makeFolders(dir);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EEXIST'].includes(errnoOf(error) ?? ''))
      throw new TareError('E_IO', `cannot make the folder ${dir}: ${(error as Error).message}`, { hint, cause: error });
    throw fromErrno(error, `cannot make the folder ${dir}`, { hint });
  }
}

/** In byte order; none when the folder is not there. */
export async function namesIfThere(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).sort();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw fromErrno(error, `cannot read ${dir}`);
  }
}

/** Of a file, folder or link, in ms since the epoch; undefined when it is gone. */
export async function modifiedAt(file: string): Promise<number | undefined> {
  try {
    return (await lstat(file)).mtimeMs;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw fromErrno(error, `cannot read ${file}`);
  }
}
