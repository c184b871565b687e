/** What an assembly made for a test says. Everything is optional. */
export interface AssemblyRecipe {
  readonly name?: string;
  readonly version?: readonly [number, number, number, number];
  readonly culture?: string;
  /** Hex; the whole key. */
  readonly publicKey?: string;
  readonly references?: readonly string[];
  /** Hex, of every reference. */
  readonly token?: string;
  /** P/Invoke. */
  readonly nativeLibraries?: readonly string[];
  /** Module references that no method calls. */
  readonly modules?: readonly string[];
  readonly files?: readonly string[];
  /** Name → undefined (here), `file:NAME` or `ref:NAME`. */
  readonly resources?: Readonly<Record<string, string | undefined>>;
  /** Types of its own; default 1. */
  readonly types?: number;
  /** Types that it takes from a reference: `[Namespace.Name, reference]`. */
  readonly uses?: readonly (readonly [type: string, reference: string])[];
  /** Types that it forwards to a reference. */
  readonly forwards?: readonly (readonly [type: string, reference: string])[];
  /** Constants of the program. */
  readonly texts?: readonly string[];
  /** PE32+ instead of PE32. */
  readonly plus?: boolean;
  /** Wide heap indexes. */
  readonly wide?: boolean;
}

const SECTION_ADDRESS = 0x2000;
const SECTION_OFFSET = 0x200;

/** A PE file with one section that holds a CLI header and metadata: no runtime could run it, but every parser can read it. */
export function buildAssembly(recipe: AssemblyRecipe = {}): Buffer {
  const metadata = buildMetadata(recipe);
  const cli = Buffer.alloc(72);
  cli.writeUInt32LE(72, 0);
  cli.writeUInt16LE(2, 4);
  cli.writeUInt16LE(5, 6);
  cli.writeUInt32LE(SECTION_ADDRESS + 72, 8);
  cli.writeUInt32LE(metadata.length, 12);
  cli.writeUInt32LE(1, 16);
  return buildPe(Buffer.concat([cli, metadata]), { cliSize: 72, plus: recipe.plus === true });
}

/** A PE file with one section; `cliSize` 0 leaves the CLI header out, as in native programs. */
export function buildPe(section: Buffer, { cliSize = 0, plus = false } = {}): Buffer {
  const head = Buffer.alloc(SECTION_OFFSET);
  head.write('MZ', 0, 'latin1');
  head.writeUInt32LE(0x80, 0x3c);
  head.write('PE\0\0', 0x80, 'latin1');
  const optionalSize = (plus ? 112 : 96) + 16 * 8;
  head.writeUInt16LE(plus ? 0x8664 : 0x14c, 0x84);
  head.writeUInt16LE(1, 0x86);
  head.writeUInt16LE(optionalSize, 0x94);
  head.writeUInt16LE(0x2022, 0x96);
  const optional = 0x98;
  head.writeUInt16LE(plus ? 0x20b : 0x10b, optional);
  head.writeUInt32LE(16, optional + (plus ? 108 : 92));
  const directory = optional + (plus ? 112 : 96) + 14 * 8;
  head.writeUInt32LE(cliSize === 0 ? 0 : SECTION_ADDRESS, directory);
  head.writeUInt32LE(cliSize, directory + 4);
  const table = optional + optionalSize;
  head.write('.text', table, 'latin1');
  head.writeUInt32LE(section.length, table + 8);
  head.writeUInt32LE(SECTION_ADDRESS, table + 12);
  head.writeUInt32LE(section.length, table + 16);
  head.writeUInt32LE(SECTION_OFFSET, table + 20);
  return Buffer.concat([head, section]);
}

export function buildMetadata(recipe: AssemblyRecipe): Buffer {
  const heaps = heapsFor(recipe.wide === true);
  const streams: [string, Buffer][] = [['#~', tablesOf(recipe, heaps)]];
  streams.push(['#Strings', heaps.strings()], ['#Blob', heaps.blobs()], ['#US', textsOf(recipe.texts ?? [])]);
  const version = Buffer.from('v4.0.30319\0\0', 'latin1');
  const headers = streams.map(([name]) => 8 + 4 * Math.floor(name.length / 4 + 1));
  let at = 16 + version.length + 4 + headers.reduce((a, b) => a + b, 0);
  const root = Buffer.alloc(16);
  root.writeUInt32LE(0x424a5342, 0);
  root.writeUInt16LE(1, 4);
  root.writeUInt16LE(1, 6);
  root.writeUInt32LE(version.length, 12);
  const count = Buffer.alloc(4);
  count.writeUInt16LE(streams.length, 2);
  const directory = streams.map(([name, bytes], index) => {
    const header = Buffer.alloc(headers[index] as number);
    header.writeUInt32LE(at, 0);
    header.writeUInt32LE(bytes.length, 4);
    header.write(name, 8, 'latin1');
    at += bytes.length;
    return header;
  });
  return Buffer.concat([root, version, count, ...directory, ...streams.map(([, bytes]) => bytes)]);
}

type Heaps = ReturnType<typeof heapsFor>;

function heapsFor(wide: boolean) {
  let strings = Buffer.from([0]);
  let blobs = Buffer.from([0]);
  const index = (value: number): Buffer => number(value, wide ? 4 : 2);
  return {
    wide,
    string(text: string): Buffer {
      if (text === '') return index(0);
      const at = strings.length;
      strings = Buffer.concat([strings, Buffer.from(`${text}\0`, 'utf8')]);
      return index(at);
    },
    blob(hex: string): Buffer {
      if (hex === '') return index(0);
      const at = blobs.length;
      const bytes = Buffer.from(hex, 'hex');
      blobs = Buffer.concat([blobs, lengthOf(bytes.length), bytes]);
      return index(at);
    },
    strings: () => padded(strings),
    blobs: () => padded(blobs),
  };
}

function textsOf(texts: readonly string[]): Buffer {
  const all = texts.flatMap((text) => [lengthOf(text.length * 2 + 1), Buffer.from(text, 'utf16le'), Buffer.from([0])]);
  return padded(Buffer.concat([Buffer.from([0]), ...all]));
}

function lengthOf(size: number): Buffer {
  return size < 0x80 ? Buffer.from([size]) : Buffer.from([0x80 | (size >> 8), size & 0xff]);
}

function tablesOf(recipe: AssemblyRecipe, heaps: Heaps): Buffer {
  const { string, blob } = heaps;
  const guid = number(0, 2);
  const u2 = (value: number): Buffer => number(value, 2);
  const u4 = (value: number): Buffer => number(value, 4);
  const references = recipe.references ?? [];
  const referenceRow = (name: string): number => references.indexOf(name) + 1;
  const natives = recipe.nativeLibraries ?? [];
  const files = recipe.files ?? [];
  const implementation = (text: string | undefined): Buffer => {
    if (text === undefined) return u2(0);
    const [kind, name = ''] = text.split(':');
    return u2(kind === 'file' ? ((files.indexOf(name) + 1) << 2) | 0 : (referenceRow(name) << 2) | 1);
  };
  const split = (type: string): [Buffer, Buffer] => [
    string(type.slice(type.lastIndexOf('.') + 1)),
    string(type.slice(0, Math.max(0, type.lastIndexOf('.')))),
  ];
  const rows: [table: number, rows: Buffer[][]][] = [
    [0x00, [[u2(0), string('test.dll'), guid, guid, guid]]],
    [0x01, (recipe.uses ?? []).map(([type, reference]) => [u2((referenceRow(reference) << 2) | 2), ...split(type)])],
    [0x02, typeRows(recipe.types ?? 1, heaps)],
    [0x1a, [...natives, ...(recipe.modules ?? [])].map((name) => [string(name)])],
    [0x1c, natives.map((name, at) => [u2(0), u2(0), string(`call_${name}`), u2(at + 1)])],
    [
      0x20,
      recipe.name === undefined
        ? []
        : [
            [
              u4(0x8004),
              ...(recipe.version ?? [1, 0, 0, 0]).map(u2),
              u4(0),
              blob(recipe.publicKey ?? ''),
              string(recipe.name),
              string(recipe.culture ?? ''),
            ],
          ],
    ],
    [
      0x23,
      references.map((name) => [
        ...[4, 0, 0, 0].map(u2),
        u4(0),
        blob(recipe.token ?? ''),
        string(name),
        string(''),
        blob(''),
      ]),
    ],
    [0x26, files.map((name) => [u4(0), string(name), blob('')])],
    [
      0x27,
      (recipe.forwards ?? []).map(([type, reference]) => [
        u4(0x200000),
        u4(0),
        ...split(type),
        u2((referenceRow(reference) << 2) | 1),
      ]),
    ],
    [
      0x28,
      Object.entries(recipe.resources ?? {}).map(([name, where]) => [
        u4(0),
        u4(1),
        string(name),
        implementation(where),
      ]),
    ],
  ];
  const present = rows.filter(([, list]) => list.length > 0);
  const header = Buffer.alloc(24);
  header.writeUInt8(2, 4);
  header.writeUInt8(heaps.wide ? 5 : 0, 6);
  header.writeBigUInt64LE(
    present.reduce((bits, [table]) => bits | (1n << BigInt(table)), 0n),
    8,
  );
  const counts = present.map(([, list]) => u4(list.length));
  return padded(Buffer.concat([header, ...counts, ...present.flatMap(([, list]) => list.flat())]));
}

function typeRows(types: number, { string }: Heaps): Buffer[][] {
  return Array.from({ length: types + 1 }, (_, at) => [
    number(0, 4),
    string(at === 0 ? '<Module>' : `Type${at}`),
    string(''),
    number(0, 2),
    number(1, 2),
    number(1, 2),
  ]);
}

function number(value: number, size: 2 | 4): Buffer {
  const out = Buffer.alloc(size);
  out.writeUIntLE(value, 0, size);
  return out;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
