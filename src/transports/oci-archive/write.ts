import { algorithmOf } from '../../base/digest.ts';
import { compareBytes } from '../../base/path.ts';
import type { Context } from '../../base/events.ts';
import { writeTar, type TarInput } from '../../formats/tar/index.ts';
import { encodeIndex } from '../../oci/encode.ts';
import { OCI_INDEX } from '../../oci/media-types.ts';
import { blobsOf, transfer } from '../blobs.ts';
import { blobPath, INDEX_FILE, LAYOUT_CONTENT, LAYOUT_FILE, layoutEntries } from '../layout.ts';
import { fileEntry, folderEntry } from '../tar-entry.ts';
import type { Bundle, Written } from '../types.ts';
import { replaceFile } from '../write-file.ts';

/** The same bundle and name give the same bytes. */
export async function writeLayoutArchive(
  bundle: Bundle,
  file: string,
  name: string | undefined,
  ctx: Context,
): Promise<Omit<Written, 'reference'>> {
  const blobs = blobsOf(bundle).flat();
  const index = encodeIndex({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: layoutEntries(bundle, name) });
  const marker = Buffer.from(LAYOUT_CONTENT);
  const folders = new Set(blobs.map(({ digest }) => `blobs/${algorithmOf(digest)}`));
  const entries: TarInput[] = [
    ...['blobs', ...folders].map(folderEntry),
    ...blobs.map((blob) => fileEntry(blobPath(blob.digest), blob.size, transfer(bundle.blobs.open(blob), blob, ctx))),
    fileEntry(INDEX_FILE, index.length, index),
    fileEntry(LAYOUT_FILE, marker.length, marker),
  ].sort((a, b) => compareBytes(a.header.path, b.header.path));
  await replaceFile(file, writeTar(entries), ctx.signal);
  return {
    digest: bundle.descriptor.digest,
    bytes: blobs.reduce((total, { size }) => total + size, 0),
    blobs: blobs.length,
    reused: 0,
  };
}
