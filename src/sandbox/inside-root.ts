import { lstat, open, readlink, stat } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../base/error.ts';

/** As the kernel's own limit (path_resolution(7)). */
const MAX_LINKS = 40;

/**
 * Where a path of a root file system is on the host, links followed inside the root only, as if it were chroot'ed.
 * Undefined when something is missing on the way. The root must not change meanwhile.
 */
export async function resolveInside(root: string, path: string): Promise<string | undefined> {
  let done: string[] = [];
  const todo = path.split('/').reverse();
  let links = 0;
  while (todo.length > 0) {
    const name = todo.pop() as string;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      done.pop();
      continue;
    }
    const host = join(root, ...done, name);
    const target = await linkTarget(host);
    if (target === null) return undefined;
    if (target === undefined) {
      done.push(name);
      continue;
    }
    if (++links > MAX_LINKS) return undefined;
    if (target.startsWith('/')) done = [];
    todo.push(...target.split('/').reverse());
  }
  return join(root, ...done);
}

/** The target of a link; undefined for what is no link; null for what is not there. */
async function linkTarget(host: string): Promise<string | undefined | null> {
  try {
    return (await lstat(host)).isSymbolicLink() ? await readlink(host) : undefined;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'ENAMETOOLONG'].includes(errnoOf(error) ?? '')) return null;
    throw error;
  }
}

/**
 * The text of a regular file inside a root file system; undefined when it is missing, unreadable or something else
 * (a FIFO would hang us). Cut at `maxBytes`.
 */
export async function readInside(root: string, path: string, maxBytes: number): Promise<string | undefined> {
  const host = await resolveInside(root, path);
  if (host === undefined) return undefined;
  try {
    if (!(await lstat(host)).isFile()) return undefined;
    const handle = await open(host, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const buffer = Buffer.alloc(Math.min(maxBytes, (await handle.stat()).size));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
      return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ELOOP'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** Whether a path of the host, links followed, is a regular file. */
export async function isReadableFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}
