import { TareError } from '../../base/error.ts';
import { MAX_SECTIONS, MAX_SEGMENTS, PN_XNUM, SHN_XINDEX } from './constants.ts';
import { type Encoding, type Fields, fieldsOf, inside } from './image.ts';
import type { Steps } from './steps.ts';

const IDENT_BYTES = 16;
const MAGIC = [0x7f, 0x45, 0x4c, 0x46];

/** The ELF header (gABI chapter 4, "ELF Header"), with the counts that overflow into section 0 already in place. */
export interface Header extends Encoding {
  readonly osAbi: number;
  readonly type: number;
  readonly machine: number;
  readonly machineFlags: number;
  readonly programHeaders: Table;
  readonly sectionHeaders: Table;
  readonly sectionNames: number;
}

interface Table {
  readonly offset: bigint;
  readonly entrySize: number;
  readonly count: number;
}

/** Whether a file with these first bytes claims to be ELF. Four bytes are enough. */
export function isElf(head: Uint8Array): boolean {
  return MAGIC.every((byte, index) => head[index] === byte);
}

const headerSize = (encoding: Encoding): number => (encoding.class === 64 ? 64 : 52);
export const segmentSize = (encoding: Encoding): number => (encoding.class === 64 ? 56 : 32);
export const sectionSize = (encoding: Encoding): number => (encoding.class === 64 ? 64 : 40);

/** @throws TareError E_ELF, E_LIMIT */
export function* readHeader(fileSize: number): Steps<Header> {
  if (fileSize < IDENT_BYTES) throw new TareError('E_ELF', `an ELF file cannot have only ${fileSize} bytes`);
  const ident = yield { offset: 0, size: IDENT_BYTES };
  if (!isElf(ident)) throw new TareError('E_ELF', 'not an ELF file: the magic number is missing');
  const encoding = encodingOf(ident);
  const osAbi = ident[7] as number;
  const fields = fieldsOf(yield inside(0, headerSize(encoding), fileSize, 'the ELF header'), encoding);
  const wide = encoding.class === 64;
  const tail = wide ? 48 : 36;
  const partial = {
    ...encoding,
    osAbi,
    type: fields.u16(16),
    machine: fields.u16(18),
    machineFlags: fields.u32(tail),
  };
  const programHeaders = {
    offset: fields.word(wide ? 32 : 28),
    entrySize: fields.u16(tail + 6),
    count: fields.u16(tail + 8),
  };
  const sectionHeaders = {
    offset: fields.word(wide ? 40 : 32),
    entrySize: fields.u16(tail + 10),
    count: fields.u16(tail + 12),
  };
  const sectionNames = fields.u16(tail + 14);
  const counts = yield* realCounts({ ...partial, programHeaders, sectionHeaders, sectionNames }, fileSize);
  checkTable(counts.programHeaders, segmentSize(encoding), MAX_SEGMENTS, 'program headers');
  return counts;
}

function encodingOf(ident: Uint8Array): Encoding {
  const [bits, order, version] = [ident[4], ident[5], ident[6]];
  if (bits !== 1 && bits !== 2) throw new TareError('E_ELF', `the ELF class ${bits} is neither 32 nor 64 bits`);
  if (order !== 1 && order !== 2) throw new TareError('E_ELF', `the ELF byte order ${order} is neither little nor big`);
  if (version !== 1) throw new TareError('E_ELF', `the ELF version ${version} is not 1`);
  return { class: bits === 2 ? 64 : 32, little: order === 1 };
}

/** Counts too large for 16 bits stand in section header 0 (gABI: e_phnum PN_XNUM, e_shnum 0, e_shstrndx SHN_XINDEX). */
function* realCounts(header: Header, fileSize: number): Steps<Header> {
  const { programHeaders, sectionHeaders } = header;
  const manySections = sectionHeaders.offset !== 0n && sectionHeaders.count === 0;
  if (!manySections && programHeaders.count !== PN_XNUM && header.sectionNames !== SHN_XINDEX) return header;
  if (sectionHeaders.offset === 0n) return header;
  // A broken section table is the concern of whoever reads it, unless the program headers depend on it.
  if (programHeaders.count !== PN_XNUM && sectionHeaders.offset + BigInt(sectionSize(header)) > BigInt(fileSize))
    return header;
  const first = yield inside(sectionHeaders.offset, sectionSize(header), fileSize, 'section header 0');
  const { size, link, info } = extendedCounts(fieldsOf(first, header), header);
  return {
    ...header,
    programHeaders: programHeaders.count === PN_XNUM ? { ...programHeaders, count: info } : programHeaders,
    sectionHeaders: manySections ? { ...sectionHeaders, count: Number(size) } : sectionHeaders,
    sectionNames: header.sectionNames === SHN_XINDEX ? link : header.sectionNames,
  };
}

function extendedCounts(fields: Fields, encoding: Encoding): { size: bigint; link: number; info: number } {
  const wide = encoding.class === 64;
  return { size: fields.word(wide ? 32 : 20), link: fields.u32(wide ? 40 : 24), info: fields.u32(wide ? 44 : 28) };
}

/** @throws TareError E_ELF, E_LIMIT */
function checkTable(table: Table, entrySize: number, max: number, what: string): void {
  if (table.count === 0) return;
  if (table.entrySize !== entrySize)
    throw new TareError('E_ELF', `the ELF ${what} have ${table.entrySize} bytes each, expected ${entrySize}`);
  if (table.count > max) throw new TareError('E_LIMIT', `${table.count} ELF ${what} are more than ${max}`);
}

export function checkSections(header: Header): void {
  checkTable(header.sectionHeaders, sectionSize(header), MAX_SECTIONS, 'section headers');
}
