import { createHash, hash, randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from '../base/folders.ts';
import { isDigest, type Digest } from '../base/digest.ts';
import { errnoOf } from '../base/error.ts';
import type { Store } from '../store/types.ts';
import type { Compression } from './compression.ts';
import type { PackMember } from './members.ts';

/** What is remembered of a layer that was packed. Sizes in bytes. */
export interface PackedRecord {
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly wire: number;
  readonly tarSize: number;
}

/** Raise it whenever equal members could give other bytes than before: another encoder, chunk size or header rule. */
const FORMAT_VERSION = 1;
const MAX_RECORD_BYTES = 4096;
const SHAPE_DIGITS = 16;

/** Equal where equal tars are packed into equal blobs. */
export function packedAs(compression: Compression): string {
  const level = compression.kind === 'none' ? '' : `:${String(compression.level)}`;
  return `${compression.kind}${level} format ${FORMAT_VERSION}`;
}

/**
 * Everything about a layer but the bytes in its files. Two layers of one shape are worth comparing; layers of different shapes never
 * are the same.
 */
export function shapeOf(members: readonly PackMember[], compression: Compression): string {
  const sum = createHash('sha256').update(JSON.stringify([FORMAT_VERSION, compression]));
  for (const { header } of members) {
    const xattrs = [...(header.xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value).toString('hex')]);
    const { device, gid, linkname, mode, mtime, path, size, type, uid } = header;
    sum.update(JSON.stringify([path, type, mode, uid, gid, size, mtime, linkname, device, xattrs]));
  }
  return sum.digest('hex');
}

/** `contents`: hex sha256 of the file members, in order. */
export function keyOf(shape: string, contents: readonly string[]): string {
  return `${shape.slice(0, SHAPE_DIGITS)}-${hash('sha256', [shape, ...contents].join('\n'))}`;
}

/** Whether a layer of this shape was ever packed here, so that it is worth reading files for the key. */
export async function knowsShape(store: Store, shape: string): Promise<boolean> {
  try {
    const prefix = `${shape.slice(0, SHAPE_DIGITS)}-`;
    return (await readdir(folderOf(store))).some((name) => name.startsWith(prefix));
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/** The layer that was packed under this key, when its blob is still in the store. A record that is missing or damaged is none. */
export async function findPacked(store: Store, key: string): Promise<PackedRecord | undefined> {
  let text: string;
  try {
    text = await readFile(join(folderOf(store), `${key}.json`), 'utf8');
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
  const record = parseRecord(text);
  return record !== undefined && (await store.blobs.size(record.digest)) === record.wire ? record : undefined;
}

/** A home that cannot be written is no error. */
export async function rememberPacked(store: Store, key: string, record: PackedRecord): Promise<void> {
  const folder = folderOf(store);
  const temporary = join(folder, `${key}.${randomUUID()}.tmp`);
  try {
    makeFolders(folder);
    await writeFile(temporary, `${JSON.stringify(record)}\n`, { flag: 'wx' });
    await rename(temporary, join(folder, `${key}.json`));
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

function folderOf(store: Store): string {
  return join(store.home, 'tare', 'packed');
}

function parseRecord(text: string): PackedRecord | undefined {
  if (text.length > MAX_RECORD_BYTES) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { diffId, digest, tarSize, wire } = value as Readonly<Record<string, unknown>>;
  const sound =
    typeof digest === 'string' &&
    isDigest(digest) &&
    typeof diffId === 'string' &&
    isDigest(diffId) &&
    Number.isSafeInteger(wire) &&
    Number.isSafeInteger(tarSize);
  return sound ? { digest, diffId, wire: wire as number, tarSize: tarSize as number } : undefined;
}
