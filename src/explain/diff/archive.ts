import { throwIfCancelled } from '../../base/context.ts';
import type { Context } from '../../base/events.ts';
import { sha256 } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import { quotePath } from '../../base/path.ts';
import { collectBytes, type Bytes } from '../../base/streams.ts';
import { createTarParser, unfoldSparse, type TarMember } from '../../formats/tar/index.ts';
import type { ByteFile } from '../../transports/host-file.ts';
import { treeOfLayers } from '../../tree/layers.ts';
import type { ContentReader, ContentRef, Entry, Tree } from '../../tree/types.ts';

/** Read at once: most files are smaller, so that many headers come with it. */
const WINDOW_BYTES = 256 * 1024; // 256 KiB
/** Most that is read into memory in one piece. */
const MAX_READ_BYTES = 1024 ** 3; // 1 GiB

/**
 * The members of a tar, in their order; what is between them is passed over.
 * @throws TareError E_TAR, E_LIMIT, E_IO, E_CANCELLED
 */
export async function membersOf(file: ByteFile, ctx: Context): Promise<readonly TarMember[]> {
  const members: TarMember[] = [];
  const parser = createTarParser({ member: (member) => members.push(member) });
  try {
    for (let at = 0; at < file.size;) {
      throwIfCancelled(ctx.signal);
      const window = Math.min(WINDOW_BYTES, file.size - at);
      for await (const chunk of file.read(at, window)) parser.push(chunk);
      const passed = Math.min(parser.skippable(), file.size - at - window);
      parser.skip(passed);
      at += window + passed;
    }
    parser.end();
  } catch (error) {
    if (!(error instanceof TareError) || error.code !== 'E_TAR') throw error;
    throw new TareError('E_TAR', `${file.what} is not a tar archive: ${error.message}`, { cause: error });
  }
  return members;
}

/**
 * A tar as the root file system that it holds, read as a layer is (`treeOfLayers`), and what reads its contents.
 * @throws TareError what `treeOfLayers` throws
 */
export function rootOfArchive(
  file: ByteFile,
  members: readonly TarMember[],
): { readonly tree: Tree; readonly content: ContentReader } {
  // Tells its contents from those of another archive, and not from its own.
  const diffId = sha256(file.what);
  const tree = treeOfLayers([{ diffId, wire: file.size, disk: file.size, members }]);
  const stream = (entry: Entry): Bytes => {
    const { offset, size, sparse } = placeOf(entry);
    return unfoldSparse(file.read(offset, size), { size: entry.size, ...(sparse === undefined ? {} : { sparse }) });
  };
  return {
    tree,
    content: {
      stream,
      read: async (entry, range = { offset: 0, size: entry.size }) => {
        const bytes = await collectBytes(stream(entry), MAX_READ_BYTES, quotePath(entry.path));
        return bytes.subarray(range.offset, range.offset + range.size);
      },
    },
  };
}

function placeOf({ content, path, type }: Entry): ContentRef & { readonly in: 'layer' } {
  if (content?.in === 'layer') return content;
  throw new TareError('E_NOT_FILE', `${quotePath(path)} is a ${type}: it has no content`);
}
