import { TareError } from '../../base/error.ts';
import { createCursor, type Cursor } from './cursor.ts';
import { readKey, readValue } from './values.ts';
import type { TomlTable } from './types.ts';

export type { TomlTable, TomlValue } from './types.ts';

/** Of one document; a pyproject.toml has some kilobytes. */
const MAX_TEXT_CHARS = 1024 * 1024; // 1 Mi
/** Parts of one key, and so tables in tables. */
const MAX_KEY_PARTS = 32;

/**
 * Reads a TOML document (toml.io, version 1.0) as far as manifests of packages need it: tables, arrays of tables, dotted keys, all kinds of
 * strings, arrays, inline tables and booleans. Numbers and dates stay the text that they are. Tables have no prototype.
 * @throws TareError E_TOML naming the line, E_LIMIT
 */
export function parseToml(text: string): TomlTable {
  if (text.length > MAX_TEXT_CHARS)
    throw new TareError('E_LIMIT', `a TOML document is longer than ${MAX_TEXT_CHARS} characters`);
  const cursor = createCursor(text);
  const root = emptyTable();
  let table = root;
  for (cursor.skip('lines'); !cursor.atEnd(); cursor.skip('lines')) {
    if (cursor.take('[[')) table = header(cursor, root, ']]');
    else if (cursor.take('[')) table = header(cursor, root, ']');
    else assign(cursor, table);
    cursor.endLine();
  }
  return root;
}

function header(cursor: Cursor, root: TomlTable, close: ']' | ']]'): TomlTable {
  const key = limited(cursor, readKey(cursor));
  cursor.expect(close);
  const last = key.at(-1) as string;
  const parent = tableAt(cursor, root, key.slice(0, -1));
  if (close === ']') return tableAt(cursor, parent, [last]);
  const list = (parent[last] ??= []);
  if (!Array.isArray(list)) throw cursor.error(`${last} is no array of tables`);
  const item = emptyTable();
  list.push(item);
  return item;
}

function assign(cursor: Cursor, table: TomlTable): void {
  const key = limited(cursor, readKey(cursor));
  cursor.expect('=');
  const value = readValue(cursor, assign);
  const last = key.at(-1) as string;
  const target = tableAt(cursor, table, key.slice(0, -1));
  if (target[last] !== undefined) throw cursor.error(`${last} is given twice`);
  target[last] = value;
}

/** The table that a key leads to, made where it is not there; of an array of tables the last one. */
function tableAt(cursor: Cursor, from: TomlTable, key: readonly string[]): TomlTable {
  let at = from;
  for (const part of key) {
    const there = (at[part] ??= emptyTable());
    const next = Array.isArray(there) ? there.at(-1) : there;
    if (next === undefined || typeof next !== 'object' || Array.isArray(next))
      throw cursor.error(`${part} is no table`);
    at = next;
  }
  return at;
}

function limited(cursor: Cursor, key: string[]): string[] {
  if (key.length > MAX_KEY_PARTS) throw cursor.error(`a key of more than ${MAX_KEY_PARTS} parts`);
  return key;
}

function emptyTable(): TomlTable {
  return Object.create(null) as TomlTable;
}
