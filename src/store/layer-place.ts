import type { BlobPlace, BlobSource, Descriptor } from '../oci/types.ts';
import { stampOf, type FileStamp } from './file-stamp.ts';

/** Where the host has a blob: in a range of a file, or in one of its own. */
export async function placeOf(
  source: BlobSource,
  layer: Descriptor,
  blobs: BlobSource | undefined,
): Promise<BlobPlace | undefined> {
  const inside = await source.place?.(layer);
  if (inside !== undefined) return inside;
  const file = (await source.file?.(layer)) ?? (await blobs?.file?.(layer));
  return file === undefined ? undefined : { file, offset: 0, size: layer.size };
}

/** What tells whether the blob is still there. Undefined when the file is not. */
export async function stampAt({ file, offset }: BlobPlace): Promise<FileStamp | undefined> {
  const stamp = await stampOf(file);
  return stamp === undefined || offset === 0 ? stamp : { ...stamp, offset };
}
