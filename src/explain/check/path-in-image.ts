import { posix } from 'node:path';
import { TareError } from '../../base/error.ts';
import { pathOfText, type TreePath } from '../../base/path.ts';

/** A path as people write it in rules; what leaves the root stays in it, as everywhere in a container. Undefined for what no path can be. */
export function pathInImage(text: string): TreePath | undefined {
  try {
    return pathOfText(posix.normalize(`/${text}`));
  } catch (error) {
    if (error instanceof TareError) return undefined;
    throw error;
  }
}
