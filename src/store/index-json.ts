import { TareError } from '../base/error.ts';
import { encodeIndex } from '../oci/encode.ts';
import { OCI_INDEX } from '../oci/media-types.ts';
import type { ImageIndex } from '../oci/types.ts';
import { parseIndex } from '../oci/validate.ts';
import { readIfThere, replaceFile } from './files.ts';
import { withLock } from './lock.ts';
import type { StorePaths } from './paths.ts';

/** Some hundred bytes per name. */
const MAX_INDEX_JSON_BYTES = 64 * 1024 * 1024; // 64 MiB

const EMPTY: ImageIndex = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };

/** The names of the store; a store that does not exist yet has none. @throws TareError E_STORE when the file is damaged */
export async function readIndexJson(paths: StorePaths): Promise<ImageIndex> {
  const bytes = await readIfThere(paths.index);
  if (bytes === undefined) return EMPTY;
  try {
    return parseIndex(bytes, { maxBytes: MAX_INDEX_JSON_BYTES });
  } catch (error) {
    if (!(error instanceof TareError)) throw error;
    throw new TareError('E_STORE', `${paths.index} is damaged: ${error.message}`, {
      hint: 'mend the file by hand, or set TARE_HOME to a new folder; the blobs beside it are not touched',
      cause: error,
    });
  }
}

/**
 * Reads, changes and replaces index.json while no other tare process does. `change` returns the new index, or undefined to leave the file
 * as it is. A damaged file is never overwritten.
 * @throws TareError E_STORE, E_LOCKED, and what writing may throw
 */
export async function editIndexJson(
  paths: StorePaths,
  change: (index: ImageIndex) => Promise<ImageIndex | undefined>,
): Promise<void> {
  await withLock(paths.lock, async () => {
    const changed = await change(await readIndexJson(paths));
    if (changed !== undefined) await replaceFile(paths, paths.index, encodeIndex(changed));
  });
}
