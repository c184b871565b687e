import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { ByteRange } from './range.ts';

const MAX_CHUNK_BYTES = 1024 * 1024; // 1 MiB
const MIN_CHUNK_BYTES = 64 * 1024; // 64 KiB
/** For the buffers of all that are being sent at a time; two for each. */
const ALL_BUFFERS_BYTES = 64 * 1024 * 1024; // 64 MiB

export interface FileSender {
  /** Sends a part of a file as the body of a response whose head is written, and ends it. Rejects when the client goes away. */
  send(res: ServerResponse, file: FileHandle, range: ByteRange): Promise<void>;
}

/**
 * Reads ahead by one buffer while the other one is on its way; a client that reads slowly holds two buffers, no more. The more clients there
 * are, the smaller the buffers, so that memory does not grow with them.
 */
export function createFileSender(): FileSender {
  let active = 0;
  return {
    send: async (res, file, range) => {
      active += 1;
      try {
        const length = range.end - range.start + 1;
        const chunk = Math.max(MIN_CHUNK_BYTES, Math.min(MAX_CHUNK_BYTES, Math.floor(ALL_BUFFERS_BYTES / 2 / active)));
        await sendRange(res, file, range, Math.min(chunk, length));
        await ended(res);
      } finally {
        active -= 1;
      }
    },
  };
}

async function sendRange(res: ServerResponse, file: FileHandle, range: ByteRange, chunk: number): Promise<void> {
  const buffers = [Buffer.allocUnsafeSlow(chunk), Buffer.allocUnsafeSlow(chunk)] as const;
  let sent: Promise<void> = Promise.resolve();
  for (let at = range.start, turn = 0; at <= range.end; turn ^= 1) {
    const buffer = turn === 0 ? buffers[0] : buffers[1];
    const read = file.read(buffer, 0, Math.min(chunk, range.end - at + 1), at);
    // One of the two may fail while the other one is awaited.
    const [{ bytesRead }] = await Promise.all([read, sent]);
    if (bytesRead === 0) throw new Error('the blob is shorter than its size');
    at += bytesRead;
    sent = written(res, buffer.subarray(0, bytesRead));
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
