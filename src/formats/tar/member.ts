import type { ByteString } from '../../base/path.ts';
import type { Writable } from '../../base/writable.ts';
import { malformed, overLimit, type Place } from './errors.ts';
import { parseDecimal } from './fields.ts';
import type { RawHeader } from './header.ts';
import type { TarLimits } from './limits.ts';
import { SPARSE_MAP, type PaxRecords } from './pax.ts';
import type { EntryType, SparseRun, TarMember } from './types.ts';
import { xattrsOf } from './xattrs.ts';

/** What the headers before a member's own one said about it. */
export interface Extensions {
  readonly records: PaxRecords;
  /** From a GNU `L` header; '' when there was none. */
  readonly longName: ByteString;
  /** From a GNU `K` header. */
  readonly longLink: ByteString;
}

/** Where a member's sparse map is: in the blocks of the header, in its records, or at the start of its data. */
type SparseSource = 'none' | 'old-gnu' | 'records' | 'data';

/** A member of which only the sparse map may be missing. */
export interface Draft {
  readonly header: RawHeader;
  readonly place: Place;
  readonly type: EntryType;
  readonly path: ByteString;
  readonly records: PaxRecords;
  readonly longLink: ByteString;
  /** Bytes in the archive after the header, padding excluded; 0 for all that has no content. */
  readonly stored: number;
  readonly sparse: SparseSource;
}

const UNSUPPORTED: Readonly<Record<string, string>> = {
  M: 'a continued file of a multi-volume archive',
  N: 'an old GNU long name',
};

/** One more would be -1, which chown(2) takes for "leave it as it is". */
const MAX_ID = 0xffff_fffe;

/** A GNU long name says more than a PAX record, whichever comes first, and that more than the header: so does Go. Empty ones say nothing. */
function lastSaid(long: ByteString, recorded: ByteString | undefined, plain: ByteString): ByteString {
  if (long !== '') return long;
  return recorded === undefined || recorded === '' ? plain : recorded;
}

/** Undefined for a volume label. @throws TareError E_TAR on a type that container tools refuse too */
function typeOf(header: RawHeader, path: ByteString, place: Place): EntryType | undefined {
  switch (header.typeflag) {
    case '\0':
      // Before ustar a folder was a file whose name ends with a slash.
      return path.endsWith('/') ? 'directory' : 'file';
    case '0':
    case '7':
    case 'S':
      return 'file';
    case '1':
      return 'hardlink';
    case '2':
      return 'symlink';
    case '3':
      return 'char';
    case '4':
      return 'block';
    case '5':
    case 'D':
      return 'directory';
    case '6':
      return 'fifo';
    case 'V':
      return undefined;
    default: {
      const known = UNSUPPORTED[header.typeflag];
      throw malformed(place, known === undefined ? typeMessage(header.typeflag) : `${known} is not supported`);
    }
  }
}

function typeMessage(typeflag: string): string {
  return `the type ${JSON.stringify(typeflag)} is not supported`;
}

/** An integer from the records; an absent or empty record leaves the header's own value. */
function recordNumber(records: PaxRecords, key: string, fallback: number, place: Place): number {
  const text = records.get(key);
  if (text === undefined || text === '') return fallback;
  const value = parseDecimal(text);
  if (Number.isNaN(value)) throw malformed(place, `the PAX record ${key} is not a number in range`);
  return value;
}

function recordTime(records: PaxRecords, fallback: number, place: Place): number {
  const text = records.get('mtime');
  if (text === undefined || text === '') return fallback;
  const value = /^-?[0-9]{1,20}(?:\.[0-9]*)?$/.test(text) ? Number(text) : Number.NaN;
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value === 0 ? 0 : value;
  throw malformed(place, 'the PAX record mtime is not a time in range');
}

/** Which sparse format the records speak of; versions that nobody writes make a plain file, as in Go. */
function sparseSourceOf(header: RawHeader, records: PaxRecords, place: Place): SparseSource {
  if (header.typeflag === 'S') {
    // The star format has the same type and another layout.
    if (!header.gnu) throw malformed(place, 'a sparse file without the GNU magic');
    return 'old-gnu';
  }
  if (records.size === 0) return 'none';
  const version = `${records.get('GNU.sparse.major') ?? ''}.${records.get('GNU.sparse.minor') ?? ''}`;
  if (version === '1.0') return 'data';
  if (version === '0.0' || version === '0.1') return 'records';
  return version === '.' && (records.get(SPARSE_MAP) ?? '') !== '' ? 'records' : 'none';
}

/**
 * Applies the extensions to a header. Undefined when it is a volume label, which is no member.
 * @throws TareError E_TAR or E_LIMIT
 */
export function draftOf(header: RawHeader, extensions: Extensions, limits: TarLimits): Draft | undefined {
  const { records } = extensions;
  const named = lastSaid(extensions.longName, records.get('path'), header.name);
  const place: Place = { offset: header.offset, path: named };
  const type = typeOf(header, named, place);
  if (type === undefined) return undefined;
  const sparse = sparseSourceOf(header, records, place);
  if (sparse !== 'none' && type !== 'file') throw malformed(place, `a ${type} cannot be sparse`);
  const sparseName = sparse === 'records' || sparse === 'data' ? (records.get('GNU.sparse.name') ?? '') : '';
  const path = sparseName === '' ? named : sparseName;
  if (path.length > limits.maxPathBytes) throw overLimit(place, `the path has more than ${limits.maxPathBytes} bytes`);
  return {
    header,
    place,
    type,
    path,
    records,
    longLink: extensions.longLink,
    stored: hasData(type, header) ? storedSize(header, records) : 0,
    sparse,
  };
}

/** Links, folders, devices and pipes have no data, whatever their size field says. A GNU dump folder has: the list of its files. */
function hasData(type: EntryType, header: RawHeader): boolean {
  return type === 'file' || header.typeflag === 'D';
}

/** Bytes after the header, as the size record or the header says. */
export function storedSize(header: RawHeader, records: PaxRecords): number {
  return recordNumber(records, 'size', header.size, { offset: header.offset, path: header.name });
}

/** The size that a sparse file of the PAX formats unfolds to. */
export function sparseSizeOf(draft: Draft): number {
  const { records, place } = draft;
  const realSize = recordNumber(records, 'GNU.sparse.realsize', draft.stored, place);
  return recordNumber(records, 'GNU.sparse.size', realSize, place);
}

/** What the data section holds, once it is known. Sizes and offsets in bytes. */
interface Content {
  readonly size: number;
  readonly dataOffset: number;
  readonly dataSize: number;
  readonly sparse?: readonly SparseRun[] | undefined;
}

/** The finished member. @throws TareError E_TAR or E_LIMIT on records that are not valid */
export function memberOf(draft: Draft, content: Content, limits: TarLimits): TarMember {
  const { header, place, records, type } = draft;
  const uid = recordNumber(records, 'uid', header.uid, place);
  const gid = recordNumber(records, 'gid', header.gid, place);
  if (uid > MAX_ID || gid > MAX_ID) throw malformed(place, `the owner ${uid}:${gid} is beyond ${MAX_ID}`);
  const xattrs = records.size === 0 ? undefined : xattrsOf(records, place, limits);
  // Assigned, not spread: there may be hundreds of thousands, and V8 is several times as fast so.
  const member: Writable<TarMember> = {
    path: draft.path,
    type,
    mode: header.mode & 0o7777,
    uid,
    gid,
    size: content.size,
    mtime: records.size === 0 ? header.mtime : recordTime(records, header.mtime, place),
    dataOffset: content.dataOffset,
    dataSize: content.dataSize,
  };
  if (type === 'hardlink' || type === 'symlink') member.linkname = linkOf(draft, limits);
  if (type === 'char' || type === 'block') member.device = [header.devMajor, header.devMinor];
  if (xattrs !== undefined) member.xattrs = xattrs;
  if (content.sparse !== undefined) member.sparse = content.sparse;
  return member;
}

function linkOf(draft: Draft, limits: TarLimits): ByteString {
  const link = lastSaid(draft.longLink, draft.records.get('linkpath'), draft.header.linkname);
  if (link.length > limits.maxPathBytes) {
    throw overLimit(draft.place, `the link target has more than ${limits.maxPathBytes} bytes`);
  }
  return link;
}

/** Two numbers. */
const RUN_BYTES = 16;

/** What whoever keeps the member keeps, about. */
export function keptBytesOf({ path, linkname, xattrs, sparse }: TarMember): number {
  let bytes = path.length + (linkname?.length ?? 0) + (sparse?.length ?? 0) * RUN_BYTES;
  if (xattrs !== undefined) for (const [name, value] of xattrs) bytes += name.length + value.length;
  return bytes;
}
