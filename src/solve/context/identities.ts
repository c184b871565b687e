import type { FileIdentity } from '../../pack/file-digests.ts';

/** Of one file: device, inode, size (bytes), time of content and of inode (ns), each a 64-bit number. */
export const IDENTITY_NUMBERS = 5;
const [DEV, INO, SIZE, MTIME, CTIME] = [0, 1, 2, 3, 4];
const WORDS = IDENTITY_NUMBERS * 2;

/**
 * A file that was written to less than this before it was opened may be written to once more within the granularity of its time stamps, and look the same
 * (the reasoning of git, Documentation/technical/racy-git.txt; two seconds are the coarsest granularity in use, that of FAT).
 */
const RACY_NS = 2_000_000_000n; // 2 s

/** What tells that files are still those that were read; one row each. Sent between threads and written to disk as it is. */
export interface Identities {
  readonly rows: BigInt64Array;
  /** The same bytes: comparing these makes no garbage. */
  readonly words: Int32Array;
}

export function identities(files: number): Identities {
  return identitiesOf(new BigInt64Array(files * IDENTITY_NUMBERS));
}

export function identitiesOf(rows: BigInt64Array): Identities {
  return { rows, words: new Int32Array(rows.buffer, rows.byteOffset, rows.length * 2) };
}

/** The same, with room for more. */
export function enlarged({ rows }: Identities, files: number): Identities {
  const larger = identities(files);
  larger.rows.set(rows);
  return larger;
}

export function setIdentity(
  { rows }: Identities,
  at: number,
  { ctimeNs, dev, ino, mtimeNs, size }: FileIdentity,
): void {
  const start = at * IDENTITY_NUMBERS;
  rows[start + DEV] = dev;
  rows[start + INO] = ino;
  rows[start + SIZE] = size;
  rows[start + MTIME] = mtimeNs;
  rows[start + CTIME] = ctimeNs;
}

export function copyIdentity(from: Identities, fromAt: number, to: Identities, at: number): void {
  const start = fromAt * IDENTITY_NUMBERS;
  to.rows.set(from.rows.subarray(start, start + IDENTITY_NUMBERS), at * IDENTITY_NUMBERS);
}

export function sameIdentity(a: Identities, at: number, b: Identities, bAt: number): boolean {
  const [start, bStart] = [at * WORDS, bAt * WORDS];
  for (let word = 0; word < WORDS; word++) if (a.words[start + word] !== b.words[bStart + word]) return false;
  return true;
}

/** Bytes. */
export function sizeIn({ rows }: Identities, at: number): number {
  return Number(rows[at * IDENTITY_NUMBERS + SIZE]);
}

/** Whether a file that was opened then can be told from one that was written to later. */
export function isSettled({ rows }: Identities, at: number, openedMs: number): boolean {
  const [mtime, ctime] = [rows[at * IDENTITY_NUMBERS + MTIME] as bigint, rows[at * IDENTITY_NUMBERS + CTIME] as bigint];
  return BigInt(openedMs) * 1_000_000n - (mtime > ctime ? mtime : ctime) >= RACY_NS;
}
