import { lstatSync } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { throwIfCancelled } from '../../base/context.ts';
import type { Digest } from '../../base/digest.ts';
import { fromErrno } from '../../base/error.ts';
import { hostPath, type TreePath } from '../../base/path.ts';
import { encodeHeader, paddingOf, TRAILER, type TarHeader } from '../../formats/tar/index.ts';
import { setTimes } from '../../sandbox/index.ts';
import { CHUNK_BYTES, type ChunkSink } from '../../pack/chunk-sink.ts';
import type { Slot } from '../../pack/compressor.ts';
import { readHostFile } from '../../pack/host-file.ts';
import { createTarAssembler } from '../../pack/tar-assembler.ts';
import type { IndexedMember } from '../../store/types.ts';
import type { Entry } from '../../tree/types.ts';
import { changesOf, pathOf, type Change } from './layer-diff-walk.ts';

/** While one is written the next is filled. */
const MAX_CHUNKS = 3;
const BLOCK_BYTES = 512;

export interface DiffOptions {
  /** What an overlay wrote. */
  readonly upper: string;
  /** What lay below it, lowest first. */
  readonly lowers: readonly string[];
  /** No member is younger than this (SOURCE_DATE_EPOCH), in seconds. With it the files in `upper` get the times that they would have out of the layer. */
  readonly epoch?: number | undefined;
  /** The tar, which must not be there yet. */
  readonly target: string;
  readonly signal: AbortSignal;
}

export interface LayerDiff {
  readonly diffId: Digest;
  /** Of the tar, in bytes. */
  readonly size: number;
  readonly members: readonly IndexedMember[];
}

/**
 * Writes the changes that an overlay holds as the tar of an OCI layer (image-spec layer.md), in one pass, with its digest and its index. What is in it:
 * see `changesOf`. Members are in byte order; of several names of one inode the first is the file, the others are hard links to it. Times are whole
 * seconds, owners are numbers, holes are zeros, devices are kept. No file is held in memory as a whole.
 *
 * To be called where the files have the owners that the container saw. Nothing may write to `upper` meanwhile.
 * @throws TareError as changesOf; E_IO when a file changes meanwhile, E_EXISTS, E_NO_SPACE, …. There is no tar then.
 */
export async function diffLayer(options: DiffOptions): Promise<LayerDiff> {
  const { epoch, lowers, signal, target, upper } = options;
  const settle: (() => void)[] = [];
  const changes = await changesOf({
    upper,
    lowers,
    signal,
    onUnchanged: (path, { mtimeMs }) => settle.push(() => setModified(upper, path, mtimeMs)),
  });
  let handle: FileHandle | undefined;
  try {
    handle = await open(target, 'wx', 0o644);
    const out = createTarAssembler(fileSink(handle, tarBytesOf(changes)), () => throwIfCancelled(signal));
    const first = new Map<string, Entry>();
    const members: IndexedMember[] = [];
    const zeros = new Uint8Array(BLOCK_BYTES);
    for (const change of changes) {
      const header = headerOf(change, first, epoch ?? Infinity);
      await out.append(encodeHeader(header));
      const placed = { ...header, dataOffset: out.offset(), dataSize: header.size };
      if (change.is !== 'entry' || header.type !== 'file') {
        members.push(change.is === 'entry' ? placed : { ...placed, sha256: EMPTY_SHA256 });
        continue;
      }
      const file = { path: hostPath(upper, change.entry.path), size: header.size };
      members.push({ ...placed, sha256: (await readHostFile(file, out)).sha256 });
      const padding = paddingOf(header.size);
      if (padding > 0) await out.append(zeros.subarray(0, padding));
    }
    await out.append(TRAILER);
    const size = out.offset();
    const diffId = await out.finish();
    await handle.close();
    if (epoch !== undefined) {
      for (const change of changes)
        if (change.is === 'entry') setModified(upper, change.entry.path, Math.min(change.entry.mtime, epoch) * 1000);
      for (const work of settle) work();
    }
    return { diffId, size, members };
  } catch (error) {
    if (handle !== undefined) {
      await handle.close();
      await rm(target, { force: true });
    }
    throw fromErrno(error, `cannot write ${target}`);
  }
}

/** A later step must see the same whether this one was run, or taken from the cache. */
function setModified(upper: string, path: TreePath, mtimeMs: number): void {
  const file = hostPath(upper, path);
  const stat = lstatSync(file);
  if (stat.mtimeMs !== mtimeMs) setTimes(file, { atimeMs: stat.atimeMs, mtimeMs });
}

/** Of no bytes. */
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** @param first inode → the entry that is its file; added to */
function headerOf(change: Change, first: Map<string, Entry>, youngest: number): TarHeader {
  const path = pathOf(change).slice(1);
  if (change.is !== 'entry') return { path, type: 'file', mode: 0, uid: 0, gid: 0, size: 0, mtime: 0 };
  const { entry, inode } = change;
  const mtime = Math.min(entry.mtime, youngest);
  const common = { mode: entry.mode, uid: entry.uid, gid: entry.gid, mtime };
  const file = inode === undefined ? undefined : first.get(inode);
  if (file !== undefined) return { path, type: 'hardlink', ...common, size: 0, linkname: file.path.slice(1) };
  if (inode !== undefined) first.set(inode, entry);
  return {
    path: entry.type === 'directory' ? `${path}/` : path,
    type: entry.type,
    ...common,
    size: entry.size,
    ...(entry.link === undefined ? {} : { linkname: entry.link }),
    ...(entry.device === undefined ? {} : { device: entry.device }),
    ...(entry.xattrs === undefined ? {} : { xattrs: entry.xattrs }),
  };
}

/** About so many, without extended headers. */
function tarBytesOf(changes: readonly Change[]): number {
  let bytes = TRAILER.length;
  for (const change of changes) {
    const size = change.is === 'entry' ? change.entry.size : 0;
    bytes += BLOCK_BYTES + size + paddingOf(size);
  }
  return bytes;
}

/** Chunks one after the other into a file, while the next is filled. It is no matter where they are cut. */
function fileSink(handle: FileHandle, bytes: number): ChunkSink {
  const chunkBytes = Math.min(CHUNK_BYTES, bytes);
  const free: Slot[] = [];
  const queue: Promise<void>[] = [];
  let tail = Promise.resolve();
  const write = async (before: Promise<void>, slot: Slot, length: number): Promise<void> => {
    await before;
    for (let done = 0; done < length;) done += (await handle.write(slot, done, length - done)).bytesWritten;
    free.push(slot);
  };
  return {
    chunkBytes,
    slot: () => free.pop() ?? new Uint8Array(new SharedArrayBuffer(chunkBytes)),
    push: async (slot, length) => {
      tail = write(tail, slot, length);
      tail.catch(() => undefined);
      queue.push(tail);
      while (queue.length >= MAX_CHUNKS) await queue.shift();
    },
    drain: () => tail,
  };
}
