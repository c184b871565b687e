import { TareError } from '../../base/error.ts';
import type { ByteString } from '../../base/path.ts';
import {
  DT_AUXILIARY,
  DT_FILTER,
  DT_NEEDED,
  DT_NULL,
  DT_RPATH,
  DT_RUNPATH,
  DT_SONAME,
  DT_STRSZ,
  DT_STRTAB,
  MAX_DYNAMIC_ENTRIES,
  MAX_LIBRARIES,
  PT_DYNAMIC,
  SHT_NOBITS,
} from './constants.ts';
import { type Encoding, fieldsOf, locate, newBudget, stringAt, type StringTable } from './image.ts';
import type { Steps } from './steps.ts';
import type { DynamicEntry, ElfSection, ElfSegment } from './types.ts';

export interface DynamicNames {
  readonly soname?: ByteString;
  readonly needed: readonly ByteString[];
  readonly auxiliary: readonly ByteString[];
  readonly filter: readonly ByteString[];
  readonly rpath: readonly ByteString[];
  readonly runpath: readonly ByteString[];
}

/**
 * The segment of this type that a loader would read. In a detached debug file (`objcopy --only-keep-debug`) the sections are NOBITS
 * while the program headers still promise bytes: those are not there.
 */
export function loadedSegment(
  segments: readonly ElfSegment[],
  sections: readonly ElfSection[],
  type: number,
): ElfSegment | undefined {
  const segment = segments.find((each) => each.type === type && each.size > 0);
  const name = type === PT_DYNAMIC ? '.dynamic' : '.interp';
  const detached = sections.some((section) => section.name === name && section.type === SHT_NOBITS);
  return detached ? undefined : segment;
}

/** Entries up to DT_NULL. @throws TareError E_LIMIT */
export function* readDynamic(segment: ElfSegment, encoding: Encoding): Steps<DynamicEntry[]> {
  const size = encoding.class === 64 ? 16 : 8;
  const count = Math.floor(segment.size / size);
  if (count > MAX_DYNAMIC_ENTRIES)
    throw new TareError('E_LIMIT', `${count} entries in the ELF dynamic section are more than ${MAX_DYNAMIC_ENTRIES}`);
  const fields = fieldsOf(yield { offset: segment.offset, size: count * size }, encoding);
  const entries: DynamicEntry[] = [];
  for (let at = 0; at < count * size; at += size) {
    const tag = fields.word(at);
    if (tag === DT_NULL) break;
    entries.push({ tag, value: fields.word(at + size / 2) });
  }
  return entries;
}

/** The last entry of a tag wins, as in the loaders. */
export function valueOf(entries: readonly DynamicEntry[], tag: bigint): bigint | undefined {
  return entries.findLast((entry) => entry.tag === tag)?.value;
}

/** DT_STRTAB, cut off where its segment ends in the file. Undefined when there is none. @throws TareError E_ELF when it is not loaded from the file */
export function stringTableOf(
  entries: readonly DynamicEntry[],
  segments: readonly ElfSegment[],
): StringTable | undefined {
  const address = valueOf(entries, DT_STRTAB);
  if (address === undefined) return undefined;
  const where = locate(segments, address);
  if (where === undefined)
    throw new TareError(
      'E_ELF',
      `the dynamic string table at address 0x${address.toString(16)} is not part of the ELF file`,
    );
  const promised = valueOf(entries, DT_STRSZ);
  const size = promised === undefined || promised > BigInt(where.left) ? where.left : Number(promised);
  return { offset: where.offset, size, budget: newBudget() };
}

/** @throws TareError E_ELF, E_LIMIT */
export function* readNames(entries: readonly DynamicEntry[], table: StringTable | undefined): Steps<DynamicNames> {
  const libraries = { needed: [] as ByteString[], auxiliary: [] as ByteString[], filter: [] as ByteString[] };
  let count = 0;
  for (const { tag, value } of entries) {
    const [list, word] = listOf(libraries, tag);
    if (list === undefined) continue;
    if (++count > MAX_LIBRARIES)
      throw new TareError('E_LIMIT', `the ELF file needs more than ${MAX_LIBRARIES} libraries`);
    list.push(yield* stringAt(some(table), value, `a ${word} name`));
  }
  const soname = valueOf(entries, DT_SONAME);
  const text = soname === undefined ? undefined : yield* stringAt(some(table), soname, 'the DT_SONAME name');
  return {
    ...libraries,
    ...(text !== undefined && { soname: text }),
    rpath: yield* searchPath(entries, table, DT_RPATH, 'DT_RPATH'),
    runpath: yield* searchPath(entries, table, DT_RUNPATH, 'DT_RUNPATH'),
  };
}

function listOf(
  libraries: { needed: ByteString[]; auxiliary: ByteString[]; filter: ByteString[] },
  tag: bigint,
): [ByteString[], string] | [] {
  if (tag === DT_NEEDED) return [libraries.needed, 'DT_NEEDED'];
  if (tag === DT_AUXILIARY) return [libraries.auxiliary, 'DT_AUXILIARY'];
  if (tag === DT_FILTER) return [libraries.filter, 'DT_FILTER'];
  return [];
}

function* searchPath(
  entries: readonly DynamicEntry[],
  table: StringTable | undefined,
  tag: bigint,
  word: string,
): Steps<ByteString[]> {
  const index = valueOf(entries, tag);
  return index === undefined ? [] : (yield* stringAt(some(table), index, `the ${word} text`)).split(':');
}

function some(table: StringTable | undefined): StringTable {
  if (table === undefined)
    throw new TareError('E_ELF', 'the ELF dynamic section names strings but has no string table');
  return table;
}
