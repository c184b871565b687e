import { malformed, type Place } from './errors.ts';
import { parseDecimal } from './fields.ts';

/** Key → value, both as bytes; the last of equal keys. Repeated `GNU.sparse.offset`/`numbytes` pairs (format 0.0) are joined as `GNU.sparse.map`. */
export type PaxRecords = ReadonlyMap<string, string>;

export const NO_RECORDS: PaxRecords = new Map();

export const SPARSE_MAP = 'GNU.sparse.map';
const SPARSE_OFFSET = 'GNU.sparse.offset';
const SPARSE_NUMBYTES = 'GNU.sparse.numbytes';

/** Records whose values become names: a NUL would end them early in a C program and not here. */
const NAMES = new Set(['path', 'linkpath', 'uname', 'gname', 'GNU.sparse.name']);

const SPACE = 0x20;
const NEWLINE = 0x0a;
const EQUALS = 0x3d;
const ZERO = 0x30;

/**
 * Parses the body of an extended header: `LENGTH KEY=VALUE\n`, the length counting all of the record
 * (POSIX.1-2017 pax, "pax Extended Header").
 * @throws TareError E_TAR when a length is not decimal or does not fit, a newline, a key or its `=` is missing, or a NUL is where none may be
 */
export function parsePax(body: Buffer, place: Place): PaxRecords {
  const records = new Map<string, string>();
  const sparse: string[] = [];
  let at = 0;
  while (at < body.length) {
    const [keyStart, end] = recordBounds(body, at, place);
    const equals = body.indexOf(EQUALS, keyStart);
    if (equals === -1 || equals >= end) throw malformed(place, 'a PAX record has no "="');
    const key = body.toString('latin1', keyStart, equals);
    const value = body.toString('latin1', equals + 1, end - 1);
    if (key === '' || key.includes('\0')) throw malformed(place, 'a PAX record has an empty key, or a NUL in it');
    if (NAMES.has(key) && value.includes('\0')) throw malformed(place, `the PAX record ${key} holds a NUL byte`);
    if (key === SPARSE_OFFSET || key === SPARSE_NUMBYTES) {
      const expected = sparse.length % 2 === 0 ? SPARSE_OFFSET : SPARSE_NUMBYTES;
      if (key !== expected) throw malformed(place, `${key} where ${expected} was expected`);
      if (Number.isNaN(parseDecimal(value))) throw malformed(place, `${key} is not a number in range`);
      sparse.push(value);
    } else {
      records.set(key, value);
    }
    at = end;
  }
  if (sparse.length > 0) records.set(SPARSE_MAP, sparse.join(','));
  return records;
}

/** Where the key starts and where the record ends (exclusive, after the newline). */
function recordBounds(body: Buffer, start: number, place: Place): readonly [keyStart: number, end: number] {
  let length = 0;
  let at = start;
  for (; at < body.length && body[at] !== SPACE; at++) {
    const digit = (body[at] as number) - ZERO;
    if (digit < 0 || digit > 9) throw malformed(place, 'the length of a PAX record is not a decimal number');
    length = length * 10 + digit;
    if (length > body.length) throw malformed(place, 'a PAX record is longer than its header');
  }
  const end = start + length;
  if (at === start || at === body.length) throw malformed(place, 'a PAX record has no length');
  if (end > body.length) throw malformed(place, 'a PAX record is longer than its header');
  if (end - 1 <= at || body[end - 1] !== NEWLINE) throw malformed(place, 'a PAX record does not end with a newline');
  return [at + 1, end];
}

/** One record; `value` may hold any bytes. */
export function encodePaxRecord(key: string, value: Uint8Array): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`, 'latin1'), value, Buffer.of(NEWLINE)]);
  // The length counts its own digits: adding them may make it one digit longer.
  let length = rest.length + String(rest.length).length;
  if (String(length).length > String(rest.length).length) length += 1;
  return Buffer.concat([Buffer.from(String(length), 'latin1'), rest], length);
}
