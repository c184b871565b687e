import type { ByteString } from '../../base/path.ts';
import { malformed } from './errors.ts';
import { checksumMatches, FIELDS, readNumber, readText } from './fields.ts';

/** One header block as it stands, before any extended header is applied. */
export interface RawHeader {
  /** Of the block in the stream, in bytes. */
  readonly offset: number;
  /** One character, `\0` included. */
  readonly typeflag: string;
  readonly name: ByteString;
  readonly linkname: ByteString;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly devMajor: number;
  readonly devMinor: number;
  /** Has the magic of the old GNU format, so that a sparse map may stand in the place of the prefix. */
  readonly gnu: boolean;
}

const POSIX_MAGIC = 'ustar\0';
const GNU_MAGIC = 'ustar  \0';
const STAR_TRAILER = 'tar\0';

/**
 * Reads one block whose byte sum is `sum`.
 * @throws TareError E_TAR when the checksum is wrong, or a number is garbage, out of range, or negative where it may not be
 */
export function readHeader(block: Buffer, at: number, offset: number, sum: number): RawHeader {
  if (!checksumMatches(block, at, sum)) throw malformed({ offset }, 'the checksum is wrong');
  const typeflag = String.fromCharCode(block[at + FIELDS.typeflag[0]] as number);
  const isLink = typeflag === '1' || typeflag === '2';
  const magic = block.toString('latin1', at + FIELDS.magic[0], at + FIELDS.magic[0] + FIELDS.magic[1]);
  const posix = magic.startsWith(POSIX_MAGIC);
  const gnu = magic === GNU_MAGIC;
  const hasDevice = posix || gnu;
  const name = readText(block, at, FIELDS.name);
  const prefix = posix ? readPrefix(block, at) : gnu ? readGnuPrefix(block, at) : '';
  const number = (field: 'mode' | 'uid' | 'gid' | 'size' | 'mtime' | 'devMajor' | 'devMinor'): number => {
    const value = readNumber(block, at, FIELDS[field]);
    if (Number.isNaN(value)) throw malformed({ offset, path: name }, `the field ${field} is not a number in range`);
    if (value < 0 && field !== 'mtime' && field !== 'mode') {
      throw malformed({ offset, path: name }, `the field ${field} is negative`);
    }
    return value;
  };
  return {
    offset,
    typeflag,
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkname: isLink ? readText(block, at, FIELDS.linkname) : '',
    mode: number('mode'),
    uid: number('uid'),
    gid: number('gid'),
    size: number('size'),
    mtime: number('mtime'),
    devMajor: hasDevice ? number('devMajor') : 0,
    devMinor: hasDevice ? number('devMinor') : 0,
    gnu,
  };
}

const ASCII = /^[\x01-\x7f]*$/;

/**
 * The old GNU format has times where ustar has its prefix. Go before 1.8 wrote a prefix there, so old layers have it; later versions of Go,
 * and with them the container tools, read one when the times are not numbers.
 */
function readGnuPrefix(block: Buffer, at: number): ByteString {
  for (const field of [FIELDS.gnuAccessTime, FIELDS.gnuChangeTime]) {
    if (block[at + field[0]] === 0 || !Number.isNaN(readNumber(block, at, field))) continue;
    const prefix = readText(block, at, FIELDS.prefix);
    return ASCII.test(prefix) ? prefix : '';
  }
  return '';
}

function readPrefix(block: Buffer, at: number): ByteString {
  if (block[at + FIELDS.prefix[0]] === 0) return '';
  const [start, length] = FIELDS.starTrailer;
  const star = block.toString('latin1', at + start, at + start + length) === STAR_TRAILER;
  return readText(block, at, star ? FIELDS.starPrefix : FIELDS.prefix);
}
