import type { ByteString } from '../../base/path.ts';

export type ElfType = 'executable' | 'shared' | 'relocatable' | 'core' | 'none' | 'other';

/** One program header. Offsets and sizes in bytes of the file; `address` and `memorySize` as the program sees them. */
export interface ElfSegment {
  /** `PT_*`: 1 LOAD, 2 DYNAMIC, 3 INTERP, 4 NOTE, … */
  readonly type: number;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
  readonly offset: number;
  readonly address: bigint;
  readonly size: number;
  readonly memorySize: bigint;
}

export interface ElfSection {
  readonly name: ByteString;
  /** `SHT_*`: 1 PROGBITS, 2 SYMTAB, 8 NOBITS, 11 DYNSYM, … */
  readonly type: number;
  readonly allocated: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
  readonly offset: number;
  /** Bytes in the file; of NOBITS in memory only. */
  readonly size: number;
}

/** Versions that one library must offer. */
export interface VersionNeed {
  /** The library's soname as the linker wrote it. */
  readonly file: ByteString;
  /** E.g. `GLIBC_2.34`, in file order. */
  readonly versions: readonly ByteString[];
  /** Those of them that may be absent: only weak references ask for them. */
  readonly weak?: readonly ByteString[];
}

/** What a loader and a packager want to know of an ELF file. Names are byte strings (one char code per byte). */
export interface ElfFile {
  readonly class: 32 | 64;
  readonly endian: 'little' | 'big';
  readonly osAbi: number;
  /** `e_machine`. */
  readonly machine: number;
  /** As `uname -m` or the field's usual word: `x86_64`, `aarch64`, `riscv`; `machine-N` when unknown. */
  readonly machineName: string;
  /** `e_flags`: the ABI variant on ARM, MIPS, RISC-V, … */
  readonly machineFlags: number;
  /** A position-independent executable is `executable`, not `shared`. */
  readonly type: ElfType;
  /** PT_INTERP. */
  readonly interpreter?: ByteString;
  readonly soname?: ByteString;
  /** DT_NEEDED, in file order. */
  readonly needed: readonly ByteString[];
  /** DT_AUXILIARY and DT_FILTER: loaded too, the former only when they exist. */
  readonly auxiliary: readonly ByteString[];
  readonly filter: readonly ByteString[];
  /** DT_RPATH, split at ':', tokens such as `$ORIGIN` unexpanded; `['']` when present but empty. */
  readonly rpath: readonly ByteString[];
  /** DT_RUNPATH in the same form. When it is present, loaders ignore DT_RPATH. */
  readonly runpath: readonly ByteString[];
  readonly flags: {
    readonly pie: boolean;
    readonly nodefaultlib: boolean;
    readonly origin: boolean;
    readonly now: boolean;
  };
  /** An executable that no loader completes: no interpreter and nothing needed. */
  readonly static: boolean;
  /** Static and position-independent: it relocates itself. */
  readonly staticPie: boolean;
  /** Has a PT_DYNAMIC. */
  readonly dynamic: boolean;
  readonly verneed: readonly VersionNeed[];
  /** Versions that it defines, without the base version. */
  readonly verdef: readonly ByteString[];
  /** What `strip` would take away. */
  readonly strippable: { readonly symbols: boolean; readonly debug: boolean };
  readonly segments: readonly ElfSegment[];
  /** Empty when there is no section table (or when it was left out as broken, see `ElfOptions`). */
  readonly sections: readonly ElfSection[];
  /** Entries of PT_DYNAMIC up to DT_NULL, in order. */
  readonly dynamicEntries: readonly DynamicEntry[];
}

export interface DynamicEntry {
  readonly tag: bigint;
  readonly value: bigint;
}

export interface ElfOptions {
  /**
   * Loaders never look at the section table. `strict` (the default) throws when it is broken; `tolerant` then reads the file as if it had none.
   */
  readonly sections?: 'strict' | 'tolerant';
}

/** Reads `size` bytes at `offset`; fewer only when the file is shorter than it was said to be. */
export type ReadAt = (offset: number, size: number) => Promise<Uint8Array>;
