import type { ByteString } from '../../base/path.ts';

/** Everything in a tar stream starts on a multiple of this many bytes. */
export const BLOCK_SIZE = 512;

/** `[offset, length]` in bytes of a header field (POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format"). */
type Field = readonly [offset: number, length: number];

export const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  typeflag: [156, 1],
  linkname: [157, 100],
  magic: [257, 8],
  devMajor: [329, 8],
  devMinor: [337, 8],
  prefix: [345, 155],
  /** Of the star variant: access and change times follow it. */
  starPrefix: [345, 131],
  starTrailer: [508, 4],
  gnuAccessTime: [345, 12],
  gnuChangeTime: [357, 12],
  gnuRealSize: [483, 12],
} as const satisfies Record<string, Field>;

/** Bytes up to the first NUL, or the whole field. */
export function readText(block: Buffer, at: number, [offset, length]: Field): ByteString {
  const start = at + offset;
  const limit = start + length;
  let end = start;
  while (end < limit && block[end] !== 0) end++;
  return end === start ? '' : block.toString('latin1', start, end);
}

/**
 * A number in octal, padded with spaces or NULs on either side, or in base 256 when the first bit is set (GNU; two's complement, the
 * second bit being the sign). An empty field is 0. NaN when it is neither, or beyond ±(2^53 − 1).
 */
export function readNumber(block: Buffer, at: number, [offset, length]: Field): number {
  const start = at + offset;
  const end = start + length;
  return ((block[start] as number) & 0x80) === 0 ? readOctal(block, start, end) : readBase256(block, start, end);
}

const ZERO = 0x30;
const SPACE = 0x20;

function readOctal(block: Buffer, start: number, end: number): number {
  let i = start;
  while (i < end && (block[i] === SPACE || block[i] === 0)) i++;
  let value = 0;
  for (; i < end; i++) {
    const digit = (block[i] as number) - ZERO;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  // A NUL ends the number, whatever follows; spaces must go on to the end.
  if (i === end || block[i] === 0) return value;
  for (; i < end; i++) if (block[i] !== SPACE && block[i] !== 0) return Number.NaN;
  return value;
}

function readBase256(block: Buffer, start: number, end: number): number {
  const first = block[start] as number;
  const invert = (first & 0x40) === 0 ? 0 : 0xff;
  let value = (first ^ invert) & 0x7f;
  for (let i = start + 1; i < end; i++) {
    value = value * 256 + ((block[i] as number) ^ invert);
    if (value > Number.MAX_SAFE_INTEGER) return Number.NaN;
  }
  return invert === 0 ? value : -value - 1;
}

/** Sum of the block's bytes, unsigned, as they stand. 0 only for a block of zeros. */
export function sumOf(block: Buffer, at: number): number {
  let sum = 0;
  const end = at + BLOCK_SIZE;
  for (let i = at; i < end; i++) sum += block[i] as number;
  return sum;
}

/** Whether the checksum field holds the block's sum, as unsigned bytes or as signed ones (old Sun tars). `sum` is from `sumOf`. */
export function checksumMatches(block: Buffer, at: number, sum: number): boolean {
  const stored = readNumber(block, at, FIELDS.checksum);
  const [offset, length] = FIELDS.checksum;
  let expected = sum;
  for (let i = at + offset; i < at + offset + length; i++) expected += SPACE - (block[i] as number);
  if (stored === expected) return true;
  // As signed bytes each one from 128 on counts 256 less.
  for (let i = 0; i < BLOCK_SIZE; i++) {
    const inChecksum = i >= offset && i < offset + length;
    if (!inChecksum && (block[at + i] as number) > 127) expected -= 256;
  }
  return stored === expected;
}

/** Decimal digits only, within 2^53 − 1; otherwise NaN. */
export function parseDecimal(text: string): number {
  if (!/^[0-9]{1,20}$/.test(text)) return Number.NaN;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** Bytes of zeros that follow `size` bytes of content up to the next block, 0–511. */
export function paddingOf(size: number): number {
  return (BLOCK_SIZE - (size % BLOCK_SIZE)) % BLOCK_SIZE;
}
