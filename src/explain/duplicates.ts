import { compareBytes } from '../base/path.ts';
import type { FileRow } from './files.ts';

/** One content in several places. */
export interface Duplicate {
  readonly sha256: string;
  /** Bytes of one copy. */
  readonly size: number;
  readonly count: number;
  /** Bytes that all copies but one cost. */
  readonly bytes: number;
  /** In byte order. */
  readonly paths: readonly string[];
}

/** The contents that are there more than once, those that cost the most first. Hard links are one content with several names, and cost nothing. */
export function duplicatesIn(rows: readonly FileRow[]): readonly Duplicate[] {
  const contents = new Map<string, FileRow[]>();
  for (const row of rows) {
    if (row.type !== 'file' || row.size === 0 || row.sha256 === undefined) continue;
    const same = contents.get(row.sha256);
    if (same === undefined) contents.set(row.sha256, [row]);
    else same.push(row);
  }
  return [...contents]
    .filter(([, same]) => same.length > 1)
    .map(([sha256, same]) => {
      const size = same[0]?.size ?? 0;
      const paths = same.map(({ path }) => path).sort(compareBytes);
      return { sha256, size, count: same.length, bytes: size * (same.length - 1), paths };
    })
    .sort((a, b) => b.bytes - a.bytes || compareBytes(a.paths[0] ?? '', b.paths[0] ?? ''));
}
