import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from './error.ts';

/**
 * A folder with all above it, as `mkdir -p`. Node's own `recursive` never ends where a file system refuses new folders with ENOENT, as
 * /proc does.
 * @returns the topmost folder that had to be made; undefined when all were there
 * @throws the system's error
 */
export function makeFolders(dir: string): string | undefined {
  try {
    mkdirSync(dir);
    return dir;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST' && statSync(dir).isDirectory()) return undefined;
    if (errnoOf(error) !== 'ENOENT' || dirname(dir) === dir) throw error;
  }
  const topmost = makeFolders(dirname(dir));
  try {
    mkdirSync(dir);
  } catch (error) {
    // Another process may have been quicker.
    if (errnoOf(error) !== 'EEXIST' || !statSync(dir).isDirectory()) throw error;
  }
  return topmost ?? dir;
}
