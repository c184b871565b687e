import { createHash } from 'node:crypto';
import { TareError } from '../../base/error.ts';
import { type Heaps, heapsOf } from './heaps.ts';
import { malformed, type Piece, pieceOf } from './image.ts';
import { IMPLEMENTATION, RESOLUTION_SCOPE, TABLES } from './schema.ts';
import { readNamesInTexts } from './texts.ts';
import { decode, type Tables, tablesOf } from './tables.ts';
import type { AssemblyMetadata, AssemblyName, ManifestResource, Range, ReadAt } from './types.ts';

export type { AssemblyMetadata, AssemblyName, ManifestResource, NamedType } from './types.ts';

/** Real files have five streams. */
const MAX_STREAMS = 64;
/** II.24.2.1: the version text, in bytes. */
const MAX_VERSION_BYTES = 255 + 1;
/** References, resources or files of one assembly that are read; the largest real ones have some hundreds. */
const MAX_NAMED_ROWS = 16_384;
/** AssemblyFlags (II.23.1.2): the key is the whole one, not its token. */
const PUBLIC_KEY = 0x0001;

/**
 * Reads the manifest of an assembly: its name, its references, the native libraries that it calls, its resources and further files.
 * `metadata` is what the CLI header of the PE file says. Only the tables that matter and the names in them are fetched.
 * Algorithm: ECMA-335, 6th edition, II.22 (tables), II.24.2 (streams and heaps).
 * @throws TareError E_CLI when it is malformed; E_LIMIT when a count is beyond what real files have
 */
export async function readMetadataFrom(read: ReadAt, metadata: Range): Promise<AssemblyMetadata> {
  const { heaps, streams, tables } = await open(read, metadata);
  const references = await readReferences(tables, heaps);
  const files = await readFiles(tables, heaps);
  const assembly = await readAssembly(tables, heaps);
  const types = Math.max(0, tables.rows(TABLES.typeDef) - 1);
  return {
    ...(assembly !== undefined && { assembly }),
    references,
    nativeLibraries: await readNativeLibraries(tables, heaps),
    resources: await readResources(tables, heaps, { references, files }),
    files,
    ...(await readNamesInTexts(streams.get('#US'))),
    types,
    forwards: types === 0 ? await readForwards(tables, heaps, references) : new Map(),
  };
}

/**
 * The types (`Namespace.Name`, nested ones left out) that an assembly takes from the one that it knows by this name; in file order.
 * @throws TareError E_CLI, E_LIMIT
 */
export async function readTypeReferencesFrom(read: ReadAt, metadata: Range, assembly: string): Promise<string[]> {
  const { heaps, tables } = await open(read, metadata);
  const wanted = new Set<number>();
  for (const [at, { name }] of (await readReferences(tables, heaps)).entries())
    if (name === assembly) wanted.add(at + 1);
  const out = new Set<string>();
  // II.22.38
  for await (const [scope = 0, name = 0, namespace = 0] of tables.each(TABLES.typeRef)) {
    const { row, table } = decode(RESOLUTION_SCOPE, scope);
    if (table === TABLES.assemblyRef && wanted.has(row)) out.add(await typeName(heaps, namespace, name));
  }
  return [...out];
}

interface Opened {
  readonly streams: ReadonlyMap<string, Piece>;
  readonly tables: Tables;
  readonly heaps: Heaps;
}

async function open(read: ReadAt, metadata: Range): Promise<Opened> {
  const streams = await streamsOf(pieceOf(read, metadata));
  const stream = streams.get('#~') ?? streams.get('#-');
  if (stream === undefined) throw malformed('there is no stream of tables');
  return { streams, tables: await tablesOf(stream), heaps: heapsOf(streams.get('#Strings'), streams.get('#Blob')) };
}

async function typeName(heaps: Heaps, namespace: number, name: number): Promise<string> {
  const [space, own] = [await heaps.string(namespace, 'a namespace'), await heaps.string(name, 'the name of a type')];
  return space === '' ? own : `${space}.${own}`;
}

/** II.22.14: exported types whose implementation is another assembly. Nested ones are where the type around them is. */
async function readForwards(
  tables: Tables,
  heaps: Heaps,
  references: readonly AssemblyName[],
): Promise<Map<string, string>> {
  const out = new Map<string, string>();
  for await (const [, , name = 0, namespace = 0, implementation = 0] of rowsOf(
    tables,
    TABLES.exportedType,
    'exported types',
  )) {
    const { row, table } = decode(IMPLEMENTATION, implementation);
    const assembly = table === TABLES.assemblyRef ? references[row - 1]?.name : undefined;
    if (assembly !== undefined) out.set(await typeName(heaps, namespace, name), assembly);
  }
  return out;
}

async function streamsOf(root: Piece): Promise<Map<string, Piece>> {
  const header = await root.view(0, 16, 'the metadata root');
  if (header.getUint32(0, true) !== 0x424a5342) throw malformed('the signature is missing');
  const versionSize = header.getUint32(12, true);
  if (versionSize > MAX_VERSION_BYTES) throw malformed(`the version text has ${versionSize} bytes`);
  const count = (await root.view(16 + versionSize, 4, 'the stream count')).getUint16(2, true);
  if (count > MAX_STREAMS) throw new TareError('E_LIMIT', `an assembly has ${count} streams, more than ${MAX_STREAMS}`);
  const streams = new Map<string, Piece>();
  let at = 20 + versionSize;
  for (let index = 0; index < count; index++) {
    const place = await root.view(at, 8, 'a stream header');
    // At most 32 characters with the NUL, padded to a multiple of four (II.24.2.2).
    const tail = await root.bytes(at + 8, Math.min(32, root.size - at - 8), 'the name of a stream');
    const end = tail.indexOf(0);
    if (end === -1) throw malformed('the name of a stream does not end');
    const name = Buffer.from(tail.subarray(0, end)).toString('latin1');
    const piece = root.piece(place.getUint32(0, true), place.getUint32(4, true), `the stream ${JSON.stringify(name)}`);
    if (!streams.has(name)) streams.set(name, piece);
    at += 8 + 4 * Math.floor(end / 4 + 1);
  }
  return streams;
}

async function* rowsOf(tables: Tables, table: number, what: string): AsyncGenerator<readonly number[]> {
  const count = tables.rows(table);
  if (count > MAX_NAMED_ROWS)
    throw new TareError('E_LIMIT', `an assembly has ${count} ${what}, more than ${MAX_NAMED_ROWS}`);
  yield* tables.each(table);
}

/** II.22.2: at most one row. */
async function readAssembly(tables: Tables, heaps: Heaps): Promise<AssemblyName | undefined> {
  for await (const [, a = 0, b = 0, c = 0, d = 0, , key = 0, name = 0, culture = 0] of rowsOf(
    tables,
    TABLES.assembly,
    'names',
  ))
    return {
      name: await heaps.string(name, 'the name of the assembly'),
      version: [a, b, c, d].join('.'),
      culture: await heaps.string(culture, 'the culture of the assembly'),
      publicKeyToken: tokenOf(await heaps.blob(key, 'the public key of the assembly'), true),
    };
  return undefined;
}

/** II.22.5 */
async function readReferences(tables: Tables, heaps: Heaps): Promise<AssemblyName[]> {
  const out: AssemblyName[] = [];
  for await (const row of rowsOf(tables, TABLES.assemblyRef, 'references')) {
    const [a = 0, b = 0, c = 0, d = 0, flags = 0, key = 0, name = 0, culture = 0] = row;
    out.push({
      name: await heaps.string(name, 'the name of a reference'),
      version: [a, b, c, d].join('.'),
      culture: await heaps.string(culture, 'the culture of a reference'),
      publicKeyToken: tokenOf(await heaps.blob(key, 'the key of a reference'), (flags & PUBLIC_KEY) !== 0),
    });
  }
  return out;
}

/** II.6.2.1.3: the last eight bytes of the key's SHA-1, the last one first. */
function tokenOf(key: Uint8Array, whole: boolean): string {
  if (key.length === 0) return '';
  const token = whole ? createHash('sha1').update(key).digest().subarray(-8).reverse() : Buffer.from(key);
  return token.toString('hex');
}

/** II.22.22 (ImplMap) says which of the modules of II.22.31 (ModuleRef) are native libraries that methods call. */
async function readNativeLibraries(tables: Tables, heaps: Heaps): Promise<string[]> {
  const called = new Set<number>();
  for await (const [, , , scope = 0] of tables.each(TABLES.implMap)) called.add(scope);
  const names = new Set<string>();
  let row = 0;
  for await (const [name = 0] of rowsOf(tables, TABLES.moduleRef, 'module references'))
    if (called.has(++row)) names.add(await heaps.string(name, 'the name of a module'));
  return [...names].filter((name) => name !== '').sort();
}

/** II.22.19 */
async function readFiles(tables: Tables, heaps: Heaps): Promise<string[]> {
  const out: string[] = [];
  for await (const [, name = 0] of rowsOf(tables, TABLES.file, 'files'))
    out.push(await heaps.string(name, 'the name of a file'));
  return out;
}

/** II.22.24 */
async function readResources(
  tables: Tables,
  heaps: Heaps,
  known: { readonly references: readonly AssemblyName[]; readonly files: readonly string[] },
): Promise<ManifestResource[]> {
  const out: ManifestResource[] = [];
  for await (const [, , name = 0, implementation = 0] of rowsOf(tables, TABLES.manifestResource, 'resources')) {
    const { table, row } = decode(IMPLEMENTATION, implementation);
    const file = table === TABLES.file ? known.files[row - 1] : undefined;
    const assembly = table === TABLES.assemblyRef ? known.references[row - 1]?.name : undefined;
    const text = await heaps.string(name, 'the name of a resource');
    if (row !== 0 && file === undefined && assembly === undefined)
      throw malformed(`the resource ${JSON.stringify(text)} is in row ${row} of table ${table}, which is not there`);
    out.push({ name: text, in: file !== undefined ? { file } : assembly !== undefined ? { assembly } : 'here' });
  }
  return out;
}
