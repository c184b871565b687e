/** Numbers of the gABI (System V ABI, chapters 4 and 5) and of glibc's <elf.h>. */
export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_INTERP = 3;
/** e_phnum that says "the count is in sh_info of section 0". */
export const PN_XNUM = 0xffff;
export const SHN_XINDEX = 0xffff;

export const SHT_SYMTAB = 2;
export const SHT_NOBITS = 8;
export const SHF_WRITE = 1n;
export const SHF_ALLOC = 2n;
export const SHF_EXECINSTR = 4n;

export const DT_NULL = 0n;
export const DT_NEEDED = 1n;
export const DT_HASH = 4n;
export const DT_STRTAB = 5n;
export const DT_SYMTAB = 6n;
export const DT_STRSZ = 10n;
export const DT_SONAME = 14n;
export const DT_RPATH = 15n;
export const DT_RUNPATH = 29n;
export const DT_FLAGS = 30n;
export const DT_GNU_HASH = 0x6ffffef5n;
export const DT_FLAGS_1 = 0x6ffffffbn;
export const DT_VERDEF = 0x6ffffffcn;
export const DT_VERDEFNUM = 0x6ffffffdn;
export const DT_VERNEED = 0x6ffffffen;
export const DT_VERNEEDNUM = 0x6fffffffn;
export const DT_AUXILIARY = 0x7ffffffdn;
export const DT_FILTER = 0x7fffffffn;

export const DF_ORIGIN = 1n;
export const DF_BIND_NOW = 8n;
export const DF_1_NOW = 1n;
export const DF_1_ORIGIN = 0x80n;
export const DF_1_NODEFLIB = 0x800n;
export const DF_1_PIE = 0x08000000n;

export const VER_FLG_BASE = 1;
export const VER_FLG_WEAK = 2;

export const ET_NAMES = ['none', 'relocatable', 'executable', 'shared', 'core'] as const;

// Caps: what a hostile file may make us read. Real files stay far below.
export const MAX_SEGMENTS = 1 << 16;
export const MAX_SECTIONS = 1 << 18;
export const MAX_DYNAMIC_ENTRIES = 1 << 16;
/** DT_NEEDED, DT_AUXILIARY and DT_FILTER of one file. */
export const MAX_LIBRARIES = 4096;
export const MAX_VERSIONS = 1 << 16;
export const MAX_SYMBOLS = 1 << 22;
/** One name or search path. */
export const MAX_STRING_BYTES = 64 * 1024; // 64 KiB
/** All names of one file together: strings may overlap, so the file's size is no bound. */
export const MAX_STRINGS_BYTES = 16 * 1024 * 1024; // 16 MiB
/** Read-only data that is searched for strings. */
export const MAX_SCAN_BYTES = 256 * 1024 * 1024; // 256 MiB

const MACHINES: Readonly<Record<number, string>> = {
  2: 'sparc',
  3: 'i386',
  4: 'm68k',
  8: 'mips',
  15: 'parisc',
  20: 'powerpc',
  21: 'powerpc64',
  22: 's390x',
  40: 'arm',
  42: 'sh',
  43: 'sparc64',
  50: 'ia64',
  62: 'x86_64',
  183: 'aarch64',
  243: 'riscv',
  247: 'bpf',
  252: 'csky',
  258: 'loongarch',
};

export function machineNameOf(machine: number): string {
  return MACHINES[machine] ?? `machine-${machine}`;
}
