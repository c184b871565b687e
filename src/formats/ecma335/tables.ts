import { TareError } from '../../base/error.ts';
import { malformed, type Piece } from './image.ts';
import { COLUMNS, type CodedIndex, type Column } from './schema.ts';

/** Rows of one table that are read. A heap index or token could name 16 million; the largest real tables that matter have some thousands. */
const MAX_ROWS = 1 << 20;
/** II.24.2.6: a token has 24 bits for the row. */
const MAX_TABLE_ROWS = 1 << 24;
/** Rows that are read at a time. */
const CHUNK_ROWS = 1024;

export interface Tables {
  readonly rows: (table: number) => number;
  /** The values of the columns, indexes as they stand there. @throws TareError E_CLI, E_LIMIT */
  each(table: number): AsyncGenerator<readonly number[]>;
}

/** Takes the `#~` stream apart (II.24.2.6): row counts, then the rows of all tables one after the other. @throws TareError E_CLI */
export async function tablesOf(stream: Piece): Promise<Tables> {
  const header = await stream.view(0, 24, 'the header of the tables');
  const heapSizes = header.getUint8(6);
  const valid = header.getBigUint64(8, true);
  const present = Array.from({ length: 64 }, (_, table) => table).filter(
    (table) => ((valid >> BigInt(table)) & 1n) === 1n,
  );
  const counts = await stream.view(24, present.length * 4, 'the row counts of the tables');
  const rows = new Map<number, number>();
  for (const [at, table] of present.entries()) {
    const count = counts.getUint32(at * 4, true);
    if (count >= MAX_TABLE_ROWS) throw malformed(`table ${table} has ${count} rows, more than a token can name`);
    if (COLUMNS[table] === undefined)
      throw malformed(`there is a table ${table}, which no edition of the standard knows`);
    rows.set(table, count);
  }
  const countOf = (table: number): number => rows.get(table) ?? 0;
  const widths = (table: number): number[] =>
    (COLUMNS[table] as readonly Column[]).map((column) => widthOf(column, heapSizes, countOf));
  // An extra word after the counts, in files that were edited while they ran (heapSizes bit 0x40).
  let offset = 24 + present.length * 4 + ((heapSizes & 0x40) === 0 ? 0 : 4);
  const places = new Map<number, number>();
  for (const table of present) {
    places.set(table, offset);
    offset += countOf(table) * sum(widths(table));
  }
  return {
    rows: countOf,
    async *each(table) {
      const count = countOf(table);
      if (count > MAX_ROWS)
        throw new TareError('E_LIMIT', `table ${table} of an assembly has ${count} rows, more than ${MAX_ROWS}`);
      const columns = widths(table);
      const width = sum(columns);
      const start = places.get(table) ?? 0;
      for (let from = 0; from < count; from += CHUNK_ROWS) {
        const size = Math.min(CHUNK_ROWS, count - from);
        const view = await stream.view(start + from * width, size * width, `table ${table}`);
        for (let at = 0; at < size * width; at += width) yield valuesAt(view, at, columns);
      }
    },
  };
}

function valuesAt(view: DataView, at: number, columns: readonly number[]): number[] {
  let place = at;
  return columns.map((width) => {
    const value = width === 2 ? view.getUint16(place, true) : view.getUint32(place, true);
    place += width;
    return value;
  });
}

function widthOf(column: Column, heapSizes: number, rows: (table: number) => number): number {
  if (column === 2 || column === 4) return column;
  if (column === 'string') return (heapSizes & 1) === 0 ? 2 : 4;
  if (column === 'guid') return (heapSizes & 2) === 0 ? 2 : 4;
  if (column === 'blob') return (heapSizes & 4) === 0 ? 2 : 4;
  if ('table' in column) return rows(column.table) < 1 << 16 ? 2 : 4;
  const { bits, tables } = column.coded;
  return tables.every((table) => rows(table) < 1 << (16 - bits)) ? 2 : 4;
}

/** The table and row (from 1; 0 is none) that a coded index names. @throws TareError E_CLI */
export function decode(index: CodedIndex, value: number): { readonly table: number; readonly row: number } {
  const table = index.tables[value & ((1 << index.bits) - 1)] ?? -1;
  if (table === -1) throw malformed(`the coded index ${value} names no table`);
  return { table, row: value >>> index.bits };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
