import type { ByteString } from '../../base/path.ts';
import { renamedCode } from './file-name.ts';

/** The head of a compiled Python module (importlib, `_bootstrap_external.py`; PEP 552). */
export interface PycHeader {
  /** Of the interpreter's byte code; 3413 is that of Python 3.8. */
  readonly magic: number;
  /** Whether it is valid for a source of a time and a size, or of a hash. */
  readonly checks: 'time' | 'hash' | 'nothing';
  /** Of the source, in seconds, modulo 2^32; of `checks: time` alone. */
  readonly mtime: number;
  /** Of the source, in bytes, modulo 2^32; of `checks: time` alone. */
  readonly size: number;
}

const HEADER_BYTES = 16;
/** Python 3.7: since then the header has flags. */
const FIRST_MAGIC = 3394;
/** Magic numbers of CPython 3 end here; PyPy and others have their own. */
const LAST_MAGIC = 19_999;
const BY_HASH = 0b01;
const CHECK_SOURCE = 0b10;

/** Undefined for what is no compiled module of Python >= 3.7. */
export function readPycHeader(bytes: Uint8Array): PycHeader | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const magic = view.getUint16(0, true);
  // Behind the number a carriage return and a line feed, so that a copy as text is noticed.
  if (magic < FIRST_MAGIC || magic > LAST_MAGIC || view.getUint16(2, true) !== 0x0a0d) return undefined;
  const flags = view.getUint32(4, true);
  if ((flags & ~(BY_HASH | CHECK_SOURCE)) !== 0 || flags === CHECK_SOURCE) return undefined;
  if (flags === 0) return { magic, checks: 'time', mtime: view.getUint32(8, true), size: view.getUint32(12, true) };
  return { magic, checks: (flags & CHECK_SOURCE) === 0 ? 'nothing' : 'hash', mtime: 0, size: 0 };
}

/**
 * The same module as one that the interpreter takes without looking at its source's time (PEP 552, "unchecked hash-based"). The hash
 * itself is not looked at either; it is 0. What is no compiled module stays as it is.
 */
export function uncheckedPyc(bytes: Uint8Array): Uint8Array {
  if (readPycHeader(bytes) === undefined) return bytes;
  const out = Uint8Array.from(bytes);
  new DataView(out.buffer).setUint32(4, BY_HASH, true);
  out.fill(0, 8, HEADER_BYTES);
  return out;
}

/** A compiled module with another name of its source: see `renamedCode`. What is no compiled module stays as it is. */
export function renamedPyc(bytes: Uint8Array, suffix: ByteString, to: ByteString): Uint8Array {
  const header = readPycHeader(bytes);
  return header === undefined ? bytes : renamedCode(bytes, { at: HEADER_BYTES, magic: header.magic, suffix, to });
}
