import { isGzip } from '../formats/gzip/magic.ts';
import { isZstd } from '../formats/zstd/frames.ts';

/** How many first bytes `packingOf` looks at. */
export const HEAD_BYTES = 6;

export type Packing = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz';

/** How a file is packed, by its first bytes: names and media types are not to be believed. No tar archive starts like this. */
export function packingOf(head: Uint8Array): Packing {
  const starts = (...magic: readonly number[]): boolean => magic.every((byte, at) => head[at] === byte);
  if (isGzip(head)) return 'gzip';
  if (isZstd(head)) return 'zstd';
  if (starts(0x42, 0x5a, 0x68)) return 'bzip2';
  return starts(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00) ? 'xz' : 'none';
}
