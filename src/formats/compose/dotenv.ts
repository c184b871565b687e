import { TareError } from '../../base/error.ts';
import { interpolateLeniently } from './interpolate.ts';

/** Of one file. */
const MAX_VARIABLES = 10_000;

export interface DotenvOptions {
  /** How messages name the file. */
  readonly file?: string;
  readonly onUnset?: (name: string) => void;
}

/** What surrounds a file: variables that it may use. A function, or the variables themselves. */
export type Lookup = ((name: string) => string | undefined) | Readonly<Record<string, string | undefined>>;

/**
 * Variables of a `.env` as docker compose reads it: `NAME=value` or `NAME: value`, `export` before it, comments, values in single quotes as they are,
 * in double quotes with escapes, both over several lines. What `lookup` knows and what stands before are filled in (but in single quotes),
 * `lookup` first. A name alone takes its value from there.
 * @throws TareError E_COMPOSE with the line, never a value
 */
export function parseDotenv(
  text: string,
  lookup: Lookup = {},
  options: DotenvOptions = {},
): Readonly<Record<string, string>> {
  const outer =
    typeof lookup === 'function' ? lookup : (name: string) => (Object.hasOwn(lookup, name) ? lookup[name] : undefined);
  const found = new Map<string, string>();
  const lookUp = (name: string): string | undefined => outer(name) ?? found.get(name);
  const scan: Scan = {
    text: text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n'),
    at: 0,
    file: options.file ?? '.env',
  };
  if (scan.text.includes('\0')) throw failure(scan, scan.text.indexOf('\0'), 'it contains a NUL byte');
  for (let name = nextName(scan); name !== undefined; name = nextName(scan)) {
    const start = scan.at;
    const value = name.alone ? outer(name.text) : valueOf(scan);
    if (value === undefined) continue;
    const filled =
      typeof value === 'string'
        ? value
        : interpolateLeniently(value.open, lookUp, { ...options, place: place(scan, start) });
    found.set(name.text, filled);
    if (found.size > MAX_VARIABLES)
      throw new TareError('E_LIMIT', `${scan.file}: more than ${MAX_VARIABLES} variables`);
  }
  return Object.fromEntries(found);
}

/** `format: raw`: `NAME=value` a line, and nothing means anything. */
export function parseRawEnv(text: string, options: DotenvOptions = {}): Readonly<Record<string, string>> {
  const scan: Scan = { text, at: 0, file: options.file ?? '.env' };
  const found = new Map<string, string>();
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const cut = line.indexOf('=');
    if (line.trim() !== '' && !line.trimStart().startsWith('#')) {
      const name = cut === -1 ? line : line.slice(0, cut);
      if (cut < 1 || /[\s\0]/.test(name) || line.includes('\0')) throw failure(scan, scan.at, 'it is not NAME=value');
      found.set(name, line.slice(cut + 1));
    }
    scan.at += line.length + 1;
  }
  return Object.fromEntries(found);
}

interface Scan {
  readonly text: string;
  readonly file: string;
  at: number;
}

/** Blanks and comments are passed over. */
function nextName(scan: Scan): { readonly text: string; readonly alone: boolean } | undefined {
  while (scan.at < scan.text.length) {
    const gap = /\s+|#[^\n]*/y;
    gap.lastIndex = scan.at;
    if (!gap.test(scan.text)) break;
    scan.at = gap.lastIndex;
  }
  if (scan.at >= scan.text.length) return undefined;
  const statement = /(?:export[^\S\n]+)?([\p{L}\p{N}_.]+)[^\S\n]*(?:([=:])[^\S\n]*|(?=[\n#])|$)/uy;
  statement.lastIndex = scan.at;
  const match = statement.exec(scan.text);
  if (match === null) throw failure(scan, scan.at, 'it is not NAME=value: a name is letters, digits, _ and .');
  scan.at = statement.lastIndex;
  return { text: match[1] ?? '', alone: match[2] === undefined };
}

/** A text as it is, or one in which variables are still open. */
function valueOf(scan: Scan): string | { readonly open: string } {
  const quote = scan.text[scan.at];
  if (quote !== '"' && quote !== "'") return unquoted(scan);
  const start = scan.at;
  for (let at = start + 1; at < scan.text.length; at++) {
    if (scan.text[at] === '\\' && (quote === '"' || scan.text[at + 1] === quote)) at += 1;
    else if (scan.text[at] === quote) {
      const inner = scan.text.slice(start + 1, at);
      scan.at = at + 1;
      const rest = /[^\S\n]*(?:#[^\n]*)?(?:\n|$)/y;
      rest.lastIndex = scan.at;
      if (!rest.test(scan.text)) throw failure(scan, at, `text after a closing ${quote}`);
      return quote === "'" ? inner.replaceAll("\\'", "'") : { open: unescaped(inner) };
    }
  }
  throw failure(scan, start, `a ${quote} is not closed`);
}

function unquoted(scan: Scan): { readonly open: string } {
  const end = scan.text.indexOf('\n', scan.at);
  const line = scan.text.slice(scan.at, end === -1 ? undefined : end);
  scan.at += line.length;
  return { open: line.replace(/(^|\s)#.*$/, '').trimEnd() };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** `\$` keeps its dollar sign from the variables. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([\s\S])/g, (_whole, char: string) => (char === '$' ? '$$' : (ESCAPES[char] ?? char)));
}

const place = (scan: Scan, at: number): string => `${scan.file}:${scan.text.slice(0, at).split('\n').length}`;

const failure = (scan: Scan, at: number, problem: string): TareError =>
  new TareError('E_COMPOSE', `${place(scan, at)}: ${problem}`, { hint: 'write one NAME=value a line' });
