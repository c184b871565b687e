import { TareError } from './error.ts';

declare const treePathBrand: unique symbol;

/**
 * An absolute path inside a Tree, kept as the bytes that it is: a string whose every char code is one byte (0–255).
 * So `<` compares in byte order, a Map keys on it, and a name that is not UTF-8 survives. Starts with '/', no trailing slash, no
 * '.', '..' or empty component; the root is '/'.
 */
export type TreePath = string & { readonly [treePathBrand]: true };

/** Raw bytes as a string of char codes 0–255 ("latin1"), as names stand in archives, before they are cleaned. */
export type ByteString = string;

export const ROOT = '/' as TreePath;

/** Longest path that is believed, in bytes (Linux PATH_MAX). */
export const MAX_PATH_BYTES = 4096 * 4;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-16 text (a flag, a JSON value) → bytes. Lone surrogates U+DC80–U+DCFF stand for the raw bytes 80–FF (PEP 383). */
export function bytesOfText(text: string): ByteString {
  // oxlint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  let out = '';
  for (const char of text) {
    const code = char.codePointAt(0) as number;
    out +=
      code >= 0xdc80 && code <= 0xdcff
        ? String.fromCharCode(code - 0xdc00)
        : Buffer.from(char, 'utf8').toString('latin1');
  }
  return out;
}

/** Bytes → text for people and JSON: UTF-8 where it is valid, each other byte as the lone surrogate U+DC00 + byte (PEP 383). Lossless. */
export function textOfBytes(bytes: ByteString): string {
  // oxlint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(bytes)) return bytes;
  const raw = Buffer.from(bytes, 'latin1');
  try {
    return UTF8.decode(raw);
  } catch {
    return escapedText(raw);
  }
}

function escapedText(raw: Buffer): string {
  let out = '';
  let at = 0;
  while (at < raw.length) {
    const length = sequenceLength(raw[at] as number);
    const piece = raw.subarray(at, at + length);
    const text = length > 0 && piece.length === length ? decodeOrUndefined(piece) : undefined;
    if (text === undefined) {
      out += String.fromCharCode(0xdc00 + (raw[at] as number));
      at += 1;
    } else {
      out += text;
      at += length;
    }
  }
  return out;
}

function sequenceLength(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

function decodeOrUndefined(piece: Buffer): string | undefined {
  try {
    return UTF8.decode(piece);
  } catch {
    return undefined;
  }
}

/** A component that is empty, `.` or `..`. */
const UNCLEAN = /(?:^|\/)\.{0,2}(?:\/|$)/;

/**
 * Cleans bytes (an archive name, a link target, a flag already passed through `bytesOfText`) into a TreePath, lexically.
 * A leading '/' is optional; '.' and empty components vanish; '..' takes its parent away.
 * @throws TareError E_TAR_PATH when '..' climbs above the root; E_PATH on NUL bytes or too long a path.
 */
export function cleanPath(bytes: ByteString): TreePath {
  if (bytes.includes('\0')) throw new TareError('E_PATH', `the path ${quotePath(bytes)} holds a NUL byte`);
  if (bytes.length > MAX_PATH_BYTES)
    throw new TareError('E_PATH', `a path of ${bytes.length} bytes is longer than ${MAX_PATH_BYTES}`);
  // Most have nothing to clean but their ends, and archives have hundreds of thousands.
  const start = bytes.startsWith('./') ? 2 : bytes.startsWith('/') ? 1 : 0;
  const plain = bytes.slice(start, bytes.endsWith('/') ? -1 : undefined);
  if (plain !== '' && !UNCLEAN.test(plain)) return `/${plain}` as TreePath;
  const parts: string[] = [];
  for (const part of bytes.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined)
      throw new TareError('E_TAR_PATH', `the path ${quotePath(bytes)} leaves the root`);
  }
  return `/${parts.join('/')}` as TreePath;
}

/** Text from a user → TreePath; `views/x` and `/views/x` are the same path. Throws as cleanPath does. */
export function pathOfText(text: string): TreePath {
  return cleanPath(bytesOfText(text));
}

/** One more component. `name` must be a plain name, no slash. */
export function joinPath(dir: TreePath, name: ByteString): TreePath {
  return (dir === '/' ? `/${name}` : `${dir}/${name}`) as TreePath;
}

export function parentOf(path: TreePath): TreePath {
  const cut = lastSlash(path);
  return (cut <= 0 ? '/' : path.slice(0, cut)) as TreePath;
}

/** As `parentOf`, for many paths in order: while they are in one folder it is the same text, of which nothing has to be made or hashed again. */
export function lastFolder(): (path: TreePath) => TreePath {
  let last = ROOT;
  return (path) => {
    const cut = lastSlash(path);
    if (cut <= 0) return ROOT;
    if (cut !== last.length || !path.startsWith(last)) last = path.slice(0, cut) as TreePath;
    return last;
  };
}

export function nameOf(path: TreePath): ByteString {
  return path.slice(lastSlash(path) + 1);
}

/** V8 has no compiled form of `lastIndexOf`: the loop takes a fraction of its time, and this is asked for hundreds of thousands of paths. */
function lastSlash(path: string): number {
  let at = path.length - 1;
  while (at >= 0 && path.charCodeAt(at) !== SLASH) at -= 1;
  return at;
}

const SLASH = 0x2f;

/** All folders above a path, the root first, the path itself excluded. */
export function ancestorsOf(path: TreePath): TreePath[] {
  const out: TreePath[] = [];
  if (path === '/') return out;
  out.push(ROOT);
  for (let at = path.indexOf('/', 1); at !== -1; at = path.indexOf('/', at + 1))
    out.push(path.slice(0, at) as TreePath);
  return out;
}

export function isInside(dir: TreePath, path: TreePath): boolean {
  return dir === '/' || path === dir || path.startsWith(`${dir}/`);
}

/** Byte order, for `sort`. Works on any two byte strings. */
export function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The host's name for a tree path below `root` (host text): a Buffer when the bytes are not ASCII, so that nothing is re-encoded. */
export function hostPath(root: string, path: TreePath): string | Buffer {
  const base = root === '/' ? '' : root;
  const tail = path === '/' && base !== '' ? '' : path;
  // oxlint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(tail)) return base + tail;
  return Buffer.concat([Buffer.from(base, 'utf8'), Buffer.from(tail, 'latin1')]);
}

/** For messages: text in double quotes with control characters and raw bytes escaped, so that no name can forge a line. */
export function quotePath(bytes: ByteString): string {
  return JSON.stringify(textOfBytes(bytes));
}

/** For tables: the text as it is, control characters and raw bytes escaped as `\xNN`. */
export function showPath(bytes: ByteString): string {
  return textOfBytes(bytes).replace(
    // oxlint-disable-next-line no-control-regex
    /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\udc80-\udcff]/g,
    (char) => {
      const code = char.charCodeAt(0);
      if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
      return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
    },
  );
}
