import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { TareError } from './error.ts';
import { quotePath, bytesOfText } from './path.ts';

const READ_BYTES = 64 * 1024; // 64 KiB

/**
 * A regular file of the host, whole. A pipe or a device in its place neither blocks nor floods.
 * @throws TareError E_NOT_FILE, E_LIMIT above `maxBytes`; the system's own error, for the caller to judge, when it cannot be opened
 */
export async function readSmallFile(file: string, maxBytes: number): Promise<Buffer> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const info = await handle.stat();
    const shown = quotePath(bytesOfText(file));
    if (!info.isFile()) throw new TareError('E_NOT_FILE', `${shown} is not a regular file`);
    const chunks: Buffer[] = [];
    // What is in /proc says that it is empty, and may have no end.
    for (let total = 0; ;) {
      if (info.size > maxBytes || total > maxBytes)
        throw new TareError('E_LIMIT', `${shown} is larger than ${maxBytes} bytes`);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES);
      if (bytesRead === 0) return Buffer.concat(chunks);
      total += bytesRead;
      chunks.push(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}
