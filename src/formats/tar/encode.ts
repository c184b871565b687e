import { compareBytes, MAX_PATH_BYTES, quotePath, type ByteString } from '../../base/path.ts';
import { TareError } from '../../base/error.ts';
import { BLOCK_SIZE, FIELDS, paddingOf, sumOf } from './fields.ts';
import { MAX_EXTENDED_HEADER_BYTES } from './limits.ts';
import { encodePaxRecord } from './pax.ts';
import type { EntryType, TarHeader } from './types.ts';
import { SCHILY_XATTR } from './xattrs.ts';

/** What ends an archive: two blocks of zeros. */
export const TRAILER: Uint8Array = new Uint8Array(2 * BLOCK_SIZE);

const TYPEFLAGS: Readonly<Record<EntryType, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

const MAX_7_DIGITS = 0o7777777;
const MAX_11_DIGITS = 0o77777777777;
const MAX_MODE = 0o7777;
const MAX_ID = 0xffff_fffe;
const MAX_NAME_BYTES = FIELDS.name[1];
const MAX_PREFIX_BYTES = FIELDS.prefix[1];

/** The name that every extended header has: readers that know PAX never look at it. */
const PAX_HEADER_NAME = '././@PaxHeader';

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
const BYTES_WITHOUT_NUL = /^[\x01-\xff]*$/;

/**
 * All header blocks of one member; its content, padded with zeros to a multiple of 512, goes after them. The same header gives the same
 * bytes, anywhere, at any time. One rule for the format: what fits in a ustar header goes there and only there; the rest is in one PAX `x`
 * header with these records and no others, in byte order of their keys: `SCHILY.xattr.NAME`, `gid` and `uid` beyond 7 octal digits,
 * `linkpath` and `path` when not printable ASCII or too long, `mtime` when negative, fractional (nanoseconds) or beyond 11 octal digits,
 * `size` beyond 11 octal digits. A path of more than 100 bytes is split into prefix and name at its last slash that allows it.
 * User and group names are empty.
 *
 * The path stands as it is given: a folder's trailing slash is the caller's choice. `sparse` is not written: the content that follows is
 * the unfolded one, `size` bytes.
 *
 * @throws TareError E_TAR when a value cannot be written exactly: no or too long a path, a NUL in a name, an owner beyond 2^32 − 2, a device
 * number beyond 7 octal digits, a file whose path ends with a slash, a size or a link target where there can be none, an attribute with '=' in its name
 */
export function encodeHeader(header: TarHeader): Uint8Array {
  checkHeader(header);
  const records = new Map<string, Uint8Array>();
  const split = splitPath(header.path);
  if (split === undefined) records.set('path', Buffer.from(header.path, 'latin1'));
  const link = header.linkname ?? '';
  const linkFits = link.length <= MAX_NAME_BYTES && PRINTABLE_ASCII.test(link);
  if (!linkFits) records.set('linkpath', Buffer.from(link, 'latin1'));
  const plainTime = Number.isInteger(header.mtime) && header.mtime >= 0 && header.mtime <= MAX_11_DIGITS;
  if (!plainTime) records.set('mtime', Buffer.from(timeText(header.mtime), 'latin1'));
  const number = (key: string, value: number, max: number): number => {
    if (value <= max) return value;
    records.set(key, Buffer.from(String(value), 'latin1'));
    return 0;
  };
  const uid = number('uid', header.uid, MAX_7_DIGITS);
  const gid = number('gid', header.gid, MAX_7_DIGITS);
  const size = number('size', header.size, MAX_11_DIGITS);
  for (const [name, value] of header.xattrs ?? []) records.set(SCHILY_XATTR + name, value);
  const main = block({
    name: split?.name ?? approximate(header.path, header.type === 'directory'),
    prefix: split?.prefix ?? '',
    typeflag: TYPEFLAGS[header.type],
    mode: header.mode,
    uid,
    gid,
    size,
    mtime: plainTime ? header.mtime : Math.min(Math.max(Math.floor(header.mtime), 0), MAX_11_DIGITS),
    linkname: linkFits ? link : approximate(link, true),
    device: header.device ?? [0, 0],
  });
  return records.size === 0 ? main : Buffer.concat([paxHeader(records, header.path), main]);
}

function paxHeader(records: ReadonlyMap<string, Uint8Array>, path: ByteString): Buffer {
  const keys = [...records.keys()].sort(compareBytes);
  const body = Buffer.concat(keys.map((key) => encodePaxRecord(key, records.get(key) as Uint8Array)));
  if (body.length > MAX_EXTENDED_HEADER_BYTES) {
    throw unwritable(
      path,
      `its extended header would have ${body.length} bytes, more than ${MAX_EXTENDED_HEADER_BYTES}`,
    );
  }
  const head = block({
    name: PAX_HEADER_NAME,
    prefix: '',
    typeflag: 'x',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: body.length,
    mtime: 0,
    linkname: '',
    device: [0, 0],
  });
  return Buffer.concat([head, body, Buffer.alloc(paddingOf(body.length))]);
}

interface BlockFields {
  readonly name: string;
  readonly prefix: string;
  readonly typeflag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly linkname: string;
  readonly device: readonly [major: number, minor: number];
}

/** One ustar header block. Every value must fit. */
function block(fields: BlockFields): Buffer {
  const out = Buffer.alloc(BLOCK_SIZE);
  const octal = ([offset, length]: readonly [number, number], value: number): void => {
    out.write(value.toString(8).padStart(length - 1, '0'), offset, 'latin1');
  };
  out.write(fields.name, FIELDS.name[0], 'latin1');
  octal(FIELDS.mode, fields.mode);
  octal(FIELDS.uid, fields.uid);
  octal(FIELDS.gid, fields.gid);
  octal(FIELDS.size, fields.size);
  octal(FIELDS.mtime, fields.mtime);
  out.write(fields.typeflag, FIELDS.typeflag[0], 'latin1');
  out.write(fields.linkname, FIELDS.linkname[0], 'latin1');
  out.write('ustar\x0000', FIELDS.magic[0], 'latin1');
  octal(FIELDS.devMajor, fields.device[0]);
  octal(FIELDS.devMinor, fields.device[1]);
  out.write(fields.prefix, FIELDS.prefix[0], 'latin1');
  // The sum counts its own field as spaces. It is written as six digits, a NUL and a space.
  out.fill(' ', FIELDS.checksum[0], FIELDS.checksum[0] + FIELDS.checksum[1]);
  out.write(`${sumOf(out, 0).toString(8).padStart(6, '0')}\0`, FIELDS.checksum[0], 'latin1');
  return out;
}

/** Prefix and name that join to exactly this path; undefined when ustar cannot hold it. */
function splitPath(path: ByteString): { readonly prefix: string; readonly name: string } | undefined {
  if (!PRINTABLE_ASCII.test(path)) return undefined;
  if (path.length <= MAX_NAME_BYTES) return { prefix: '', name: path };
  // A trailing slash belongs to the name: an empty name would be no name.
  const slash = path.lastIndexOf('/', Math.min(MAX_PREFIX_BYTES, path.length - 2));
  const nameLength = path.length - slash - 1;
  if (slash <= 0 || nameLength > MAX_NAME_BYTES) return undefined;
  return { prefix: path.slice(0, slash), name: path.slice(slash + 1) };
}

/** Something like the name, for readers that do not know PAX: no file may look like a folder to them. */
function approximate(name: ByteString, keepSlash: boolean): string {
  const text = name.replace(/[^\x20-\x7e]/g, '_').slice(0, MAX_NAME_BYTES);
  return keepSlash ? text : text.replace(/\/+$/, '');
}

/** Decimal seconds, rounded to nanoseconds, without an exponent. */
function timeText(mtime: number): string {
  const fixed = mtime.toFixed(9);
  const shortest = String(Number(fixed));
  return shortest.includes('e') ? fixed.replace(/\.?0+$/, '') : shortest;
}

function unwritable(path: ByteString, why: string): TareError {
  return new TareError('E_TAR', `cannot write the tar member ${quotePath(path.slice(0, MAX_PATH_BYTES))}: ${why}`);
}

const isCount = (value: number, max: number): boolean => Number.isSafeInteger(value) && value >= 0 && value <= max;

function checkHeader(header: TarHeader): void {
  const { path, type, linkname = '', device } = header;
  const isLink = type === 'symlink' || type === 'hardlink';
  const fail = (why: string): never => {
    throw unwritable(path, why);
  };
  for (const [what, name] of [['path', path] as const, ['link target', linkname] as const]) {
    if (name.length > MAX_PATH_BYTES) fail(`the ${what} has more than ${MAX_PATH_BYTES} bytes`);
    if (!BYTES_WITHOUT_NUL.test(name)) fail(`the ${what} holds a NUL, or a character that is not a byte`);
  }
  if (path === '') fail('the path is empty');
  if (type === 'file' && path.endsWith('/')) fail('the path of a file ends with a slash');
  if (isLink !== (linkname !== '')) fail(isLink ? 'the link has no target' : `a ${type} cannot have a link target`);
  if (!isCount(header.mode, MAX_MODE)) fail(`the mode ${header.mode} is not within 0–${MAX_MODE}`);
  if (!isCount(header.uid, MAX_ID) || !isCount(header.gid, MAX_ID)) fail(`${header.uid}:${header.gid} is not an owner`);
  if (!isCount(header.size, type === 'file' ? Number.MAX_SAFE_INTEGER : 0)) fail(`a ${type} of ${header.size} bytes`);
  if (!(Math.abs(header.mtime) <= Number.MAX_SAFE_INTEGER)) fail(`${header.mtime} is not a time`);
  const isDevice = type === 'char' || type === 'block';
  if (isDevice !== (device !== undefined))
    fail(isDevice ? 'the device has no numbers' : `a ${type} has no device numbers`);
  if (device?.some((value) => !isCount(value, MAX_7_DIGITS))) fail(`the device numbers ${device.join(':')} do not fit`);
  for (const name of header.xattrs?.keys() ?? []) {
    if (name === '' || name.includes('=') || !BYTES_WITHOUT_NUL.test(name)) {
      fail(`the attribute name ${quotePath(name)} cannot be written`);
    }
  }
}
