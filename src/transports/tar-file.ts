import { throwIfCancelled } from '../base/context.ts';
import { TareError } from '../base/error.ts';
import { cleanPath, joinPath, parentOf, quotePath, ROOT, type TreePath } from '../base/path.ts';
import { collectBytes, type Bytes } from '../base/streams.ts';
import { createTarParser, type TarMember } from '../formats/tar/index.ts';
import type { BlobPlace } from '../oci/types.ts';
import type { ByteFile } from './host-file.ts';

/** A member of an image archive: where its bytes are. */
export interface Slot {
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
}

/** An image archive whose members can be read in any order, without unpacking it. */
export interface TarFile {
  /** For messages. */
  readonly what: string;
  /**
   * The file of that name; links inside the archive are followed.
   * @throws TareError E_ARCHIVE when it is there twice, is no plain file, or is a link that leads nowhere or in a circle
   */
  find(name: string): Slot | undefined;
  read(slot: Slot): Bytes;
  /** Where a host file has the bytes of a slot; undefined when the archive is none. */
  place(slot: Slot): BlobPlace | undefined;
  /** All of a small member. @throws TareError E_LIMIT beyond `limit` bytes; what `find` throws */
  bytes(name: string, limit: number): Promise<Buffer | undefined>;
}

/** An image has a few members per layer; nobody has this many layers. */
const MAX_ARCHIVE_MEMBERS = 100_000;
/** Read at once: a header or a few, for between them are layers. */
const WINDOW_BYTES = 4096; // 4 KiB
/** Links followed for one name. Docker 20.10 writes one: a layer that is there twice. */
const MAX_ARCHIVE_LINKS = 8;

/**
 * Reads the headers of a tar archive once; what is between them is passed over.
 * @throws TareError E_ARCHIVE when it is not a tar archive; E_TAR_PATH when a name leaves the root; E_LIMIT; E_CANCELLED
 */
export async function indexTar(file: ByteFile, signal: AbortSignal): Promise<TarFile> {
  const members = new Map<TreePath, TarMember>();
  const twice = new Set<TreePath>();
  const parser = createTarParser(
    {
      member: (member) => {
        const path = cleanPath(member.path);
        if (member.type === 'directory') return;
        if (members.has(path)) twice.add(path);
        members.set(path, member);
      },
    },
    { maxMembers: MAX_ARCHIVE_MEMBERS },
  );
  try {
    for (let at = 0; at < file.size;) {
      throwIfCancelled(signal);
      const window = Math.min(WINDOW_BYTES, file.size - at);
      for await (const chunk of file.read(at, window)) parser.push(chunk);
      const passed = Math.min(parser.skippable(), file.size - at - window);
      parser.skip(passed);
      at += window + passed;
    }
    parser.end();
  } catch (error) {
    if (error instanceof TareError && error.code === 'E_TAR')
      throw new TareError('E_ARCHIVE', `${file.what} is not an image archive: ${error.message}`, { cause: error });
    throw error;
  }

  const find = (name: string): Slot | undefined => {
    let path = cleanPath(Buffer.from(name, 'utf8').toString('latin1'));
    for (let hops = 0; hops <= MAX_ARCHIVE_LINKS; hops += 1) {
      const member = members.get(path);
      if (member === undefined) {
        if (hops === 0) return undefined;
        throw damaged(file, name, `is a link to ${quotePath(path)}, which is not there`);
      }
      // Two readers of the archive could choose two different contents.
      if (twice.has(path)) throw damaged(file, name, 'is there twice');
      if (member.type === 'file') {
        if (member.sparse !== undefined) throw damaged(file, name, 'is a sparse file');
        return { offset: member.dataOffset, size: member.dataSize };
      }
      path = linkTarget(file, path, member);
    }
    throw damaged(file, name, `is behind more than ${MAX_ARCHIVE_LINKS} links`);
  };

  const read = (slot: Slot): Bytes => file.read(slot.offset, slot.size);
  return {
    what: file.what,
    find,
    read,
    place: (slot) => (file.path === undefined ? undefined : { file: file.path, ...slot }),
    bytes: async (name, limit) => {
      const slot = find(name);
      return slot === undefined ? undefined : collectBytes(read(slot), limit, `${name} in ${file.what}`);
    },
  };
}

/** Hard links count from the root, symbolic ones from their own folder. @throws TareError E_TAR_PATH when they leave the archive */
function linkTarget(file: ByteFile, path: TreePath, member: TarMember): TreePath {
  const target = member.linkname ?? '';
  if (member.type === 'hardlink') return cleanPath(target);
  if (member.type !== 'symlink') throw damaged(file, path, `is a ${member.type}`);
  if (target.startsWith('/')) throw damaged(file, path, `is a link to ${quotePath(target)}, outside of the archive`);
  const folder = parentOf(path);
  return cleanPath(folder === ROOT ? target : joinPath(folder, target));
}

function damaged(file: ByteFile, name: string, why: string): TareError {
  return new TareError('E_ARCHIVE', `${file.what} is not a valid image archive: ${quotePath(name)} ${why}`);
}
