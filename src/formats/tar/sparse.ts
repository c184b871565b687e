import { malformed, overLimit, type Place } from './errors.ts';
import { parseDecimal, readNumber } from './fields.ts';
import type { TarLimits } from './limits.ts';
import type { SparseRun } from './types.ts';

// Formats: GNU tar manual, appendix "Sparse Formats" (old GNU, PAX 0.0, 0.1 and 1.0).

const RUN_BYTES = 24;
const OFFSET_FIELD = [0, 12] as const;
const LENGTH_FIELD = [12, 12] as const;

/** Where an old GNU map lies in a block: its first run, how many runs, and the byte that says whether another block follows. */
const OLD_MAP_IN_HEADER = { start: 386, runs: 4, extended: 482 } as const;
const OLD_MAP_IN_EXTENSION = { start: 0, runs: 21, extended: 504 } as const;

function addRun(runs: SparseRun[], run: SparseRun, place: Place, limits: TarLimits): void {
  if (runs.length >= limits.maxSparseRuns) throw overLimit(place, `more than ${limits.maxSparseRuns} sparse runs`);
  runs.push(run);
}

/** Appends the runs of an old GNU map in this block. True when an extension block follows. */
export function readOldRuns(
  block: Buffer,
  at: number,
  where: 'header' | 'extension',
  runs: SparseRun[],
  place: Place,
  limits: TarLimits,
): boolean {
  const layout = where === 'header' ? OLD_MAP_IN_HEADER : OLD_MAP_IN_EXTENSION;
  for (let i = 0; i < layout.runs; i++) {
    const start = at + layout.start + i * RUN_BYTES;
    if (block[start] === 0) break;
    const offset = readNumber(block, start, OFFSET_FIELD);
    const length = readNumber(block, start, LENGTH_FIELD);
    if (Number.isNaN(offset) || Number.isNaN(length)) throw malformed(place, 'a sparse run is not a number in range');
    addRun(runs, [offset, length], place, limits);
  }
  return block[at + layout.extended] !== 0;
}

/**
 * The runs of a PAX 0.0 or 0.1 map: `OFFSET,LENGTH,OFFSET,LENGTH…` in decimal.
 * @throws TareError E_TAR when there are not `2 × count` numbers
 */
export function parseInlineMap(map: string, count: string, place: Place, limits: TarLimits): SparseRun[] {
  const expected = parseDecimal(count);
  if (Number.isNaN(expected)) throw malformed(place, 'GNU.sparse.numblocks is missing or not a number in range');
  if (expected > limits.maxSparseRuns) throw overLimit(place, `more than ${limits.maxSparseRuns} sparse runs`);
  const numbers = map === '' ? [] : map.split(',').map(parseDecimal);
  if (numbers.length !== expected * 2 || numbers.some(Number.isNaN)) {
    throw malformed(place, 'the sparse map does not hold the promised runs');
  }
  const runs: SparseRun[] = [];
  for (let i = 0; i < numbers.length; i += 2) runs.push([numbers[i] as number, numbers[i + 1] as number]);
  return runs;
}

const ZERO = 0x30;
const NEWLINE = 0x0a;

/** Reads a PAX 1.0 map, which stands before the data: the number of runs, then offset and length of each, one decimal number a line. */
export interface SparseMapReader {
  /** Takes the bytes of one block. True once the map is complete: the data starts after this block. */
  feed(block: Buffer, at: number, end: number): boolean;
  readonly runs: readonly SparseRun[];
}

export function createSparseMapReader(place: Place, limits: TarLimits): SparseMapReader {
  const runs: SparseRun[] = [];
  let expected = -1;
  let offset = -1;
  let value = 0;
  let digits = 0;
  const onNumber = (): boolean => {
    if (expected === -1) {
      expected = value;
      if (expected > limits.maxSparseRuns) throw overLimit(place, `more than ${limits.maxSparseRuns} sparse runs`);
    } else if (offset === -1) {
      offset = value;
    } else {
      addRun(runs, [offset, value], place, limits);
      offset = -1;
    }
    value = 0;
    digits = 0;
    return runs.length === expected;
  };
  return {
    runs,
    feed(block, at, end) {
      for (let i = at; i < end; i++) {
        const digit = (block[i] as number) - ZERO;
        if (digit >= 0 && digit <= 9) {
          value = value * 10 + digit;
          digits++;
          if (value > Number.MAX_SAFE_INTEGER) throw malformed(place, 'a number in the sparse map is out of range');
        } else if (block[i] === NEWLINE && digits > 0) {
          if (onNumber()) return true;
        } else {
          throw malformed(place, 'the sparse map holds something that is not a decimal number');
        }
      }
      return false;
    },
  };
}

/**
 * Checks a map and drops its empty runs (GNU tar ends a map with one when the file ends in a hole).
 * @throws TareError E_TAR unless the runs ascend, do not overlap, stay within `size` and add up to `stored` bytes
 */
export function checkedRuns(runs: readonly SparseRun[], size: number, stored: number, place: Place): SparseRun[] {
  let end = 0;
  let total = 0;
  for (const [offset, length] of runs) {
    if (offset < 0 || length < 0) throw malformed(place, 'a sparse run is negative');
    if (offset < end) throw malformed(place, 'the sparse runs overlap or do not ascend');
    end = offset + length;
    if (end > size) throw malformed(place, 'a sparse run goes beyond the end of the file');
    total += length;
  }
  if (total !== stored) throw malformed(place, `the sparse runs need ${total} bytes of data, ${stored} are stored`);
  return runs.filter(([, length]) => length > 0);
}
