import { bytesOfText, showPath } from '../base/path.ts';
import type { FileRow } from '../explain/files.ts';
import { formatTable } from './table.ts';

const TYPES = { file: '-', directory: 'd', symlink: 'l', hardlink: 'h', char: 'c', block: 'b', fifo: 'p' } as const;

/** As `ls -l` shows it, with numeric owners. */
export function filesText(rows: readonly FileRow[]): () => string {
  return () => {
    if (rows.length === 0) return 'no path matches';
    return formatTable(
      [
        { title: 'mode' },
        { title: 'owner', align: 'right' },
        { title: 'size', align: 'right' },
        { title: 'layer', align: 'right' },
        { title: 'path' },
      ],
      rows.map((row) => [
        `${TYPES[row.type]}${modeText(row.mode)}`,
        `${row.uid}:${row.gid}`,
        row.device === undefined ? String(row.size) : row.device.join(','),
        row.layer === null ? '' : String(row.layer),
        showPath(bytesOfText(row.path)) + linkText(row),
      ]),
    );
  };
}

function linkText(row: FileRow): string {
  if (row.link === undefined) return '';
  return `${row.type === 'hardlink' ? ' = ' : ' -> '}${showPath(bytesOfText(row.link))}`;
}

/** `rwxr-sr-t`. */
function modeText(mode: number): string {
  const bits = (shift: number, special: boolean, letter: string): string => {
    const part = mode >> shift;
    const run = (part & 1) === 1;
    const last = special ? (run ? letter : letter.toUpperCase()) : run ? 'x' : '-';
    return `${(part & 4) === 0 ? '-' : 'r'}${(part & 2) === 0 ? '-' : 'w'}${last}`;
  };
  return (
    bits(6, (mode & 0o4000) !== 0, 's') + bits(3, (mode & 0o2000) !== 0, 's') + bits(0, (mode & 0o1000) !== 0, 't')
  );
}
