import { TareError } from '../base/error.ts';
import { blobPath, type LayoutFiles } from './layout.ts';
import type { TarFile } from './tar-file.ts';

/** A layout inside a tar archive. */
export function layoutTar(tar: TarFile): LayoutFiles {
  return {
    what: tar.what,
    bytes: (path, limit) => tar.bytes(path, limit),
    blobs: {
      open: ({ digest }) => readMember(tar, blobPath(digest)),
      place: ({ digest }) => {
        const slot = tar.find(blobPath(digest));
        return Promise.resolve(slot === undefined ? undefined : tar.place(slot));
      },
    },
  };
}

/** @throws TareError E_IMAGE_NOT_FOUND when the archive does not hold it */
async function* readMember(tar: TarFile, path: string): AsyncGenerator<Uint8Array> {
  const slot = tar.find(path);
  if (slot === undefined) throw new TareError('E_IMAGE_NOT_FOUND', `${tar.what} does not hold ${path}`);
  yield* tar.read(slot);
}
