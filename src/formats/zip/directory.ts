import { TareError } from '../../base/error.ts';
import { readEnd, type ZipEnd } from './end.ts';
import { malformed, safe64, viewOf } from './fields.ts';
import { MAX_DIRECTORY_BYTES, MAX_MEMBERS } from './limits.ts';
import type { ReadAt, ZipMember } from './types.ts';

const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
const ZIP64_EXTRA = 0x0001;
const UNKNOWN_32 = 0xffffffff;

/**
 * The members of a ZIP archive in the order of its central directory (PKWARE APPNOTE 6.3.10, 4.3.12). The data of a member are not looked at.
 * @throws TareError E_ZIP when it is no ZIP archive or damaged, E_LIMIT when its directory is larger than that of any real one
 */
export async function readZipDirectory(read: ReadAt, fileSize: number): Promise<ZipMember[]> {
  const end = await readEnd(read, fileSize);
  if (end.members > MAX_MEMBERS) throw tooLarge(`${end.members} members`);
  if (end.directorySize > MAX_DIRECTORY_BYTES) throw tooLarge(`a directory of ${end.directorySize} bytes`);
  return parseDirectory(await read(end.directoryOffset, end.directorySize), end);
}

function tooLarge(what: string): TareError {
  return new TareError('E_LIMIT', `the ZIP archive has ${what}, more than any real one`);
}

function parseDirectory(bytes: Uint8Array, end: ZipEnd): ZipMember[] {
  const view = viewOf(bytes);
  const members: ZipMember[] = [];
  // The count of an end record without 64-bit numbers is cut off at 16 bits: the directory's size is what counts.
  for (let at = 0; at + ENTRY_BYTES <= bytes.length;) {
    if (view.getUint32(at, true) !== ENTRY_SIGNATURE) break;
    if (members.length >= MAX_MEMBERS) throw tooLarge(`more than ${MAX_MEMBERS} members`);
    const lengths = [28, 30, 32].map((offset) => view.getUint16(at + offset, true)) as [number, number, number];
    const next = at + ENTRY_BYTES + lengths[0] + lengths[1] + lengths[2];
    if (next > bytes.length) throw malformed('a member of its directory is cut off');
    members.push(memberAt(view, at, lengths, end));
    at = next;
  }
  if (members.length < end.members) throw malformed(`its directory has ${members.length} of ${end.members} members`);
  return members;
}

function memberAt(view: DataView, at: number, lengths: readonly [number, number, number], end: ZipEnd): ZipMember {
  const nameAt = at + ENTRY_BYTES;
  const name = Buffer.from(view.buffer, view.byteOffset + nameAt, lengths[0]).toString('latin1');
  const numbers = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
  const [size = 0, compressedSize = 0, offset = 0] = wide(view, nameAt + lengths[0], lengths[1], numbers);
  const headerOffset = offset + end.shift;
  if (headerOffset + compressedSize > end.directoryOffset) throw malformed('a member lies outside the file');
  return {
    name,
    method: view.getUint16(at + 10, true),
    encrypted: (view.getUint16(at + 8, true) & 1) !== 0,
    compressedSize,
    size,
    headerOffset,
  };
}

/** Of the numbers those that do not fit into 32 bits are in an extra field, in the same order (4.5.3). */
function wide(view: DataView, at: number, length: number, numbers: readonly number[]): number[] {
  if (!numbers.includes(UNKNOWN_32)) return [...numbers];
  for (let field = at; field + 4 <= at + length;) {
    const size = view.getUint16(field + 2, true);
    if (field + 4 + size > at + length) break;
    if (view.getUint16(field, true) === ZIP64_EXTRA) {
      let next = field + 4;
      return numbers.map((number) => {
        if (number !== UNKNOWN_32) return number;
        if (next + 8 > field + 4 + size) throw malformed('a 64-bit number is missing');
        next += 8;
        return safe64(view, next - 8);
      });
    }
    field += 4 + size;
  }
  return [...numbers];
}
