import { join } from 'node:path';
import { TareError } from '../base/error.ts';
import { encodeIndex } from '../oci/encode.ts';
import { OCI_INDEX } from '../oci/media-types.ts';
import { flushFolder, makeFolder, readIfThere, replaceFile, sizeIfThere } from './files.ts';
import { withLock } from './lock.ts';
import type { StorePaths } from './paths.ts';

const MARKER = '{"imageLayoutVersion":"1.0.0"}';

/**
 * Makes the folder an empty OCI layout (image-spec image-layout.md) unless it is one already. Safe beside other processes.
 * @throws TareError E_STORE when it is a layout of another version
 */
export async function makeLayout(paths: StorePaths): Promise<void> {
  for (const dir of [join(paths.blobs, 'sha256'), paths.temporary, paths.leases]) await makeFolder(dir);
  if ((await checkMarker(paths)) && (await sizeIfThere(paths.index)) !== undefined) return;
  await withLock(paths.lock, async () => {
    if ((await sizeIfThere(paths.index)) === undefined)
      await replaceFile(paths, paths.index, encodeIndex({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] }));
    // Last: a folder that has it is complete.
    if (!(await checkMarker(paths))) await replaceFile(paths, paths.marker, MARKER);
  });
  await flushFolder(paths.blobs);
}

async function checkMarker(paths: StorePaths): Promise<boolean> {
  const bytes = await readIfThere(paths.marker);
  if (bytes === undefined) return false;
  if (/"imageLayoutVersion"\s*:\s*"1\.0\.\d+"/.test(bytes.toString('utf8'))) return true;
  throw new TareError('E_STORE', `${paths.marker} does not say that this is an OCI layout of version 1.0`, {
    hint: 'set TARE_HOME to a new folder',
  });
}
