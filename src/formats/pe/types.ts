/** Reads `size` bytes at `offset` of the file; fewer only when it ends there. */
export type ReadAt = (offset: number, size: number) => Promise<Uint8Array>;

/** Bytes of the file. Always inside it. */
export interface Range {
  readonly offset: number;
  readonly size: number;
}

export interface PeSection {
  readonly name: string;
  /** Relative virtual address, and how much of it the file holds. */
  readonly address: number;
  readonly file: Range;
}

/** ECMA-335 II.25.3.3: what makes a PE file an assembly (or a module of one). */
export interface CliHeader {
  readonly runtimeVersion: readonly [major: number, minor: number];
  /** COMIMAGE_FLAGS_… (II.25.3.3.1). */
  readonly flags: number;
  /** The metadata root (II.24.2.1). */
  readonly metadata: Range;
}

export interface PeFile {
  /** IMAGE_FILE_MACHINE_…; ahead-of-time compiled assemblies for Linux and macOS have it mixed with a mark of their system. */
  readonly machine: number;
  /** PE32+: 64-bit addresses. */
  readonly plus: boolean;
  readonly dll: boolean;
  readonly sections: readonly PeSection[];
  /** Absent in native programs and libraries. */
  readonly cli?: CliHeader;
}
