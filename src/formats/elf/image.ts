import { TareError } from '../../base/error.ts';
import type { ByteString } from '../../base/path.ts';
import { MAX_STRING_BYTES, MAX_STRINGS_BYTES, PT_LOAD } from './constants.ts';
import type { Range, Steps } from './steps.ts';
import type { ElfSegment } from './types.ts';

/** How numbers of this file are written. */
export interface Encoding {
  readonly class: 32 | 64;
  readonly little: boolean;
}

/** Reads numbers from one piece of the file. Offsets are relative to the piece; the caller has made sure that they are inside. */
export interface Fields {
  u8(at: number): number;
  u16(at: number): number;
  u32(at: number): number;
  u64(at: number): bigint;
  /** An address-sized number: 4 or 8 bytes. */
  word(at: number): bigint;
}

export function fieldsOf(bytes: Uint8Array, encoding: Encoding): Fields {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { little } = encoding;
  const u64 = (at: number): bigint => view.getBigUint64(at, little);
  return {
    u8: (at) => view.getUint8(at),
    u16: (at) => view.getUint16(at, little),
    u32: (at) => view.getUint32(at, little),
    u64,
    word: encoding.class === 64 ? u64 : (at) => BigInt(view.getUint32(at, little)),
  };
}

/** The range, once it is known to lie inside the file. @throws TareError E_ELF */
export function inside(offset: bigint | number, size: bigint | number, fileSize: number, what: string): Range {
  if (BigInt(offset) + BigInt(size) > BigInt(fileSize))
    throw new TareError(
      'E_ELF',
      `${what} (${size} bytes at ${offset}) reaches past the end of the ELF file (${fileSize} bytes)`,
    );
  return { offset: Number(offset), size: Number(size) };
}

/** File offset of an address, and how many bytes of its segment follow in the file. Undefined when nothing of the file is loaded there. */
export function locate(
  segments: readonly ElfSegment[],
  address: bigint,
): { readonly offset: number; readonly left: number } | undefined {
  for (const segment of segments) {
    if (segment.type !== PT_LOAD || address < segment.address) continue;
    const delta = address - segment.address;
    if (delta < BigInt(segment.size))
      return { offset: segment.offset + Number(delta), left: segment.size - Number(delta) };
  }
  return undefined;
}

/** A string table; `start` and `size` are inside the file. Strings are read one by one: the table of a large program has many megabytes. */
export interface StringTable extends Range {
  /** Shared by all strings of one file, so that overlapping ones cannot multiply. */
  readonly budget: { left: number };
}

export function newBudget(): { left: number } {
  return { left: MAX_STRINGS_BYTES };
}

/** @throws TareError E_ELF when the index is outside or the string does not end; E_LIMIT when it is too long */
export function* stringAt(table: StringTable, index: bigint | number, what: string): Steps<ByteString> {
  if (BigInt(index) >= BigInt(table.size))
    throw new TareError('E_ELF', `${what} is at ${index} of a string table of ${table.size} bytes`);
  let at = Number(index);
  let text = '';
  // Most names fit the first read; a long search path takes a second one.
  for (let want = 256; ; want = MAX_STRING_BYTES) {
    const size = Math.min(want, table.size - at);
    const bytes = yield { offset: table.offset + at, size };
    const end = bytes.indexOf(0);
    text += Buffer.from(bytes.buffer, bytes.byteOffset, end === -1 ? size : end).toString('latin1');
    if (end !== -1) break;
    at += size;
    if (at >= table.size) throw new TareError('E_ELF', `${what} does not end inside its string table`);
    if (text.length > MAX_STRING_BYTES)
      throw new TareError('E_LIMIT', `${what} is longer than ${MAX_STRING_BYTES} bytes`);
  }
  table.budget.left -= text.length;
  if (table.budget.left < 0)
    throw new TareError('E_LIMIT', `the names in the ELF file are longer than ${MAX_STRINGS_BYTES} bytes together`);
  return text;
}
