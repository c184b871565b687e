import { TareError } from '../../base/error.ts';
import type { ByteString } from '../../base/path.ts';
import { DT_GNU_HASH, DT_HASH, DT_STRTAB, DT_SYMTAB, MAX_SYMBOLS } from './constants.ts';
import { stringTableOf, valueOf } from './dynamic.ts';
import { type Encoding, fieldsOf, locate, stringAt } from './image.ts';
import type { Steps } from './steps.ts';
import type { ElfFile } from './types.ts';

/** Symbols that are decoded at once. */
const CHUNK_SYMBOLS = 4096;
/** STT_SECTION, STT_FILE: no names to import. */
const NAMELESS: readonly number[] = [3, 4];

/**
 * Names of the dynamic symbols that the file uses and another must define (`dlopen`, `iconv_open`, …), without versions, in file order.
 * @throws TareError E_ELF, E_LIMIT
 */
export function* readImportSteps(elf: ElfFile): Steps<Set<ByteString>> {
  const names = new Set<ByteString>();
  const encoding = { class: elf.class, little: elf.endian === 'little' };
  const address = valueOf(elf.dynamicEntries, DT_SYMTAB);
  const table = stringTableOf(elf.dynamicEntries, elf.segments);
  if (address === undefined || table === undefined) return names;
  const where = locate(elf.segments, address);
  if (where === undefined)
    throw new TareError('E_ELF', `the symbol table at address 0x${address.toString(16)} is not part of the ELF file`);
  const size = elf.class === 64 ? 24 : 16;
  const count = Math.min(yield* countSymbols(elf, encoding, size), Math.floor(where.left / size));
  if (count > MAX_SYMBOLS) throw new TareError('E_LIMIT', `${count} ELF symbols are more than ${MAX_SYMBOLS}`);
  for (let start = 1; start < count; start += CHUNK_SYMBOLS) {
    const length = Math.min(CHUNK_SYMBOLS, count - start);
    const fields = fieldsOf(yield { offset: where.offset + start * size, size: length * size }, encoding);
    for (let at = 0; at < length * size; at += size) {
      const [info, section] = [fields.u8(at + (size === 24 ? 4 : 12)), fields.u16(at + (size === 24 ? 6 : 14))];
      const bind = info >> 4;
      if (section !== 0 || bind === 0 || NAMELESS.includes(info & 15)) continue;
      names.add(yield* stringAt(table, fields.u32(at), 'the name of a symbol'));
    }
  }
  return names;
}

/** The dynamic section does not say how many symbols there are; the hash tables do, else the string table that follows by custom. */
function* countSymbols(elf: ElfFile, encoding: Encoding, symbolSize: number): Steps<number> {
  const hash = placeOf(elf, DT_HASH);
  // s390x and Alpha write 64-bit words here; every other machine 32-bit ones.
  if (hash !== undefined && hash.left >= 8 && elf.machineName !== 's390x')
    return fieldsOf(yield { offset: hash.offset, size: 8 }, encoding).u32(4);
  const gnu = placeOf(elf, DT_GNU_HASH);
  const hashed = gnu === undefined ? 0 : yield* countHashed(gnu, encoding);
  if (hashed > 0) return hashed;
  const [symbols, strings] = [valueOf(elf.dynamicEntries, DT_SYMTAB), valueOf(elf.dynamicEntries, DT_STRTAB)];
  if (symbols === undefined || strings === undefined || strings < symbols) return 0;
  return Number((strings - symbols) / BigInt(symbolSize));
}

/** DT_GNU_HASH: the highest symbol that a bucket starts with, and the rest of its chain. 0 when nothing is hashed. */
function* countHashed(place: Place, encoding: Encoding): Steps<number> {
  if (place.left < 16) return 0;
  const head = fieldsOf(yield { offset: place.offset, size: 16 }, encoding);
  const [buckets, first, bloom] = [head.u32(0), head.u32(4), head.u32(8)];
  const start = 16 + bloom * (encoding.class === 64 ? 8 : 4);
  if (buckets > MAX_SYMBOLS || start + buckets * 4 > place.left) return 0;
  const fields = fieldsOf(yield { offset: place.offset + start, size: buckets * 4 }, encoding);
  let last = 0;
  for (let index = 0; index < buckets; index++) last = Math.max(last, fields.u32(index * 4));
  if (last < first || last === 0) return 0;
  const chains = start + buckets * 4;
  for (let at = chains + (last - first) * 4; at + 4 <= place.left && last < MAX_SYMBOLS; at += 4, last++) {
    const link = fieldsOf(yield { offset: place.offset + at, size: 4 }, encoding).u32(0);
    if ((link & 1) === 1) break;
  }
  return last + 1;
}

interface Place {
  readonly offset: number;
  readonly left: number;
}

function placeOf(elf: ElfFile, tag: bigint): Place | undefined {
  const address = valueOf(elf.dynamicEntries, tag);
  return address === undefined ? undefined : locate(elf.segments, address);
}
