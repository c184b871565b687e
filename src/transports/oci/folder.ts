import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, isTareError } from '../../base/error.ts';
import { collectBytes } from '../../base/streams.ts';
import { readHostFile } from '../host-file.ts';
import { blobPath, type LayoutFiles } from '../layout.ts';
import type { BlobSource } from '../../oci/types.ts';

/** A layout as a folder. Nothing is read yet. */
export function layoutFolder(dir: string): LayoutFiles {
  const what = `OCI layout ${dir}`;
  return {
    what,
    bytes: async (path, limit) => {
      try {
        return await collectBytes(readHostFile(join(dir, path), 'file', 'E_PATH_NOT_FOUND'), limit, join(dir, path));
      } catch (error) {
        if (isTareError(error, 'E_PATH_NOT_FOUND')) return undefined;
        throw error;
      }
    },
    blobs: folderBlobs(dir),
  };
}

function folderBlobs(dir: string): BlobSource {
  return {
    open: ({ digest }) => readHostFile(join(dir, blobPath(digest)), 'blob', 'E_IMAGE_NOT_FOUND'),
    file: async ({ digest }) => {
      const path = join(dir, blobPath(digest));
      try {
        return (await stat(path)).isFile() ? path : undefined;
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return undefined;
        throw error;
      }
    },
  };
}
