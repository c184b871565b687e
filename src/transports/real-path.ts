import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errnoOf, fromErrno } from '../base/error.ts';

/** One text per file or folder: absolute, links followed as far as they exist. */
export async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return resolve(path);
    throw fromErrno(error, `cannot read ${path}`);
  }
}
