import { TareError } from '../../base/error.ts';
import { PT_DYNAMIC, PT_INTERP, PT_LOAD, SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHT_NOBITS } from './constants.ts';
import { checkSections, type Header, sectionSize, segmentSize } from './header.ts';
import { fieldsOf, inside, newBudget, stringAt } from './image.ts';
import type { Steps } from './steps.ts';
import type { ElfSection, ElfSegment } from './types.ts';

/** @throws TareError E_ELF when the table, or a segment that a loader would read, is not inside the file */
export function* readSegments(header: Header, fileSize: number): Steps<ElfSegment[]> {
  const { offset, count } = header.programHeaders;
  if (count === 0) return [];
  const size = segmentSize(header);
  const fields = fieldsOf(yield inside(offset, count * size, fileSize, 'the program header table'), header);
  const wide = header.class === 64;
  return Array.from({ length: count }, (_, index) => {
    const at = index * size;
    const flags = fields.u32(at + (wide ? 4 : 24));
    return segment(
      {
        type: fields.u32(at),
        offset: fields.word(at + (wide ? 8 : 4)),
        address: fields.word(at + (wide ? 16 : 8)),
        size: fields.word(at + (wide ? 32 : 16)),
        memorySize: fields.word(at + (wide ? 40 : 20)),
        flags,
      },
      fileSize,
      `program header ${index}`,
    );
  });
}

interface RawSegment {
  readonly type: number;
  readonly offset: bigint;
  readonly address: bigint;
  readonly size: bigint;
  readonly memorySize: bigint;
  readonly flags: number;
}

function segment(raw: RawSegment, fileSize: number, what: string): ElfSegment {
  // Detached debug files keep the program headers of their program, without the bytes; nobody loads them.
  const mustFit = [PT_LOAD, PT_INTERP, PT_DYNAMIC].includes(raw.type) && raw.size > 0n;
  const fits = raw.offset + raw.size <= BigInt(fileSize);
  if (mustFit && !fits) inside(raw.offset, raw.size, fileSize, what);
  return {
    type: raw.type,
    readable: (raw.flags & 4) !== 0,
    writable: (raw.flags & 2) !== 0,
    executable: (raw.flags & 1) !== 0,
    offset: fits ? Number(raw.offset) : 0,
    address: raw.address,
    size: fits ? Number(raw.size) : 0,
    memorySize: raw.memorySize,
  };
}

/** @throws TareError E_ELF, E_LIMIT when the table is broken */
export function* readSections(header: Header, fileSize: number): Steps<ElfSection[]> {
  const { offset, count } = header.sectionHeaders;
  if (offset === 0n || count === 0) return [];
  checkSections(header);
  const size = sectionSize(header);
  const fields = fieldsOf(yield inside(offset, count * size, fileSize, 'the section header table'), header);
  const wide = header.class === 64;
  const raw = Array.from({ length: count }, (_, index) => {
    const at = index * size;
    const type = fields.u32(at + 4);
    const flags = fields.word(at + 8);
    const where = fields.word(at + (wide ? 24 : 16));
    const length = fields.word(at + (wide ? 32 : 20));
    const range =
      type === SHT_NOBITS || type === 0
        ? { offset: 0, size: clamp(length) }
        : inside(where, length, fileSize, `section ${index}`);
    return { name: fields.u32(at), type, flags, ...range };
  });
  const names = raw[header.sectionNames];
  if (names === undefined)
    throw new TareError('E_ELF', `section ${header.sectionNames}, the table of section names, does not exist`);
  const table = { offset: names.offset, size: names.type === SHT_NOBITS ? 0 : names.size, budget: newBudget() };
  const out: ElfSection[] = [];
  for (const [index, section] of raw.entries()) {
    out.push({
      // Section name table 0 (undefined) means that sections have no names.
      name: header.sectionNames === 0 ? '' : yield* stringAt(table, section.name, `the name of section ${index}`),
      type: section.type,
      allocated: (section.flags & SHF_ALLOC) !== 0n,
      writable: (section.flags & SHF_WRITE) !== 0n,
      executable: (section.flags & SHF_EXECINSTR) !== 0n,
      offset: section.offset,
      size: section.size,
    });
  }
  return out;
}

function clamp(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}
