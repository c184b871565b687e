import { TareError } from '../../base/error.ts';
import type { ByteString } from '../../base/path.ts';

/** One library that `ldconfig` found. */
export interface LdCacheEntry {
  /** The soname that a program asks for. */
  readonly name: ByteString;
  readonly path: ByteString;
  /** `FLAG_*` of glibc's ldconfig.h: the kind of library, and the ABI it is for. */
  readonly flags: number;
  /** The `glibc-hwcaps` subfolder that it was found in, e.g. `x86-64-v3`; only for CPUs that have it. */
  readonly hwcap?: ByteString;
  /** It was found in a subfolder of the older kind (`haswell/`, `tls/`), which only glibc before 2.37 looks into. */
  readonly legacy?: true;
}

// Layouts: glibc, sysdeps/generic/dl-cache.h (2.36). Both kinds may stand in one file: the old one first.
const OLD_MAGIC = 'ld.so-1.7.0';
const OLD_HEADER_BYTES = 16;
const OLD_ENTRY_BYTES = 12;
const NEW_MAGIC = 'glibc-ld.so.cache1.1';
const NEW_HEADER_BYTES = 48;
const NEW_ENTRY_BYTES = 24;
const EXTENSION_MAGIC = 0xeaa42174;
const EXTENSION_HWCAPS = 1;
/** Bits 62 and up of `hwcap` that mark an index into the list of glibc-hwcaps; bits 32-41 hold an ISA level. */
const HWCAP_EXTENSION = 1n << 62n;
const HWCAP_ISA_LEVEL = 0x3ffn << 32n;
const HWCAP_INDEX = 0xffffffffn;

const MAX_ENTRIES = 1 << 18;
const MAX_EXTENSIONS = 256;
const MAX_NAME_BYTES = 4096;
/** Names may overlap: all of them together. */
const MAX_NAMES_BYTES = 64 * 1024 * 1024; // 64 MiB

interface Cache {
  readonly bytes: Buffer;
  readonly u32: (at: number) => number;
  readonly u64: (at: number) => bigint;
  readonly budget: { left: number };
}

/**
 * Reads `/etc/ld.so.cache`, in file order (the loader takes the first entry that suits). The newer table is taken when both are there.
 * @throws TareError E_LDCACHE when malformed, E_LIMIT when a count is absurd
 */
export function parseLdCache(bytes: Uint8Array): LdCacheEntry[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (magicAt(buffer, 0, NEW_MAGIC)) return parseNew(buffer, 0);
  if (!magicAt(buffer, 0, OLD_MAGIC)) throw malformed('it starts with no known magic number');
  const { cache, count } = opened(buffer, 12, OLD_HEADER_BYTES, OLD_ENTRY_BYTES);
  const end = OLD_HEADER_BYTES + count * OLD_ENTRY_BYTES;
  // The newer table is aligned for its 64-bit numbers: to 4 or 8 bytes, as the machine likes it.
  for (const start of [end, Math.ceil(end / 8) * 8])
    if (magicAt(buffer, start, NEW_MAGIC)) return parseNew(buffer, start);
  return Array.from({ length: count }, (_, index) => {
    const at = OLD_HEADER_BYTES + index * OLD_ENTRY_BYTES;
    return {
      name: stringAt(cache, end + cache.u32(at + 4)),
      path: stringAt(cache, end + cache.u32(at + 8)),
      flags: cache.u32(at),
    };
  });
}

/** Names count from the newer header, the extension directory from the start of the file (glibc, elf/cache.c, save_cache). */
function parseNew(file: Buffer, start: number): LdCacheEntry[] {
  const { cache, count } = opened(file.subarray(start), 20, NEW_HEADER_BYTES, NEW_ENTRY_BYTES);
  const hwcaps = hwcapsOf(cache, start);
  return Array.from({ length: count }, (_, index) => {
    const at = NEW_HEADER_BYTES + index * NEW_ENTRY_BYTES;
    return {
      name: stringAt(cache, cache.u32(at + 4)),
      path: stringAt(cache, cache.u32(at + 8)),
      flags: cache.u32(at),
      ...hwcapOf(cache.u64(at + 16), hwcaps),
    };
  });
}

function hwcapOf(value: bigint, hwcaps: readonly ByteString[]): Pick<LdCacheEntry, 'hwcap' | 'legacy'> {
  if (value === 0n) return {};
  if ((value & ~HWCAP_ISA_LEVEL & ~HWCAP_INDEX) !== HWCAP_EXTENSION) return { legacy: true };
  const name = hwcaps[Number(value & HWCAP_INDEX)];
  if (name === undefined) throw malformed(`an entry names hwcap ${value & HWCAP_INDEX} of ${hwcaps.length}`);
  return { hwcap: name };
}

/** `base`: where the newer header is in its file. */
function hwcapsOf(cache: Cache, base: number): ByteString[] {
  const stated = cache.u32(32);
  if (stated === 0) return [];
  const start = stated - base;
  need(cache, start, 8, 'the extension directory');
  if (cache.u32(start) !== EXTENSION_MAGIC) throw malformed('its extension directory has a wrong magic number');
  const count = cache.u32(start + 4);
  if (count > MAX_EXTENSIONS)
    throw new TareError('E_LIMIT', `ld.so.cache has ${count} extensions, more than ${MAX_EXTENSIONS}`);
  need(cache, start + 8, count * 16, 'the extension directory');
  for (let at = start + 8; at < start + 8 + count * 16; at += 16) {
    if (cache.u32(at) !== EXTENSION_HWCAPS) continue;
    const [offset, size] = [cache.u32(at + 8) - base, cache.u32(at + 12)];
    need(cache, offset, size, 'the list of hwcaps');
    return Array.from({ length: Math.floor(size / 4) }, (_, index) => stringAt(cache, cache.u32(offset + index * 4)));
  }
  return [];
}

function opened(
  buffer: Buffer,
  countAt: number,
  headerBytes: number,
  entryBytes: number,
): { readonly cache: Cache; readonly count: number } {
  if (buffer.length < headerBytes) throw malformed(`it has only ${buffer.length} bytes`);
  const fits = (count: number): boolean => headerBytes + count * entryBytes <= buffer.length;
  // Byte 28 of the newer header gives the order (2 little, 3 big); where it does not, the count that fits the file decides.
  const stated = headerBytes === NEW_HEADER_BYTES ? (buffer[28] as number) & 3 : 0;
  const little = stated === 0 ? fits(buffer.readUInt32LE(countAt)) : stated === 2;
  if (stated === 1) throw malformed('its header marks it as invalid');
  const count = little ? buffer.readUInt32LE(countAt) : buffer.readUInt32BE(countAt);
  if (!fits(count)) throw malformed(`its ${count} entries do not fit its ${buffer.length} bytes`);
  if (count > MAX_ENTRIES) throw new TareError('E_LIMIT', `ld.so.cache has ${count} entries, more than ${MAX_ENTRIES}`);
  const cache: Cache = {
    bytes: buffer,
    u32: (at) => (little ? buffer.readUInt32LE(at) : buffer.readUInt32BE(at)),
    u64: (at) => (little ? buffer.readBigUInt64LE(at) : buffer.readBigUInt64BE(at)),
    budget: { left: MAX_NAMES_BYTES },
  };
  return { cache, count };
}

function magicAt(buffer: Buffer, at: number, magic: string): boolean {
  return buffer.toString('latin1', at, at + magic.length) === magic;
}

function stringAt(cache: Cache, at: number): ByteString {
  const end = cache.bytes.indexOf(0, at);
  if (at >= cache.bytes.length || end === -1) throw malformed(`a name at ${at} does not end inside it`);
  if (end - at > MAX_NAME_BYTES)
    throw new TareError('E_LIMIT', `a name in ld.so.cache is longer than ${MAX_NAME_BYTES} bytes`);
  cache.budget.left -= end - at;
  if (cache.budget.left < 0)
    throw new TareError('E_LIMIT', `the names in ld.so.cache are longer than ${MAX_NAMES_BYTES} bytes together`);
  return cache.bytes.toString('latin1', at, end);
}

function need(cache: Cache, at: number, size: number, what: string): void {
  if (at < 0 || at + size > cache.bytes.length) throw malformed(`${what} reaches past its end`);
}

function malformed(why: string): TareError {
  return new TareError('E_LDCACHE', `the ld.so.cache cannot be read: ${why}`);
}
