import type { FileHandle } from 'node:fs/promises';

/** A file that grows at its end. */
export interface WriteBehind {
  /** Takes the chunk in; it may be changed afterwards. @throws what an earlier write has failed with */
  write(chunk: Uint8Array): Promise<void>;
  /** Resolves when the system has all of it; what is written later goes on behind it. @throws what a write has failed with */
  flush(): Promise<void>;
}

/** Most files are small; each write costs two changes of thread. */
const FIRST_BYTES = 64 * 1024; // 64 KiB
const PIECE_BYTES = 1024 * 1024; // 1 MiB

/** Collects what is written into large pieces, of which one is on its way while the next one fills. The handle stays the caller's to close. */
export function createWriteBehind(handle: FileHandle): WriteBehind {
  let piece: Buffer | undefined;
  let spare: Buffer | undefined;
  let filled = 0;
  let size = FIRST_BYTES;
  let onItsWay: Promise<void> = Promise.resolve();

  const writeAll = async (bytes: Buffer, length: number): Promise<void> => {
    for (let at = 0; at < length;) at += (await handle.write(bytes, at, length - at)).bytesWritten;
    if (bytes.length === PIECE_BYTES) spare = bytes;
  };
  const sendOff = async (): Promise<void> => {
    await onItsWay;
    if (piece === undefined || filled === 0) return;
    onItsWay = writeAll(piece, filled);
    // It is told to whoever writes or flushes next.
    onItsWay.catch(() => undefined);
    [piece, spare, filled] = [spare, undefined, 0];
  };
  return {
    write: async (chunk) => {
      for (let at = 0; at < chunk.length;) {
        if (piece === undefined) {
          piece = Buffer.allocUnsafeSlow(size);
          size = PIECE_BYTES;
        }
        const part = chunk.subarray(at, at + piece.length - filled);
        piece.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled === piece.length) await sendOff();
      }
    },
    flush: async () => {
      await sendOff();
      await onItsWay;
    },
  };
}
