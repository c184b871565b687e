import { resolve } from 'node:path';
import { TareError } from '../base/error.ts';
import { collectBytes } from '../base/streams.ts';
import { hostFile, type ByteFile } from './host-file.ts';
import { HEAD_BYTES, packingOf } from './packing.ts';
import { indexTar, type TarFile } from './tar-file.ts';
import type { TransportTools } from './types.ts';

/** Most bytes of an archive that has to be spooled: more than the largest images, less than most disks. */
export const MAX_ARCHIVE_BYTES = 128 * 1024 ** 3; // 128 GiB

/**
 * An image archive of the host, ready for random access; one that is compressed as a whole is unpacked to a temporary file first.
 * @throws TareError as `openTar`; what `indexTar` throws
 */
export async function openArchive(path: string, tools: Pick<TransportTools, 'ctx' | 'store'>): Promise<TarFile> {
  return indexTar(await openTar(path, tools), tools.ctx.signal);
}

/**
 * The bytes of an archive, without what it is compressed with. Whether they are a tar is not looked at.
 * @throws TareError E_IMAGE_NOT_FOUND, E_NOT_FILE; E_ARCHIVE for a compression that is not supported; E_COMPRESSION; what `scratchFile` throws
 */
export async function openTar(path: string, { ctx, store }: Pick<TransportTools, 'ctx' | 'store'>): Promise<ByteFile> {
  const file = await hostFile(resolve(path), 'archive', 'E_IMAGE_NOT_FOUND');
  const head = await collectBytes(file.read(0, Math.min(HEAD_BYTES, file.size)), HEAD_BYTES, file.what);
  const packing = packingOf(head);
  if (packing === 'none') return file;
  if (packing === 'bzip2' || packing === 'xz')
    throw new TareError('E_ARCHIVE', `${file.what} is compressed with ${packing}, which is not supported`, {
      hint: `unpack it first: \`${packing} -dk FILE\``,
    });
  // Loaded when they are needed: most archives are plain.
  const [{ decompress }, { scratchFile }] = await Promise.all([
    packing === 'gzip' ? import('../formats/gzip/index.ts') : import('../formats/zstd/index.ts'),
    import('./scratch.ts'),
  ]);
  const maxBytes = MAX_ARCHIVE_BYTES;
  return scratchFile(decompress(file.read(0, file.size), { maxBytes }), {
    home: store.home,
    what: file.what,
    limit: maxBytes,
    signal: ctx.signal,
  });
}
