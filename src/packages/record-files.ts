import { isTareError, TareError } from '../base/error.ts';
import type { Warning } from '../base/events.ts';
import { cleanPath, joinPath, quotePath, textOfBytes, type ByteString, type TreePath } from '../base/path.ts';
import type { ContentReader, Entry, Tree } from '../tree/types.ts';

/** Records that are read at a time. */
export const CONCURRENT_READS = 32;
const MAX_RECORD_BYTES = 256 * 1024 * 1024; // 256 MiB
/** What a record in a Tree can be wrong in; that is a warning, all else (a blob that lies, a cancelled run) is an error. */
const TOLERATED = ['E_PACKAGE_DB', 'E_LIMIT', 'E_PERMISSION'] as const;

/** The folder that a path leads to, links followed. */
export function folderAt(tree: Tree, path: TreePath): TreePath | undefined {
  const entry = tree.resolve(path)?.entry;
  return entry?.type === 'directory' ? entry.path : undefined;
}

/** The file that a path leads to, links followed. */
export function fileAt(tree: Tree, path: TreePath): Entry | undefined {
  const entry = tree.resolve(path)?.entry;
  return entry?.content === undefined ? undefined : entry;
}

export function fileIn(tree: Tree, folder: TreePath, name: ByteString): Entry | undefined {
  return fileAt(tree, joinPath(folder, name));
}

/** @throws TareError E_LIMIT, and what the reader throws */
export async function readRecord(content: ContentReader, entry: Entry, limit = MAX_RECORD_BYTES): Promise<Uint8Array> {
  if (entry.size > limit)
    throw new TareError('E_LIMIT', `${quotePath(entry.path)} has ${entry.size} bytes, more than ${limit}`);
  return content.read(entry);
}

export async function readRecordText(content: ContentReader, entry: Entry, limit?: number): Promise<ByteString> {
  const bytes = await readRecord(content, entry, limit);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** A path as some record has it; undefined when it cannot be one of the Tree. */
export function recordedPath(bytes: ByteString): TreePath | undefined {
  try {
    return cleanPath(bytes);
  } catch (error) {
    if (isTareError(error)) return undefined;
    throw error;
  }
}

/** A record that is made, not found: owned by root, readable by all, of no date. */
export function recordEntry(path: TreePath, bytes: Uint8Array): Entry {
  const content = { in: 'memory', bytes } as const;
  return { path, type: 'file', mode: 0o644, uid: 0, gid: 0, size: bytes.length, mtime: 0, content };
}

/** Runs `read`; a malformed record becomes a warning and `undefined`. */
export async function tolerated<T>(
  path: TreePath,
  warn: (warning: Warning) => void,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!TOLERATED.some((code) => isTareError(error, code))) throw error;
    warn({ code: 'package-record', message: (error as TareError).message, path: textOfBytes(path) });
    return undefined;
  }
}
