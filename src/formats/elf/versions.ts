import { TareError } from '../../base/error.ts';
import type { ByteString } from '../../base/path.ts';
import {
  DT_VERDEF,
  DT_VERDEFNUM,
  DT_VERNEED,
  DT_VERNEEDNUM,
  MAX_VERSIONS,
  VER_FLG_BASE,
  VER_FLG_WEAK,
} from './constants.ts';
import { valueOf } from './dynamic.ts';
import { type Encoding, type Fields, fieldsOf, locate, stringAt, type StringTable } from './image.ts';
import type { Steps } from './steps.ts';
import type { DynamicEntry, ElfSegment, VersionNeed } from './types.ts';

// Records of the GNU symbol versioning extension (LSB Core, "Symbol Versioning"); the same layout in both classes.
const RECORD_BYTES = { verneed: 16, vernaux: 16, verdef: 20, verdaux: 8 } as const;

interface Place extends Encoding {
  readonly entries: readonly DynamicEntry[];
  readonly segments: readonly ElfSegment[];
  readonly table: StringTable | undefined;
}

/** Which versions of which library. @throws TareError E_ELF, E_LIMIT */
export function* readVersionNeeds(place: Place): Steps<VersionNeed[]> {
  const chain = chainOf(place, DT_VERNEED, DT_VERNEEDNUM);
  if (chain === undefined) return [];
  const out: VersionNeed[] = [];
  let at = chain.at;
  for (let index = 0; index < chain.count; index++) {
    const need = yield* recordAt(place, chain, at, RECORD_BYTES.verneed);
    const file = yield* stringAt(chain.table, need.u32(4), 'the library of a version need');
    const versions: ByteString[] = [];
    const weak: ByteString[] = [];
    let aux = at + need.u32(8);
    for (let left = need.u16(2); left > 0; left--) {
      const record = yield* recordAt(place, chain, aux, RECORD_BYTES.vernaux);
      const version = yield* stringAt(chain.table, record.u32(8), 'the name of a needed version');
      versions.push(version);
      if ((record.u16(4) & VER_FLG_WEAK) !== 0) weak.push(version);
      if (record.u32(12) === 0) break;
      aux += record.u32(12);
    }
    out.push({ file, versions, ...(weak.length > 0 && { weak }) });
    if (need.u32(12) === 0) break;
    at += need.u32(12);
  }
  return out;
}

/** The versions that it defines, the base version (the file itself) left out. @throws TareError E_ELF, E_LIMIT */
export function* readVersionDefinitions(place: Place): Steps<ByteString[]> {
  const chain = chainOf(place, DT_VERDEF, DT_VERDEFNUM);
  if (chain === undefined) return [];
  const out: ByteString[] = [];
  let at = chain.at;
  for (let index = 0; index < chain.count; index++) {
    const definition = yield* recordAt(place, chain, at, RECORD_BYTES.verdef);
    if ((definition.u16(2) & VER_FLG_BASE) === 0) {
      const name = yield* recordAt(place, chain, at + definition.u32(12), RECORD_BYTES.verdaux);
      out.push(yield* stringAt(chain.table, name.u32(0), 'the name of a defined version'));
    }
    if (definition.u32(16) === 0) break;
    at += definition.u32(16);
  }
  return out;
}

interface Chain {
  readonly at: number;
  readonly end: number;
  readonly count: number;
  readonly table: StringTable;
  /** Records left that may be read: chains may overlap in a hostile file. */
  readonly budget: { left: number };
}

function chainOf(place: Place, address: bigint, number: bigint): Chain | undefined {
  const start = valueOf(place.entries, address);
  const count = valueOf(place.entries, number);
  if (start === undefined || count === undefined || count === 0n || place.table === undefined) return undefined;
  const where = locate(place.segments, start);
  if (where === undefined)
    throw new TareError('E_ELF', `the version table at address 0x${start.toString(16)} is not part of the ELF file`);
  if (count > BigInt(MAX_VERSIONS))
    throw new TareError('E_LIMIT', `${count} ELF version records are more than ${MAX_VERSIONS}`);
  return {
    at: where.offset,
    end: where.offset + where.left,
    count: Number(count),
    table: place.table,
    budget: { left: MAX_VERSIONS },
  };
}

function* recordAt(encoding: Encoding, chain: Chain, at: number, size: number): Steps<Fields> {
  if (at + size > chain.end)
    throw new TareError('E_ELF', `a version record at ${at} reaches past the end of its segment`);
  if (--chain.budget.left < 0)
    throw new TareError('E_LIMIT', `the ELF file has more than ${MAX_VERSIONS} version records`);
  return fieldsOf(yield { offset: at, size }, encoding);
}
