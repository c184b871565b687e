import type { ByteString } from '../../base/path.ts';
import { codeFileNames } from './code-names.ts';

const REFERRED = 0x80;
const MAX_SHORT_BYTES = 255;
const SLASH = 0x2f;
/** Texts in marshalled code that are interned (Python/marshal.c). */
const INTERNED = new Set(Buffer.from('ZAt'));

/**
 * The marshalled code of a module with another name of its source, which is what tracebacks show: those that are absolute paths and end with `suffix` become `to`.
 * Marshalled objects have lengths of their own and no offsets, so a text may grow or shrink. What is not marshalled code of a known Python stays as it is.
 *
 * @param at where the code begins, behind the header
 */
export function renamedCode(
  bytes: Uint8Array,
  names: { readonly at: number; readonly magic: number; readonly suffix: ByteString; readonly to: ByteString },
): Uint8Array {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: Uint8Array[] = [];
  let done = 0;
  for (const { start, text, end } of codeFileNames(source, names.at, names.magic) ?? []) {
    const name = source.toString('latin1', text, end);
    if (source[text] !== SLASH || !name.endsWith(names.suffix) || name === names.to) continue;
    pieces.push(source.subarray(done, start), textOf(source[start] as number, names.to));
    done = end;
  }
  return pieces.length === 0 ? bytes : Buffer.concat([...pieces, source.subarray(done)]);
}

function textOf(type: number, to: ByteString): Uint8Array {
  const text = Buffer.from(to, 'latin1');
  // oxlint-disable-next-line no-control-regex -- ASCII begins with them
  const isAscii = /^[\x00-\x7f]*$/.test(to);
  const isInterned = INTERNED.has(type & ~REFERRED);
  if (isAscii && text.length <= MAX_SHORT_BYTES)
    return Buffer.concat([Buffer.from([(isInterned ? 0x5a : 0x7a) | (type & REFERRED), text.length]), text]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  // u and t hold UTF-8, a and A are ASCII.
  const long = isAscii ? (isInterned ? 0x41 : 0x61) : isInterned ? 0x74 : 0x75;
  return Buffer.concat([Buffer.from([long | (type & REFERRED)]), length, text]);
}
