import { TareError } from '../../base/error.ts';
import type { CliHeader, PeFile, PeSection, Range, ReadAt } from './types.ts';

export type { CliHeader, PeFile, PeSection, Range, ReadAt } from './types.ts';

/** The loader of Windows refuses more (PE format, "COFF File Header"). */
const MAX_SECTIONS = 96;
/** Where the signature may stand, in bytes: linkers put it right behind the DOS stub. */
const MAX_HEADER_OFFSET = 1024 * 1024; // 1 MiB
const DOS_HEADER_BYTES = 64;
const COFF_HEADER_BYTES = 24; // with the signature
const SECTION_BYTES = 40;
const CLI_HEADER_BYTES = 72;
/** IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR, the 15th data directory. */
const CLI_DIRECTORY = 14;
const IMAGE_FILE_DLL = 0x2000;
const PE32 = 0x10b;
const PE32_PLUS = 0x20b;

/** Whether a file of this beginning may be a PE file: the two letters of the DOS header, nothing more. */
export function isPe(head: Uint8Array): boolean {
  return head[0] === 0x4d && head[1] === 0x5a;
}

/**
 * Reads the headers of a PE file (ECMA-335 II.25) and the CLI header that they lead to. Nothing else of the file is touched.
 * @throws TareError E_PE when it is no PE file or is malformed
 */
export async function readPeFrom(read: ReadAt, size: number): Promise<PeFile> {
  const at = async (offset: number, length: number, what: string): Promise<DataView> => {
    if (offset + length > size) throw broken(`${what} (${length} bytes at ${offset}) reaches past its end at ${size}`);
    const bytes = await read(offset, length);
    if (bytes.length !== length) throw broken(`it ends at ${offset + bytes.length}, before its ${size} bytes`);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  const dos = await at(0, DOS_HEADER_BYTES, 'the DOS header');
  if (dos.getUint16(0, true) !== 0x5a4d) throw broken('it does not begin with MZ');
  const start = dos.getUint32(0x3c, true);
  if (start > MAX_HEADER_OFFSET) throw broken(`its header is said to be at ${start}`);
  const coff = await at(start, COFF_HEADER_BYTES, 'the COFF header');
  if (coff.getUint32(0, true) !== 0x4550) throw broken('the signature PE is not where the DOS header says');
  const count = coff.getUint16(6, true);
  if (count > MAX_SECTIONS) throw broken(`it has ${count} sections, more than ${MAX_SECTIONS}`);
  const optionalSize = coff.getUint16(20, true);
  const optional = await at(start + COFF_HEADER_BYTES, optionalSize, 'the optional header');
  const magic = optionalSize < 2 ? 0 : optional.getUint16(0, true);
  if (magic !== PE32 && magic !== PE32_PLUS) throw broken(`its optional header has the magic number ${magic}`);
  const table = await at(start + COFF_HEADER_BYTES + optionalSize, count * SECTION_BYTES, 'the section table');
  const sections = sectionsOf(table, count, size);
  const directory = cliDirectory(optional, magic === PE32_PLUS);
  const cliAt = directory === undefined ? undefined : inFile(sections, directory, 'the CLI header');
  const cli = cliAt && cliOf(await at(cliAt.offset, CLI_HEADER_BYTES, 'the CLI header'), sections);
  return {
    machine: coff.getUint16(4, true),
    plus: magic === PE32_PLUS,
    dll: (coff.getUint16(22, true) & IMAGE_FILE_DLL) !== 0,
    sections,
    ...(cli !== undefined && { cli }),
  };
}

/** The same for a file in memory. @throws TareError E_PE */
export function readPe(bytes: Uint8Array): Promise<PeFile> {
  return readPeFrom((offset, size) => Promise.resolve(bytes.subarray(offset, offset + size)), bytes.length);
}

interface Directory {
  readonly address: number;
  readonly size: number;
}

function cliDirectory(optional: DataView, plus: boolean): Directory | undefined {
  const countAt = plus ? 108 : 92;
  const entryAt = countAt + 4 + CLI_DIRECTORY * 8;
  if (optional.byteLength < entryAt + 8 || optional.getUint32(countAt, true) <= CLI_DIRECTORY) return undefined;
  const address = optional.getUint32(entryAt, true);
  const size = optional.getUint32(entryAt + 4, true);
  if (address === 0 && size === 0) return undefined;
  if (size < CLI_HEADER_BYTES) throw broken(`its CLI header has ${size} bytes, fewer than ${CLI_HEADER_BYTES}`);
  return { address, size };
}

function sectionsOf(table: DataView, count: number, fileSize: number): PeSection[] {
  return Array.from({ length: count }, (_, index) => {
    const at = index * SECTION_BYTES;
    const name = Buffer.from(table.buffer, table.byteOffset + at, 8)
      .toString('latin1')
      .replace(/\0[^]*$/, '');
    const offset = Math.min(table.getUint32(at + 20, true), fileSize);
    // The rest of a section that is longer in memory is zeros, and no table is made of them.
    const size = Math.min(table.getUint32(at + 16, true), fileSize - offset);
    return { name, address: table.getUint32(at + 12, true), file: { offset, size } };
  });
}

function inFile(sections: readonly PeSection[], { address, size }: Directory, what: string): Range {
  for (const section of sections) {
    const delta = address - section.address;
    if (delta >= 0 && delta + size <= section.file.size) return { offset: section.file.offset + delta, size };
  }
  throw broken(`${what} (${size} bytes at the address ${address}) is in none of its sections`);
}

function cliOf(header: DataView, sections: readonly PeSection[]): CliHeader {
  const directory = { address: header.getUint32(8, true), size: header.getUint32(12, true) };
  return {
    runtimeVersion: [header.getUint16(4, true), header.getUint16(6, true)],
    flags: header.getUint32(16, true),
    metadata: inFile(sections, directory, 'the metadata'),
  };
}

function broken(why: string): TareError {
  return new TareError('E_PE', `the PE file is malformed: ${why}`);
}
