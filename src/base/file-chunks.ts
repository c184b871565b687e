import type { FileHandle } from 'node:fs/promises';

/** Each read costs two changes of thread. */
export const FILE_CHUNK_BYTES = 1024 * 1024; // 1 MiB

/**
 * All of a file from where its handle is to its end, in chunks of a mebibyte that share one buffer. The handle stays the caller's to close.
 * @param size how long it is thought to be, in bytes; what has become longer is read to its end
 */
export async function* fileChunks(handle: FileHandle, size: number): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(FILE_CHUNK_BYTES, size)));
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}
