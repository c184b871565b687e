import { createHash } from 'node:crypto';
import { isDigest, type Digest } from '../base/digest.ts';
import type { FileStamp } from './file-stamp.ts';
import type { EntryType, SparseRun } from '../formats/tar/types.ts';
import type { Writable } from '../base/writable.ts';
import type { IndexedMember, LayerIndex } from './types.ts';

/** What is remembered of a layer. */
export interface LayerRecord {
  readonly digest: Digest;
  readonly index: LayerIndex;
  /** Files that were found to hold the blob, the last one last. */
  readonly files: readonly FileStamp[];
}

/** The same as a whole, without what is in it. */
export interface LayerHead extends Pick<LayerRecord, 'digest' | 'files'> {
  readonly index: Omit<LayerIndex, 'members'>;
}

// One line with the version and the sha256 of all that follows; then a line of JSON on the layer; then one with a JSON array for each member: all
// of them together may be longer than a string can be.
// All text is bytes: what is stored is its latin1 form, so a path stands in the file as it is in the archive.

const MAGIC = 'tare-layer-index 2';
const TYPES: readonly EntryType[] = ['file', 'directory', 'symlink', 'hardlink', 'char', 'block', 'fifo'];

const PART_CHARS = 1024 * 1024;

/** What only few members have. */
interface Rare {
  readonly link?: string;
  readonly device?: readonly [number, number];
  readonly sparse?: readonly SparseRun[];
  readonly xattrs?: readonly (readonly [name: string, value: string])[];
}

type Row = readonly [
  path: string,
  type: number,
  mode: number,
  uid: number,
  gid: number,
  size: number,
  mtime: number,
  dataOffset: number,
  dataSize: number,
  sha256: string,
  rare: Rare | 0,
];

export function encodeRecord(record: LayerRecord): Buffer {
  const { members, ...layer } = record.index;
  const head = JSON.stringify({ digest: record.digest, files: record.files, ...layer });
  const hash = createHash('sha256');
  const parts: Buffer[] = [];
  let text = `${head}\n`;
  const flush = (): void => {
    const part = Buffer.from(text, 'latin1');
    hash.update(part);
    parts.push(part);
    text = '';
  };
  for (const member of members) {
    text += `${JSON.stringify(rowOf(member))}\n`;
    if (text.length >= PART_CHARS) flush();
  }
  flush();
  return Buffer.concat([Buffer.from(`${MAGIC} ${hash.digest('hex')}\n`, 'latin1'), ...parts]);
}

function rowOf(member: IndexedMember): Row {
  const { path, type, mode, uid, gid, size, mtime, dataOffset, dataSize, sha256 = '' } = member;
  const isPlain =
    member.linkname === undefined &&
    member.device === undefined &&
    member.sparse === undefined &&
    member.xattrs === undefined;
  const rare = isPlain ? 0 : rareOf(member);
  return [path, TYPES.indexOf(type), mode, uid, gid, size, mtime, dataOffset, dataSize, sha256, rare];
}

function rareOf(member: IndexedMember): Rare {
  return {
    ...(member.linkname === undefined ? {} : { link: member.linkname }),
    ...(member.device === undefined ? {} : { device: member.device }),
    ...(member.sparse === undefined ? {} : { sparse: member.sparse }),
    ...(member.xattrs === undefined
      ? {}
      : { xattrs: [...member.xattrs].map(([name, value]) => [name, Buffer.from(value).toString('latin1')] as const) }),
  };
}

/** Undefined when it is of another version or damaged in any way. */
export function decodeRecord(bytes: Buffer): LayerRecord | undefined {
  return decoded(bytes, (head, body) => {
    const members: IndexedMember[] = [];
    for (let start = 0; start < body.length;) {
      // As many lines as make a part: one call of the parser for each line would cost more than what it parses.
      const end = body.indexOf('\n', Math.min(start + PART_CHARS, body.length - 1));
      if (end === -1) return undefined;
      const lines = body.toString('latin1', start, end).replaceAll('\n', ',');
      for (const row of JSON.parse(`[${lines}]`) as Row[]) members.push(memberOf(row));
      start = end + 1;
    }
    return { ...head, index: { ...head.index, members } };
  });
}

/** The same without the members, of which there may be hundreds of thousands. */
export function decodeHead(bytes: Buffer): LayerHead | undefined {
  return decoded(bytes, (head) => head);
}

/** @param rest is given what follows the head */
function decoded<T>(bytes: Buffer, rest: (head: LayerHead, body: Buffer) => T | undefined): T | undefined {
  const lineEnd = bytes.indexOf('\n');
  const body = bytes.subarray(lineEnd + 1);
  const sum = createHash('sha256').update(body).digest('hex');
  if (lineEnd === -1 || bytes.toString('latin1', 0, lineEnd) !== `${MAGIC} ${sum}`) return undefined;
  const headEnd = body.indexOf('\n');
  try {
    const head = headOf(JSON.parse(body.toString('latin1', 0, headEnd)) as Partial<Head>);
    return head === undefined ? undefined : rest(head, body.subarray(headEnd + 1));
  } catch (error) {
    // The sum was right, so tare wrote it; but not this version of it.
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

interface Head {
  readonly digest: string;
  readonly files: readonly FileStamp[];
  readonly diffId: string;
  readonly wire: number;
  readonly disk: number;
}

function headOf({ diffId, digest, disk, files, wire }: Partial<Head>): LayerHead | undefined {
  if (digest === undefined || diffId === undefined || !isDigest(digest) || !isDigest(diffId)) return undefined;
  if (typeof wire !== 'number' || typeof disk !== 'number' || !Array.isArray(files)) return undefined;
  return { digest, files, index: { diffId, wire, disk } };
}

function memberOf(row: Row): IndexedMember {
  const [path, typeNumber, mode, uid, gid, size, mtime, dataOffset, dataSize, sha256, rare] = row;
  const type = TYPES[typeNumber];
  if (typeof path !== 'string' || type === undefined) throw new TypeError('a row of a layer index is not valid');
  // Assigned, not spread: V8 keeps an object that was spread and then added to as a hash table, four times as large. There may be 100000s.
  const member: Writable<IndexedMember> = { path, type, mode, uid, gid, size, mtime, dataOffset, dataSize };
  if (sha256 !== '') member.sha256 = sha256;
  if (rare === 0) return member;
  if (rare.link !== undefined) member.linkname = rare.link;
  if (rare.device !== undefined) member.device = rare.device;
  if (rare.sparse !== undefined) member.sparse = rare.sparse;
  if (rare.xattrs !== undefined)
    member.xattrs = new Map(rare.xattrs.map(([name, value]) => [name, Buffer.from(value, 'latin1')]));
  return member;
}
