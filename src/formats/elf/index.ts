import type { ByteString } from '../../base/path.ts';
import { isTareError, TareError } from '../../base/error.ts';
import {
  DF_1_NODEFLIB,
  DF_1_NOW,
  DF_1_ORIGIN,
  DF_1_PIE,
  DF_BIND_NOW,
  DF_ORIGIN,
  DT_FLAGS,
  DT_FLAGS_1,
  ET_NAMES,
  machineNameOf,
  MAX_STRING_BYTES,
  PT_DYNAMIC,
  PT_INTERP,
  SHT_SYMTAB,
} from './constants.ts';
import { type DynamicNames, loadedSegment, readDynamic, readNames, stringTableOf, valueOf } from './dynamic.ts';
import { type Header, readHeader } from './header.ts';
import { readImportSteps } from './imports.ts';
import { runOnBytes, runOnFile, type Steps } from './steps.ts';
import { readLibraryStringSteps, readStringSteps } from './strings.ts';
import { readSections, readSegments } from './tables.ts';
import type { DynamicEntry, ElfFile, ElfOptions, ElfSection, ElfSegment, ElfType, ReadAt } from './types.ts';
import { readVersionDefinitions, readVersionNeeds } from './versions.ts';

export { isElf } from './header.ts';
export type { ElfFile, ElfOptions, ReadAt } from './types.ts';

/**
 * Reads the parts of an ELF file that loaders and packagers care about (System V gABI, chapters 4 and 5; GNU extensions for versions).
 * @throws TareError E_ELF when it is not ELF or is malformed; E_LIMIT when a count is beyond what real files have
 */
export function readElf(bytes: Uint8Array, options: ElfOptions = {}): ElfFile {
  return runOnBytes(elfSteps(bytes.length, options), bytes);
}

/** The same for a file that is not in memory: `read` is called for the headers, the dynamic section and names only. `size` in bytes. */
export function readElfFrom(read: ReadAt, size: number, options: ElfOptions = {}): Promise<ElfFile> {
  return runOnFile(elfSteps(size, options), read, size);
}

/** Names of the dynamic symbols that the file expects others to define, without versions. @throws TareError E_ELF, E_LIMIT */
export function readElfImports(read: ReadAt, size: number, elf: ElfFile): Promise<ReadonlySet<ByteString>> {
  return runOnFile(readImportSteps(elf), read, size);
}

/** Constants of the program that look like names of shared libraries: what it may hand to `dlopen`. In file order, at most 4096. */
export function readElfLibraryStrings(read: ReadAt, size: number, elf: ElfFile): Promise<readonly ByteString[]> {
  return runOnFile(readLibraryStringSteps(elf), read, size);
}

/** Calls `visit` with every NUL-terminated printable constant of the program (no spaces, 2 to 1024 bytes) until it returns false. */
export function visitElfStrings(
  read: ReadAt,
  size: number,
  elf: ElfFile,
  visit: (text: ByteString) => boolean,
): Promise<void> {
  return runOnFile(readStringSteps(elf, '', visit), read, size);
}

function* elfSteps(fileSize: number, options: ElfOptions): Steps<ElfFile> {
  const header = yield* readHeader(fileSize);
  const segments = yield* readSegments(header, fileSize);
  const sections = yield* sectionsOf(header, fileSize, options);
  const interpreter = yield* readInterpreter(loadedSegment(segments, sections, PT_INTERP));
  const dynamicSegment = loadedSegment(segments, sections, PT_DYNAMIC);
  const entries = dynamicSegment === undefined ? [] : yield* readDynamic(dynamicSegment, header);
  const table = stringTableOf(entries, segments);
  const names = yield* readNames(entries, table);
  const place = { class: header.class, little: header.little, entries, segments, table };
  return {
    ...describe({ header, segments, sections, entries, names, interpreter, dynamic: dynamicSegment !== undefined }),
    verneed: yield* readVersionNeeds(place),
    verdef: yield* readVersionDefinitions(place),
  };
}

function* sectionsOf(header: Header, fileSize: number, options: ElfOptions): Steps<ElfSection[]> {
  try {
    return yield* readSections(header, fileSize);
  } catch (error) {
    if (options.sections === 'tolerant' && (isTareError(error, 'E_ELF') || isTareError(error, 'E_LIMIT'))) return [];
    throw error;
  }
}

function* readInterpreter(segment: ElfSegment | undefined): Steps<ByteString | undefined> {
  if (segment === undefined) return undefined;
  // The kernel believes no more than PATH_MAX bytes, and wants the NUL at the end (binfmt_elf.c, load_elf_binary).
  if (segment.size > MAX_STRING_BYTES)
    throw new TareError(
      'E_LIMIT',
      `the ELF interpreter's name has ${segment.size} bytes, more than ${MAX_STRING_BYTES}`,
    );
  const bytes = yield { offset: segment.offset, size: segment.size };
  const end = bytes.indexOf(0);
  if (end === -1) throw new TareError('E_ELF', "the ELF interpreter's name does not end inside its segment");
  return Buffer.from(bytes.subarray(0, end)).toString('latin1');
}

interface Parts {
  readonly header: Header;
  readonly segments: readonly ElfSegment[];
  readonly sections: readonly ElfSection[];
  readonly entries: readonly DynamicEntry[];
  readonly names: DynamicNames;
  readonly interpreter: ByteString | undefined;
  readonly dynamic: boolean;
}

function describe(parts: Parts): Omit<ElfFile, 'verneed' | 'verdef'> {
  const { header, names, interpreter, sections } = parts;
  const flags = flagsOf(parts.entries);
  const type = typeOf(header.type, flags.pie || (interpreter !== undefined && names.soname === undefined));
  const alone = type === 'executable' && interpreter === undefined && names.needed.length === 0;
  return {
    class: header.class,
    endian: header.little ? 'little' : 'big',
    osAbi: header.osAbi,
    machine: header.machine,
    machineName: machineNameOf(header.machine),
    machineFlags: header.machineFlags,
    type,
    ...(interpreter !== undefined && { interpreter }),
    ...names,
    flags,
    static: alone,
    staticPie: alone && flags.pie,
    dynamic: parts.dynamic,
    strippable: {
      symbols: sections.some((section) => section.type === SHT_SYMTAB),
      debug: sections.some((section) => /^\.z?debug_|^\.stab/.test(section.name)),
    },
    segments: parts.segments,
    sections,
    dynamicEntries: parts.entries,
  };
}

/** ET_DYN serves for libraries and for position-independent executables; the latter say so (DF_1_PIE), older ones have an interpreter and no soname. */
function typeOf(type: number, pie: boolean): ElfType {
  const name = ET_NAMES[type] ?? 'other';
  return name === 'shared' && pie ? 'executable' : name;
}

function flagsOf(entries: readonly DynamicEntry[]): ElfFile['flags'] {
  const flags = valueOf(entries, DT_FLAGS) ?? 0n;
  const flags1 = valueOf(entries, DT_FLAGS_1) ?? 0n;
  return {
    pie: (flags1 & DF_1_PIE) !== 0n,
    nodefaultlib: (flags1 & DF_1_NODEFLIB) !== 0n,
    origin: (flags & DF_ORIGIN) !== 0n || (flags1 & DF_1_ORIGIN) !== 0n,
    now: (flags & DF_BIND_NOW) !== 0n || (flags1 & DF_1_NOW) !== 0n,
  };
}
