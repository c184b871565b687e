import { TareError } from '../../base/error.ts';
import type { ByteReader } from './reader.ts';

// RFC 8878, section 3: frames, skippable frames, block headers. What is inside a block is the decoder's business.

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const MAX_BLOCK_BYTES = 128 * 1024; // 128 KiB
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;

export interface Frame {
  /** Memory that a decoder needs to look back into, in bytes. */
  readonly windowBytes: number;
  /** What comes out, in bytes, when the frame says so. */
  readonly contentBytes: number | undefined;
  /** The whole frame again: its header, then each block with its header, then the checksum when there is one. */
  readonly pieces: AsyncGenerator<Uint8Array>;
}

/** Whether these first bytes of a stream begin a frame, skippable ones included. */
export function isZstd(head: Uint8Array): boolean {
  return head.length >= 4 && (isFrame(head) || isSkippable(head));
}

function u32(bytes: Uint8Array, at = 0): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
}

function isFrame(head: Uint8Array): boolean {
  return u32(head) === MAGIC;
}

/** The last four bits of the magic number are free. */
function isSkippable(head: Uint8Array): boolean {
  return u32(head) - (u32(head) % 16) === SKIPPABLE_MAGIC;
}

/**
 * The frames of a stream, skippable ones left out. The pieces of one must be read to their end before the next frame is asked for.
 * @throws TareError E_COMPRESSION, E_LIMIT when a frame wants a larger window than `maxWindowBytes`
 */
export async function* readFrames(reader: ByteReader, maxWindowBytes: number): AsyncGenerator<Frame> {
  while (!(await reader.atEnd())) {
    const magic = await reader.read(4);
    if (isFrame(magic)) yield await readFrame(reader, magic.slice(), maxWindowBytes);
    else if (isSkippable(magic)) await reader.skip(u32(await reader.read(4)));
    else throw malformed('there is something that is not a frame');
  }
}

async function readFrame(reader: ByteReader, magic: Uint8Array, maxWindowBytes: number): Promise<Frame> {
  const first = (await reader.read(1))[0] as number;
  const singleSegment = (first & 0x20) !== 0;
  const hasChecksum = (first & 0x04) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][first & 3] as number;
  const sizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][first >> 6] as number;
  if ((first & 0x08) !== 0) throw malformed('a reserved bit of a frame header is set');
  const rest = (await reader.read((singleSegment ? 0 : 1) + dictionaryBytes + sizeBytes)).slice();
  let at = singleSegment ? 0 : 1;
  if (rest.subarray(at, at + dictionaryBytes).some((byte) => byte !== 0)) {
    throw malformed('a frame needs a dictionary');
  }
  at += dictionaryBytes;
  const contentBytes = contentSize(rest.subarray(at));
  const windowBytes = singleSegment ? (contentBytes as number) : windowSize(rest[0] as number);
  if (windowBytes > maxWindowBytes) {
    throw new TareError('E_LIMIT', `a zstd frame wants a window of ${windowBytes} bytes, more than ${maxWindowBytes}`);
  }
  const header = new Uint8Array([...magic, first, ...rest]);
  return { windowBytes, contentBytes, pieces: readPieces(reader, header, hasChecksum) };
}

/** Section 3.1.1.1.2. */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** Section 3.1.1.1.4; two bytes count from 256. */
function contentSize(field: Uint8Array): number | undefined {
  const view = new DataView(field.buffer, field.byteOffset, field.byteLength);
  if (field.length === 0) return undefined;
  if (field.length === 1) return view.getUint8(0);
  if (field.length === 2) return view.getUint16(0, true) + 256;
  if (field.length === 4) return view.getUint32(0, true);
  const size = view.getBigUint64(0, true);
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new TareError('E_LIMIT', `a zstd frame of ${size} bytes`);
  return Number(size);
}

async function* readPieces(reader: ByteReader, header: Uint8Array, hasChecksum: boolean): AsyncGenerator<Uint8Array> {
  yield header;
  for (let last = false; !last;) {
    const head = (await reader.read(BLOCK_HEADER_BYTES)).slice();
    const bits = (head[0] as number) | ((head[1] as number) << 8) | ((head[2] as number) << 16);
    last = (bits & 1) === 1;
    const type = (bits >> 1) & 3;
    const size = bits >> 3;
    if (type === 3) throw malformed('a block has the reserved type');
    if (size > MAX_BLOCK_BYTES) throw malformed(`a block of ${size} bytes`);
    // A run-length block holds one byte, whatever its size says.
    const body = await reader.read(type === 1 ? 1 : size);
    const block = new Uint8Array(head.length + body.length);
    block.set(head);
    block.set(body, head.length);
    yield block;
  }
  if (hasChecksum) yield await reader.read(CHECKSUM_BYTES);
}

export function malformed(why: string): TareError {
  return new TareError('E_COMPRESSION', `the zstd data are malformed: ${why}`);
}
