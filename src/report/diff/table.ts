import type { DiffChange } from '../../explain/diff/types.ts';
import type { Style } from '../style.ts';

export interface DiffTableOptions {
  /** Rows at most; 0: all. */
  readonly limit: number;
  readonly style: Style;
}

export const moreRows = (all: number, shown: number, style: Style): string =>
  all <= shown ? '' : `\n${style.dim(`  … and ${all - shown} more: --limit N shows N of them, --limit 0 all`)}`;

/** Whether nothing but its time differs. */
export const isDated = ({ what }: DiffChange): boolean => what.length === 1 && what[0] === 'mtime';
