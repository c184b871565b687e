import type { Cursor } from './cursor.ts';
import type { TomlTable, TomlValue } from './types.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  e: '\u001b',
  '"': '"',
  '\\': '\\',
};

/** Bare, quoted and dotted keys. */
export function readKey(cursor: Cursor): string[] {
  const parts: string[] = [];
  do {
    cursor.skip('blanks');
    const part = cursor.match(/[\w-]+/y) ?? oneLine(cursor);
    if (part === undefined) throw cursor.error('expected a key');
    parts.push(part);
    cursor.skip('blanks');
  } while (cursor.take('.'));
  return parts;
}

type Assign = (cursor: Cursor, table: TomlTable) => void;

/** `assign` reads a `key = value` into a table: what inline tables are made of. */
export function readValue(cursor: Cursor, assign: Assign): TomlValue {
  const text = multiLine(cursor) ?? oneLine(cursor);
  if (text !== undefined) return text;
  if (cursor.take('[')) return cursor.nested(() => readArray(cursor, assign));
  if (cursor.take('{')) return cursor.nested(() => readInline(cursor, assign));
  const word = cursor.match(/[\w+:.-]+(?: \d\d:\d\d[\d:.Z+-]*)?/y);
  if (word === undefined) throw cursor.error('expected a value');
  return word === 'true' || word === 'false' ? word === 'true' : word;
}

function readArray(cursor: Cursor, assign: Assign): TomlValue[] {
  const out: TomlValue[] = [];
  for (;;) {
    cursor.skip('lines');
    if (cursor.take(']')) return out;
    out.push(readValue(cursor, assign));
    cursor.skip('lines');
    if (cursor.take(',')) continue;
    if (cursor.take(']')) return out;
    throw cursor.error('expected "," or "]"');
  }
}

/** TOML 1.0 keeps them on one line; 1.1 and many writers do not. */
function readInline(cursor: Cursor, assign: Assign): TomlTable {
  const out = Object.create(null) as TomlTable;
  for (;;) {
    cursor.skip('lines');
    if (cursor.take('}')) return out;
    assign(cursor, out);
    cursor.skip('lines');
    if (cursor.take(',')) continue;
    if (cursor.take('}')) return out;
    throw cursor.error('expected "," or "}"');
  }
}

function oneLine(cursor: Cursor): string | undefined {
  const basic = cursor.match(/"[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*"/y);
  if (basic !== undefined) return unescaped(cursor, basic.slice(1, -1));
  return cursor.match(/'[^'\r\n]*'/y)?.slice(1, -1);
}

function multiLine(cursor: Cursor): string | undefined {
  const basic = cursor.match(/"""[^"\\]*(?:(?:\\[\s\S]|"{1,2}(?!"))[^"\\]*)*"{3,5}/y);
  if (basic !== undefined)
    return unescaped(
      cursor,
      basic
        .slice(3, -3)
        .replace(/^\r?\n/, '')
        .replace(/\\[ \t]*\r?\n\s*/g, ''),
    );
  return cursor
    .match(/'''[^']*(?:'{1,2}(?!')[^']*)*'{3,5}/y)
    ?.slice(3, -3)
    .replace(/^\r?\n/, '');
}

function unescaped(cursor: Cursor, text: string): string {
  return text.replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.))/gs,
    (_all, short, long, byte, one) => {
      const hex = (short ?? long ?? byte) as string | undefined;
      if (hex === undefined) {
        const known = ESCAPES[one as string];
        if (known === undefined) throw cursor.error(`no such escape: \\${String(one)}`);
        return known;
      }
      const code = Number.parseInt(hex, 16);
      if (code > 0x10ffff) throw cursor.error(`no such character: ${hex}`);
      return String.fromCodePoint(code);
    },
  );
}
