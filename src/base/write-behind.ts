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
/** Not worth a copy. */
const LARGE_BYTES = 256 * 1024; // 256 KiB

/** Collects what is written into large pieces, of which one is on its way while the next one fills. The handle stays the caller's to close. */
export function createWriteBehind(handle: FileHandle): WriteBehind {
  let piece: Buffer | undefined;
  let spare: Buffer | undefined;
  let filled = 0;
  let size = FIRST_BYTES;
  let onItsWay: Promise<void> = Promise.resolve();

  const writeAll = async (bytes: Uint8Array): Promise<void> => {
    for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at)).bytesWritten;
  };
  const writePiece = async (bytes: Buffer, length: number): Promise<void> => {
    await writeAll(bytes.subarray(0, length));
    if (bytes.length === PIECE_BYTES) spare = bytes;
  };
  const begin = (writing: Promise<void>): void => {
    onItsWay = writing;
    // It is told to whoever writes or flushes next.
    onItsWay.catch(() => undefined);
  };
  const sendOff = async (): Promise<void> => {
    await onItsWay;
    if (piece === undefined || filled === 0) return;
    begin(writePiece(piece, filled));
    [piece, spare, filled] = [spare, undefined, 0];
  };
  return {
    write: async (chunk) => {
      if (chunk.length >= LARGE_BYTES) {
        await sendOff();
        await onItsWay;
        begin(writeAll(chunk));
        return onItsWay;
      }
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
