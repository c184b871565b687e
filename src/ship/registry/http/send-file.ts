import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { ByteRange } from './range.ts';

/** While few are served. */
const LARGE_BYTES = 1024 * 1024; // 1 MiB
const FEW = 8;
/** Else; two for each client. */
const SMALL_BYTES = 64 * 1024; // 64 KiB
const MAX_FREE = 256;

export interface FileSender {
  /** Sends a part of a file as the body of a response whose head is written, and ends it. Rejects when the client goes away. */
  send(res: ServerResponse, file: FileHandle, range: ByteRange): Promise<void>;
}

/**
 * Reads ahead by one buffer while the other one is on its way; a client that reads slowly holds two buffers, no more. Buffers are used again,
 * and are smaller when there are many clients, so that memory hardly grows with them.
 */
export function createFileSender(): FileSender {
  let active = 0;
  const pools = { large: createPool(LARGE_BYTES), small: createPool(SMALL_BYTES) };
  return {
    send: async (res, file, range) => {
      active += 1;
      const pool = active > FEW || range.end - range.start < SMALL_BYTES ? pools.small : pools.large;
      const buffers = [pool.take(), pool.take()] as const;
      try {
        await sendRange(res, file, range, buffers);
        await ended(res);
        // Only then: of a response that broke off, the system may still hold a buffer.
        buffers.forEach(pool.giveBack);
      } finally {
        active -= 1;
      }
    },
  };
}

interface Pool {
  take(): Buffer;
  giveBack(buffer: Buffer): void;
}

function createPool(bytes: number): Pool {
  const free: Buffer[] = [];
  return {
    take: () => free.pop() ?? Buffer.allocUnsafeSlow(bytes),
    giveBack: (buffer) => {
      if (free.length < MAX_FREE) free.push(buffer);
    },
  };
}

async function sendRange(
  res: ServerResponse,
  file: FileHandle,
  range: ByteRange,
  buffers: readonly [Buffer, Buffer],
): Promise<void> {
  let sent: Promise<void> = Promise.resolve();
  for (let at = range.start, turn = 0; at <= range.end; turn ^= 1) {
    const buffer = turn === 0 ? buffers[0] : buffers[1];
    const read = file.read(buffer, 0, Math.min(buffer.length, range.end - at + 1), at);
    // One of the two may fail while the other one is awaited.
    const [{ bytesRead }] = await Promise.all([read, sent]);
    if (bytesRead === 0) throw new Error('the blob is shorter than its size');
    at += bytesRead;
    sent = written(res, buffer.subarray(0, bytesRead));
    // Awaited with the next read, or at the end.
    sent.catch(() => undefined);
  }
  await sent;
}

/** Resolves when the bytes have gone to the system: the buffer may be used again. */
function written(res: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = (): void => reject(new Error('the client went away'));
    res.once('close', onClose);
    res.write(bytes, (error) => {
      res.off('close', onClose);
      if (error === null || error === undefined) resolve();
      else reject(error);
    });
  });
}

function ended(res: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    res.once('close', () => {
      if (res.writableFinished) resolve();
      else reject(new Error('the client went away'));
    });
    res.once('finish', resolve);
    res.end();
  });
}
