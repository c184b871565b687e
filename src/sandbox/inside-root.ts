import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { errnoOf } from '../base/error.ts';
import { layeredRoot } from './layered-root.ts';

/**
 * The text of a regular file inside a root file system, which may consist of several folders (lowest first); undefined when it is missing, unreadable or
 * something else (a FIFO would hang us). Links are followed inside the root only. Cut at `maxBytes`.
 */
export function readInside(root: string | readonly string[], path: string, maxBytes: number): string | undefined {
  const found = layeredRoot(typeof root === 'string' ? [root] : root).locate(path);
  if (found?.host === undefined || found.stat?.isFile() !== true) return undefined;
  try {
    // At once: each trip through the thread pool would cost more than such a file.
    const fd = openSync(found.host, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const buffer = Buffer.alloc(Math.min(maxBytes, fstatSync(fd).size));
      return buffer.toString('latin1', 0, readSync(fd, buffer, 0, buffer.length, 0));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ELOOP'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** Whether a path of the host, links followed, is a regular file. */
export function isReadableFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}
