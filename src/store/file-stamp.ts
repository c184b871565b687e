import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { errnoOf, fromErrno } from '../base/error.ts';
import { verified } from '../base/streams.ts';
import type { Descriptor } from '../oci/types.ts';

const READ_CHUNK_BYTES = 256 * 1024; // 256 KiB

/** What tells that a file was not touched since its content was verified. All but the size are opaque. */
export interface FileStamp {
  /** Bytes. */
  readonly size: number;
  readonly mtimeNs: string;
  readonly ino: string;
  readonly dev: string;
  /** Where in the file the blob begins; 0 when left out. */
  readonly offset?: number;
}

/** Undefined when it is not there. */
export async function stampOf(file: string): Promise<FileStamp | undefined> {
  try {
    const { dev, ino, mtimeNs, size } = await stat(file, { bigint: true });
    return { size: Number(size), mtimeNs: String(mtimeNs), ino: String(ino), dev: String(dev) };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw fromErrno(error, `cannot read ${file}`);
  }
}

export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  const samePlace = (a.offset ?? 0) === (b.offset ?? 0);
  return samePlace && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ino === b.ino && a.dev === b.dev;
}

/** The stamp, unless the file was changed while it was read. */
export async function unchanged(file: string, before: FileStamp): Promise<FileStamp | undefined> {
  const after = await stampOf(file);
  return after !== undefined && sameStamp(before, after) ? after : undefined;
}

/** Reads the whole file. @throws TareError E_DIGEST, E_SIZE when it is not that blob */
export async function verifyFile(file: string, layer: Descriptor): Promise<void> {
  try {
    for await (const chunk of verified(createReadStream(file, { highWaterMark: READ_CHUNK_BYTES }), layer)) void chunk;
  } catch (error) {
    throw fromErrno(error, `cannot read ${file}`);
  }
}
