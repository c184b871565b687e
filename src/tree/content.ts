import { createHash } from 'node:crypto';
import { closeSync, read as readCallback, readSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Digest } from '../base/digest.ts';
import { fromErrno, TareError } from '../base/error.ts';
import { quotePath } from '../base/path.ts';
import type { BlobPlace } from '../oci/types.ts';
import { unfoldSparse } from '../formats/tar/index.ts';
import { checkRegular, createFdCache, openRegular, type FdCache } from './fd-cache.ts';
import type { ContentReader, ContentRef, Entry } from './types.ts';

type LayerRef = ContentRef & { readonly in: 'layer' };
type HostRef = ContentRef & { readonly in: 'host' };

const STREAM_CHUNK_BYTES = 256 * 1024; // 256 KiB
/** Reads up to this size are done at once: the trip through the thread pool would cost many times more. */
const SYNC_READ_BYTES = 64 * 1024; // 64 KiB
/** Most that is read into memory in one piece. */
const MAX_READ_BYTES = 1024 ** 3; // 1 GiB

const readAsync = promisify(readCallback);

export type TarPlace = Pick<BlobPlace, 'file' | 'offset'>;

export interface ContentOptions {
  /** The host file with the uncompressed tar of a layer, or where in one it begins. Asked once for each. */
  readonly layerTar: (diffId: Digest) => Promise<string | TarPlace>;
}

/**
 * Reads what entries hold, wherever it is. Ranges beyond the end are cut off. Sparse files come unfolded. Content of a layer
 * that is read or streamed to its end is checked against the sha256 of its entry, when that is known. Keeps a few files open for
 * about a second after the last use; needs no closing.
 *
 * @throws TareError E_NOT_FILE for an entry without content; E_IO when a host file is gone or has another size than its entry;
 * E_DIGEST; E_LIMIT for a `read` of more than 1 GiB; what `layerTar` throws
 */
export function contentReader({ layerTar }: ContentOptions): ContentReader {
  const files = createFdCache();
  const tars = new Map<Digest, Promise<TarPlace>>();
  const tarOf = (diffId: Digest): Promise<TarPlace> => {
    let tar = tars.get(diffId);
    if (tar === undefined) {
      tar = layerTar(diffId).then((found) => (typeof found === 'string' ? { file: found, offset: 0 } : found));
      tars.set(diffId, tar);
      // Not to be remembered: it may have been cancelled, or the disk may have space again.
      tar.catch(() => tars.delete(diffId));
    }
    return tar;
  };

  return {
    read: async (entry, range) => {
      const content = contentOf(entry);
      const { offset, size } = cut(range, content.in === 'memory' ? content.bytes.length : entry.size);
      if (size > MAX_READ_BYTES)
        throw new TareError('E_LIMIT', `${quotePath(entry.path)} is too large to be read at once`);
      if (content.in === 'memory') return content.bytes.subarray(offset, offset + size);
      if (content.in === 'host') return readHost(content, offset, size);
      const bytes = await readLayer(files, await tarOf(content.diffId), content, offset, size);
      if (entry.sha256 !== undefined && size === entry.size) {
        checkHash(entry, createHash('sha256').update(bytes).digest('hex'));
      }
      return bytes;
    },
    async *stream(entry) {
      const content = contentOf(entry);
      if (content.in === 'memory') yield content.bytes;
      else if (content.in === 'host') yield* streamHost(content);
      else yield* streamLayer(files, await tarOf(content.diffId), content, entry);
    },
  };
}

function contentOf(entry: Entry): ContentRef {
  if (entry.content !== undefined) return entry.content;
  throw new TareError('E_NOT_FILE', `${quotePath(entry.path)} is a ${entry.type}: it has no content`);
}

interface Range {
  readonly offset: number;
  readonly size: number;
}

function cut(range: Range | undefined, available: number): Range {
  if (range === undefined) return { offset: 0, size: available };
  const offset = Math.min(Math.max(0, range.offset), available);
  return { offset, size: Math.min(Math.max(0, range.size), available - offset) };
}

/** Fills the buffer. @throws TareError E_IO when the file ends before */
async function fill(fd: number, buffer: Buffer, position: number, path: string | Buffer): Promise<void> {
  for (let filled = 0; filled < buffer.length;) {
    const left = buffer.length - filled;
    let count: number;
    try {
      count =
        left <= SYNC_READ_BYTES
          ? readSync(fd, buffer, filled, left, position + filled)
          : (await readAsync(fd, buffer, filled, left, position + filled)).bytesRead;
    } catch (error) {
      throw fromErrno(error, `cannot read ${quotePath(Buffer.from(path).toString('latin1'))}`);
    }
    if (count === 0) {
      const name = quotePath(Buffer.from(path).toString('latin1'));
      throw new TareError(
        'E_IO',
        `the file ${name} ends at byte ${position + filled}: it was changed while it was in use`,
      );
    }
    filled += count;
  }
}

async function readHost(content: HostRef, offset: number, size: number): Promise<Uint8Array> {
  const fd = openRegular(content.path, content.size);
  try {
    const buffer = Buffer.allocUnsafe(size);
    await fill(fd, buffer, offset, content.path);
    return buffer;
  } finally {
    closeSync(fd);
  }
}

async function* streamHost(content: HostRef): AsyncGenerator<Uint8Array> {
  const fd = openRegular(content.path, content.size);
  try {
    yield* chunks(fd, 0, content.size, content.path);
    checkRegular(fd, content.path, content.size);
  } finally {
    closeSync(fd);
  }
}

async function* chunks(fd: number, start: number, size: number, path: string | Buffer): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < size; done += STREAM_CHUNK_BYTES) {
    const buffer = Buffer.allocUnsafe(Math.min(STREAM_CHUNK_BYTES, size - done));
    await fill(fd, buffer, start + done, path);
    yield buffer;
  }
}

async function readLayer(
  files: FdCache,
  { file: tar, offset: base }: TarPlace,
  content: LayerRef,
  offset: number,
  size: number,
): Promise<Uint8Array> {
  return files.use(tar, async (fd) => {
    if (content.sparse === undefined) {
      const buffer = Buffer.allocUnsafe(size);
      await fill(fd, buffer, base + content.offset + offset, tar);
      return buffer;
    }
    const buffer = Buffer.alloc(size);
    let stored = base + content.offset;
    for (const [at, length] of content.sparse) {
      const from = Math.max(at, offset);
      const to = Math.min(at + length, offset + size);
      if (from < to) await fill(fd, buffer.subarray(from - offset, to - offset), stored + from - at, tar);
      stored += length;
    }
    return buffer;
  });
}

async function* streamLayer(
  files: FdCache,
  tar: TarPlace,
  content: LayerRef,
  entry: Entry,
): AsyncGenerator<Uint8Array> {
  const hash = entry.sha256 === undefined ? undefined : createHash('sha256');
  const stored = storedChunks(files, tar, content);
  const { sparse } = content;
  for await (const chunk of unfoldSparse(stored, { size: entry.size, ...(sparse === undefined ? {} : { sparse }) })) {
    hash?.update(chunk);
    yield chunk;
  }
  if (hash !== undefined) checkHash(entry, hash.digest('hex'));
}

/** Between two chunks the file is not held: whoever stops in the middle leaves nothing open. */
async function* storedChunks(
  files: FdCache,
  { file: tar, offset: base }: TarPlace,
  content: LayerRef,
): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < content.size; done += STREAM_CHUNK_BYTES) {
    const buffer = Buffer.allocUnsafe(Math.min(STREAM_CHUNK_BYTES, content.size - done));
    await files.use(tar, (fd) => fill(fd, buffer, base + content.offset + done, tar));
    yield buffer;
  }
}

function checkHash(entry: Entry, actual: string): void {
  if (actual === entry.sha256) return;
  throw new TareError(
    'E_DIGEST',
    `the content of ${quotePath(entry.path)} has the sha256 ${actual}, its layer's index says ${entry.sha256}`,
    { hint: 'the cached layer was changed: delete the folder `tare/` in TARE_HOME, it will be made anew' },
  );
}
