/** What an ELF image made for a test says. Everything is optional; the default is a small x86_64 shared library that needs nothing. */
export interface ElfRecipe {
  readonly class?: 32 | 64;
  readonly endian?: 'little' | 'big';
  readonly machine?: number;
  /** `e_type`: 2 executable, 3 shared. */
  readonly type?: number;
  readonly interpreter?: string;
  readonly soname?: string;
  readonly needed?: readonly string[];
  readonly auxiliary?: readonly string[];
  readonly rpath?: string;
  readonly runpath?: string;
  /** DT_FLAGS_1. */
  readonly flags1?: number;
  /** Undefined dynamic symbols. */
  readonly imports?: readonly string[];
  /** Read-only constants, each with a NUL behind. */
  readonly constants?: readonly string[];
  readonly verneed?: Readonly<Record<string, readonly string[]>>;
  readonly verdef?: readonly string[];
  /** Leaves the section table out. */
  readonly noSections?: boolean;
  /** Leaves PT_DYNAMIC out. */
  readonly noDynamic?: boolean;
}

const HEADER = { 32: 52, 64: 64 };
const PHENT = { 32: 32, 64: 56 };
const SHENT = { 32: 40, 64: 64 };
/** Address of file offset 0. */
const BASE = 0x10000;

/** An ELF image with one loaded segment over the whole file. No machine could run it, but every parser can read it. */
export function buildElf(recipe: ElfRecipe = {}): Buffer {
  const bits = recipe.class ?? 64;
  const put = writerFor(bits, recipe.endian ?? 'little');
  const strings = stringTable();
  const imports = (recipe.imports ?? []).map((name) => strings.add(name));
  const segments = 1 + (recipe.interpreter === undefined ? 0 : 1) + (recipe.noDynamic === true ? 0 : 1);
  const parts: Buffer[] = [Buffer.alloc(HEADER[bits] + segments * PHENT[bits])];
  let size = (parts[0] as Buffer).length;
  const append = (bytes: Buffer): { offset: number; size: number } => {
    const padding = (8 - (size % 8)) % 8;
    parts.push(Buffer.alloc(padding), bytes);
    const range = { offset: size + padding, size: bytes.length };
    size = range.offset + range.size;
    return range;
  };

  const interpreter = append(Buffer.from(`${recipe.interpreter ?? ''}\0`, 'latin1'));
  const constants = append(Buffer.from((recipe.constants ?? []).map((text) => `${text}\0`).join(''), 'latin1'));
  const symbols = append(Buffer.concat([put.symbol(0, 0), ...imports.map((name) => put.symbol(name, 0x12))]));
  const hash = append(put.words32([1, imports.length + 1, 0, ...Array.from({ length: imports.length + 1 }, () => 0)]));
  const verneed = append(verneedTable(put, strings.add, recipe.verneed ?? {}));
  const verdef = append(verdefTable(put, strings.add, recipe.verdef ?? []));
  const tags: [number, number][] = [
    ...(recipe.needed ?? []).map((name): [number, number] => [1, strings.add(name)]),
    ...(recipe.auxiliary ?? []).map((name): [number, number] => [0x7ffffffd, strings.add(name)]),
    ...optional(14, recipe.soname, strings.add),
    ...optional(15, recipe.rpath, strings.add),
    ...optional(29, recipe.runpath, strings.add),
  ];
  const dynstr = append(strings.bytes());
  tags.push([5, BASE + dynstr.offset], [10, dynstr.size], [6, BASE + symbols.offset], [4, BASE + hash.offset]);
  if (recipe.flags1 !== undefined) tags.push([0x6ffffffb, recipe.flags1]);
  if (recipe.verneed !== undefined)
    tags.push([0x6ffffffe, BASE + verneed.offset], [0x6fffffff, Object.keys(recipe.verneed).length]);
  if (recipe.verdef !== undefined) tags.push([0x6ffffffc, BASE + verdef.offset], [0x6ffffffd, recipe.verdef.length]);
  tags.push([0, 0]);
  const dynamic = append(put.words(tags.flat()));

  const names = stringTable();
  const sections = [
    put.section(0, 0, 0, { offset: 0, size: 0 }),
    put.section(names.add('.rodata'), 1, 2, constants),
    put.section(names.add('.dynamic'), 6, 3, dynamic),
  ];
  const shstrtab = names.add('.shstrtab');
  const nameTable = append(names.bytes());
  sections.push(put.section(shstrtab, 3, 0, nameTable));
  const table = recipe.noSections === true ? undefined : append(Buffer.concat(sections));

  const out = Buffer.concat(parts);
  put.header({
    bytes: out,
    type: recipe.type ?? 3,
    machine: recipe.machine ?? 62,
    segments,
    sectionOffset: table?.offset ?? 0,
    sections: table === undefined ? 0 : sections.length,
  });
  const programHeaders = [
    put.segment(1, 4, { offset: 0, size: out.length }),
    ...(recipe.interpreter === undefined ? [] : [put.segment(3, 4, interpreter)]),
    ...(recipe.noDynamic === true ? [] : [put.segment(2, 6, dynamic)]),
  ];
  Buffer.concat(programHeaders).copy(out, HEADER[bits]);
  return out;
}

function optional(tag: number, text: string | undefined, add: (text: string) => number): [number, number][] {
  return text === undefined ? [] : [[tag, add(text)]];
}

function stringTable(): { add: (text: string) => number; bytes: () => Buffer } {
  let text = '\0';
  return {
    add: (name) => {
      const at = text.length;
      text += `${name}\0`;
      return at;
    },
    bytes: () => Buffer.from(text, 'latin1'),
  };
}

interface Range {
  readonly offset: number;
  readonly size: number;
}

type Writer = ReturnType<typeof writerFor>;

function writerFor(bits: 32 | 64, endian: 'little' | 'big') {
  const little = endian === 'little';
  const number = (value: number, size: 2 | 4 | 8): Buffer => {
    const out = Buffer.alloc(size);
    if (size === 8) {
      if (little) out.writeBigUInt64LE(BigInt(value));
      else out.writeBigUInt64BE(BigInt(value));
    } else if (little) out.writeUIntLE(value, 0, size);
    else out.writeUIntBE(value, 0, size);
    return out;
  };
  const word = (value: number): Buffer => number(value, bits === 64 ? 8 : 4);
  const u16 = (value: number): Buffer => number(value, 2);
  const u32 = (value: number): Buffer => number(value, 4);
  return {
    u16,
    words: (values: readonly number[]) => Buffer.concat(values.map(word)),
    words32: (values: readonly number[]) => Buffer.concat(values.map(u32)),
    symbol: (name: number, info: number) =>
      bits === 64
        ? Buffer.concat([u32(name), Buffer.from([info, 0]), u16(0), word(0), word(0)])
        : Buffer.concat([u32(name), word(0), word(0), Buffer.from([info, 0]), u16(0)]),
    segment: (type: number, flags: number, { offset, size }: Range) => {
      const place = [word(offset), word(BASE + offset), word(BASE + offset), word(size), word(size)];
      return bits === 64
        ? Buffer.concat([u32(type), u32(flags), ...place, word(8)])
        : Buffer.concat([u32(type), ...place, u32(flags), word(8)]);
    },
    section: (name: number, type: number, flags: number, { offset, size }: Range) => {
      const address = flags === 0 ? 0 : BASE + offset;
      return Buffer.concat([
        u32(name),
        u32(type),
        word(flags),
        word(address),
        word(offset),
        word(size),
        u32(0),
        u32(0),
        word(1),
        word(0),
      ]);
    },
    header: (what: {
      bytes: Buffer;
      type: number;
      machine: number;
      segments: number;
      sectionOffset: number;
      sections: number;
    }) => {
      const ident = Buffer.from([0x7f, 0x45, 0x4c, 0x46, bits / 32, little ? 1 : 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
      Buffer.concat([
        ident,
        u16(what.type),
        u16(what.machine),
        u32(1),
        word(0),
        word(HEADER[bits]),
        word(what.sectionOffset),
        u32(0),
        ...[HEADER[bits], PHENT[bits], what.segments, SHENT[bits], what.sections].map(u16),
        u16(what.sections === 0 ? 0 : what.sections - 1),
      ]).copy(what.bytes);
    },
  };
}

function verneedTable(
  put: Writer,
  add: (text: string) => number,
  needs: Readonly<Record<string, readonly string[]>>,
): Buffer {
  const libraries = Object.entries(needs);
  return Buffer.concat(
    libraries.flatMap(([file, versions], index) => {
      const length = 16 + versions.length * 16;
      const next = index === libraries.length - 1 ? 0 : length;
      return [
        put.u16(1),
        put.u16(versions.length),
        put.words32([add(file), 16, next]),
        ...versions.flatMap((version, at) => [
          put.words32([0]),
          put.u16(0),
          put.u16(at + 2),
          put.words32([add(version), at === versions.length - 1 ? 0 : 16]),
        ]),
      ];
    }),
  );
}

function verdefTable(put: Writer, add: (text: string) => number, versions: readonly string[]): Buffer {
  return Buffer.concat(
    versions.flatMap((version, index) => [
      // The first one is the base version: the file itself.
      put.u16(1),
      put.u16(index === 0 ? 1 : 0),
      put.u16(index + 1),
      put.u16(1),
      put.words32([0, 20, index === versions.length - 1 ? 0 : 28, add(version), 0]),
    ]),
  );
}
