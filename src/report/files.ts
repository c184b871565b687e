import { bytesOfText, showPath } from '../base/path.ts';
import type { Duplicate } from '../explain/duplicates.ts';
import type { FileRow } from '../explain/files.ts';
import { formatSize } from './format.ts';
import type { Style } from './style.ts';
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

/** The folders as a tree, with the bytes of all that is below them; a name that is no folder with its own. */
export function fileTreeText(rows: readonly FileRow[]): () => string {
  return () => {
    if (rows.length === 0) return 'no path matches';
    const root = treeOf(rows);
    const lines: (readonly [size: string, text: string])[] = [[formatSize(root.bytes), '/']];
    const todo = childrenOf(root, '').reverse();
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const { branch, indent, isLast, name } = next;
      const row = branch.row;
      const mark = branch.children.size > 0 || row?.type === 'directory' ? '/' : row === undefined ? '' : linkText(row);
      lines.push([formatSize(branch.bytes), `${indent}${isLast ? '└ ' : '├ '}${showPath(bytesOfText(name))}${mark}`]);
      todo.push(...childrenOf(branch, `${indent}${isLast ? '  ' : '│ '}`).reverse());
    }
    const width = Math.max(...lines.map(([size]) => size.length).slice(0, MAX_MEASURED));
    return lines.map(([size, text]) => `${size.padStart(width)}  ${text}`).join('\n');
  };
}

/** More than these are not asked for the width of the column: sizes have no more than eight characters. */
const MAX_MEASURED = 10_000;

interface Branch {
  readonly children: Map<string, Branch>;
  row: FileRow | undefined;
  bytes: number;
}

interface Twig {
  readonly name: string;
  readonly branch: Branch;
  readonly indent: string;
  readonly isLast: boolean;
}

const newBranch = (): Branch => ({ children: new Map(), row: undefined, bytes: 0 });

/** In the order of the rows: by path, or by size where they are sorted so. */
function treeOf(rows: readonly FileRow[]): Branch {
  const root = newBranch();
  for (const row of rows) {
    const bytes = row.type === 'file' ? row.size : 0;
    let at = root;
    at.bytes += bytes;
    for (const name of row.path.slice(1).split('/')) {
      let next = at.children.get(name);
      if (next === undefined) at.children.set(name, (next = newBranch()));
      at = next;
      at.bytes += bytes;
    }
    at.row = row;
  }
  return root;
}

function childrenOf(branch: Branch, indent: string): Twig[] {
  const last = branch.children.size - 1;
  return [...branch.children].map(([name, child], at) => ({ name, branch: child, indent, isLast: at === last }));
}

/** Each content that is there more than once, with its paths below. */
export function duplicatesText(found: readonly Duplicate[]): (style: Style) => string {
  return (style) => {
    if (found.length === 0) return 'no content is there twice';
    const all = found.reduce((sum, { bytes }) => sum + bytes, 0);
    const blocks = found.map(({ bytes, count, paths, size }) =>
      [
        `${style.bold(formatSize(bytes))}  ${style.dim(`${count} copies of ${formatSize(size)}`)}`,
        ...paths.map((path) => `  ${showPath(bytesOfText(path))}`),
      ].join('\n'),
    );
    return [...blocks, `${formatSize(all)} would be saved if each were there once`].join('\n');
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
