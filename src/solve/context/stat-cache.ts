import { hash, randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '../../base/error.ts';
import { makeFolders } from '../../base/folders.ts';
import type { TreePath } from '../../base/path.ts';
import { IDENTITY_NUMBERS, identitiesOf, type Identities } from './identities.ts';

/**
 * What is known of the files of one folder. On disk, all numbers as this machine writes them:
 *
 *     NAME (14 bytes) | BYTE_ORDER (2) | count (8) | identities (40 each) | sha256 (32 each) | lengths of paths (2 each) | paths | sha256 of all that
 */
export interface StatTable {
  readonly paths: readonly TreePath[];
  readonly identities: Identities;
  /** 32 bytes each. */
  readonly digests: Uint8Array;
}

const NAME = 'tare context 1';
/** Reads as something else where the bytes of a number go the other way. */
const BYTE_ORDER = 0x0102;
const COUNT_AT = 16;
const ROWS_AT = 24;
const ROW_BYTES = IDENTITY_NUMBERS * 8;
const SHA256_BYTES = 32;
const LENGTH_BYTES = 2;
const MAX_CACHE_BYTES = 128 * 1024 * 1024; // 128 MiB
export const MAX_CACHED_FILES = 600_000;

/** Where a folder's table is. `realDir`: without links on the way. */
export function statCacheFile(home: string, realDir: string): string {
  return join(home, 'tare', 'solve', 'context', hash('sha256', realDir));
}

/** Undefined when there is none, and when it is damaged: it is only a cache. */
export async function loadStatTable(file: string): Promise<StatTable | undefined> {
  try {
    const { size } = await stat(file);
    if (size > MAX_CACHE_BYTES) return undefined;
    return decode(await readFile(file));
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

/** Readers see the old table or the new one; of two writers the later one wins. A home that cannot be written is no error. */
export async function saveStatTable(file: string, table: StatTable): Promise<void> {
  const bytes = encode(table);
  if (bytes.length > MAX_CACHE_BYTES) return;
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    makeFolders(dirname(file));
    await writeFile(temporary, bytes, { flag: 'wx' });
    await rename(temporary, file);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

function encode({ digests, identities, paths }: StatTable): Buffer {
  const count = paths.length;
  const pathsAt = ROWS_AT + count * (ROW_BYTES + SHA256_BYTES + LENGTH_BYTES);
  const end = paths.reduce((sum, path) => sum + path.length, pathsAt);
  const bytes = Buffer.alloc(end + SHA256_BYTES);
  bytes.write(NAME, 'latin1');
  bytes.set(asBytes(Uint16Array.of(BYTE_ORDER)), NAME.length);
  bytes.set(asBytes(BigUint64Array.of(BigInt(count))), COUNT_AT);
  bytes.set(asBytes(identities.rows.subarray(0, count * IDENTITY_NUMBERS)), ROWS_AT);
  bytes.set(digests.subarray(0, count * SHA256_BYTES), ROWS_AT + count * ROW_BYTES);
  bytes.set(asBytes(Uint16Array.from(paths, (path) => path.length)), pathsAt - count * LENGTH_BYTES);
  let at = pathsAt;
  for (const path of paths) at += bytes.write(path, at, 'latin1');
  bytes.set(hash('sha256', bytes.subarray(0, end), 'buffer'), end);
  return bytes;
}

function decode(bytes: Buffer): StatTable | undefined {
  const end = bytes.length - SHA256_BYTES;
  if (end < ROWS_AT || bytes.toString('latin1', 0, NAME.length) !== NAME) return undefined;
  if (new Uint16Array(aligned(bytes, NAME.length, 2))[0] !== BYTE_ORDER) return undefined;
  if (!hash('sha256', bytes.subarray(0, end), 'buffer').equals(bytes.subarray(end))) return undefined;
  const count = Number(new BigUint64Array(aligned(bytes, COUNT_AT, 8))[0]);
  const digestsAt = ROWS_AT + count * ROW_BYTES;
  const lengthsAt = digestsAt + count * SHA256_BYTES;
  const pathsAt = lengthsAt + count * LENGTH_BYTES;
  if (!Number.isSafeInteger(count) || pathsAt > end) return undefined;
  const lengths = new Uint16Array(aligned(bytes, lengthsAt, count * LENGTH_BYTES));
  const paths: TreePath[] = [];
  let at = pathsAt;
  for (const length of lengths) {
    paths.push(bytes.toString('latin1', at, at + length) as TreePath);
    at += length;
  }
  if (at !== end) return undefined;
  return {
    paths,
    identities: identitiesOf(new BigInt64Array(aligned(bytes, ROWS_AT, count * ROW_BYTES))),
    digests: bytes.subarray(digestsAt, lengthsAt),
  };
}

function asBytes(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** A copy of its own, for numbers must not begin just anywhere. */
function aligned(bytes: Buffer, at: number, length: number): ArrayBuffer {
  return new Uint8Array(bytes.subarray(at, at + length)).buffer;
}
