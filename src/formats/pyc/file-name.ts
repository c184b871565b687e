import type { ByteString } from '../../base/path.ts';

/** Types of texts in marshalled code (Python/marshal.c): with a length of one byte, with one of four. The high bit says that others refer to it. */
const SHORT = new Set(Buffer.from('zZ'));
const LONG = new Set(Buffer.from('aAut'));
const REFERRED = 0x80;
const MAX_SHORT_BYTES = 255;
/** Of one module: each code object may have a copy of the name. */
const MAX_PLACES = 100_000;
/** PATH_MAX. */
const MAX_NAME_BYTES = 4096;
const SLASH = 0x2f;
const FIRST_PRINTED = 0x20;

/**
 * A compiled module with another name of its source, which is what tracebacks show: whole texts that are absolute paths and end with `suffix` become `to`.
 * Marshalled objects have lengths of their own and no offsets, so a text may grow or shrink.
 */
export function renamedPyc(bytes: Uint8Array, suffix: ByteString, to: ByteString): Uint8Array {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tail = Buffer.from(suffix, 'latin1');
  if (tail.length === 0) return bytes;
  const pieces: Uint8Array[] = [];
  let done = 0;
  let at = source.indexOf(tail);
  for (let count = 0; at !== -1 && count < MAX_PLACES; count += 1) {
    const end = at + tail.length;
    const head = headBefore(source, at, end);
    if (head !== undefined && head.type >= done && source.toString('latin1', head.text, end) !== to) {
      pieces.push(source.subarray(done, head.type), textOf(source[head.type] as number, to));
      done = end;
    }
    at = source.indexOf(tail, end);
  }
  return pieces.length === 0 ? bytes : Buffer.concat([...pieces, source.subarray(done)]);
}

/** Where an absolute path begins that ends at `end`, and where its type stands: the length between the two is the proof. */
function headBefore(
  source: Buffer,
  at: number,
  end: number,
): { readonly type: number; readonly text: number } | undefined {
  const typeAt = (position: number): number => (source[position] ?? 0) & ~REFERRED;
  for (let text = at; text >= 2 && end - text <= MAX_NAME_BYTES; text -= 1) {
    const byte = source[text] as number;
    if (byte < FIRST_PRINTED) return undefined;
    if (byte !== SLASH) continue;
    const size = end - text;
    if (size <= MAX_SHORT_BYTES && source[text - 1] === size && SHORT.has(typeAt(text - 2)))
      return { type: text - 2, text };
    if (text >= 5 && source.readUInt32LE(text - 4) === size && LONG.has(typeAt(text - 5)))
      return { type: text - 5, text };
  }
  return undefined;
}

function textOf(type: number, to: ByteString): Uint8Array {
  const text = Buffer.from(to, 'latin1');
  const plain = type & ~REFERRED;
  // oxlint-disable-next-line no-control-regex
  const isAscii = /^[\x00-\x7f]*$/.test(to);
  const isInterned = plain === 0x5a || plain === 0x41 || plain === 0x74; // Z, A, t
  if (isAscii && text.length <= MAX_SHORT_BYTES)
    return Buffer.concat([Buffer.from([(isInterned ? 0x5a : 0x7a) | (type & REFERRED), text.length]), text]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  // u and t hold UTF-8, a and A are ASCII.
  const long = isAscii ? (isInterned ? 0x41 : 0x61) : isInterned ? 0x74 : 0x75;
  return Buffer.concat([Buffer.from([long | (type & REFERRED)]), length, text]);
}
