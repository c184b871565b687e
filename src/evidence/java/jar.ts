import { inflateRawSync } from 'node:zlib';
import { isTareError } from '../../base/error.ts';
import { type ByteString, compareBytes } from '../../base/path.ts';
import { isElf, readElf } from '../../formats/elf/index.ts';
import {
  METHOD_DEFLATE,
  METHOD_STORE,
  type ReadAt,
  readZipDirectory,
  zipDataOffset,
  type ZipMember,
} from '../../formats/zip/index.ts';
import type { ContentReader, Entry } from '../../tree/types.ts';
import { type Facts, learn } from '../facts.ts';
import { attributesOf } from './manifest.ts';
import { type Feature, FEATURES, featuresIn } from './features.ts';

/** What an archive tells; a Fact. */
export interface JarFacts {
  readonly [name: string]: readonly string[];
  /** Of the manifest: URLs, relative to the archive. */
  readonly classPath: readonly ByteString[];
  /** What its classes name. */
  readonly features: readonly Feature[];
  /** Libraries that the native code inside asks for. */
  readonly needed: readonly ByteString[];
}

/** Inflated bytes of one archive with those inside it; more is not looked at, and taken to name everything. */
const MAX_INFLATED_BYTES = 512 * 1024 * 1024; // 512 MiB
/** One class, library or archive inside. The format of classes has no larger pool of constants in practice. */
const MAX_MEMBER_BYTES = 128 * 1024 * 1024; // 128 MiB
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024; // 4 MiB
/** Archives in archives: an application archive has libraries, those may have one more. */
const MAX_DEPTH = 3;
const NOTHING: JarFacts = { classPath: [], features: [], needed: [] };

interface Reading {
  left: number;
  readonly features: Set<Feature>;
  readonly needed: Set<ByteString>;
}

/** Reads an archive once; a damaged one tells nothing more than what was read before the damage. */
export async function readJar(content: ContentReader, entry: Entry, facts: Facts | undefined): Promise<JarFacts> {
  return learn(facts, entry, 'java archive 1', async () => {
    const read: ReadAt = (offset, size) => content.read(entry, { offset, size });
    const reading: Reading = { left: MAX_INFLATED_BYTES, features: new Set(), needed: new Set() };
    const classPath = await orNothing(readArchive(read, entry.size, { reading, depth: 0 }));
    if (reading.left < 0) for (const feature of FEATURES) reading.features.add(feature);
    const features = FEATURES.filter((feature) => reading.features.has(feature));
    return { classPath: classPath ?? [], features, needed: [...reading.needed].sort(compareBytes) };
  });
}

/** What a class outside of any archive tells. */
export async function readClass(content: ContentReader, entry: Entry, facts: Facts | undefined): Promise<JarFacts> {
  if (entry.size > MAX_MEMBER_BYTES) return NOTHING;
  const features = await learn(facts, entry, 'java class 1', async () => featuresIn(await content.read(entry)));
  return { ...NOTHING, features };
}

async function orNothing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isTareError(error, 'E_ZIP') || isTareError(error, 'E_LIMIT') || isTareError(error, 'E_ELF')) return undefined;
    throw error;
  }
}

async function readArchive(
  read: ReadAt,
  size: number,
  { depth, reading }: { readonly depth: number; readonly reading: Reading },
): Promise<ByteString[]> {
  let classPath: ByteString[] = [];
  for (const member of await readZipDirectory(read, size)) {
    if (reading.left < 0) break;
    const kind = kindOf(member.name);
    if (kind === undefined || member.encrypted || member.size > MAX_MEMBER_BYTES) continue;
    if (kind === 'manifest' && (depth > 0 || member.size > MAX_MANIFEST_BYTES)) continue;
    if (kind === 'archive' && depth >= MAX_DEPTH) continue;
    const bytes = await orNothing(inflate(read, size, member));
    if (bytes === undefined) continue;
    reading.left -= bytes.length;
    if (kind === 'manifest') classPath = classPathOf(bytes);
    else if (kind === 'class') for (const feature of featuresIn(bytes)) reading.features.add(feature);
    else if (kind === 'library') for (const name of neededBy(bytes)) reading.needed.add(name);
    else
      await orNothing(
        readArchive((offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)), bytes.length, {
          depth: depth + 1,
          reading,
        }),
      );
  }
  return classPath;
}

function kindOf(name: ByteString): 'manifest' | 'class' | 'library' | 'archive' | undefined {
  if (name === 'META-INF/MANIFEST.MF') return 'manifest';
  if (name.endsWith('.class')) return 'class';
  if (/\.(?:so|so\.[\d.]+|jnilib)$/.test(name)) return 'library';
  return /\.(?:jar|war)$/.test(name) ? 'archive' : undefined;
}

async function inflate(read: ReadAt, fileSize: number, member: ZipMember): Promise<Uint8Array | undefined> {
  const { compressedSize, method, size } = member;
  // A member that is stored has one size; one that inflates to more than it says is cut off by zlib.
  if (method === METHOD_STORE ? compressedSize !== size : method !== METHOD_DEFLATE) return undefined;
  const data = await read(await zipDataOffset(read, fileSize, member), compressedSize);
  if (method === METHOD_STORE) return data;
  try {
    return inflateRawSync(data, { maxOutputLength: Math.max(1, size) });
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    return undefined;
  }
}

function neededBy(bytes: Uint8Array): readonly ByteString[] {
  if (!isElf(bytes)) return [];
  try {
    return readElf(bytes, { sections: 'tolerant' }).needed;
  } catch (error) {
    if (isTareError(error, 'E_ELF') || isTareError(error, 'E_LIMIT')) return [];
    throw error;
  }
}

function classPathOf(bytes: Uint8Array): ByteString[] {
  const text = attributesOf(Buffer.from(bytes).toString('latin1')).get('class-path') ?? '';
  return text.split(/ +/).filter((item) => item !== '');
}
