import type { ExploredImage } from '../explain/explore/types.ts';

/** A file system that can be asked: rows are those of its table, row 0 is the root. */
export interface Model {
  readonly image: ExploredImage;
  readonly count: number;
  readonly parent: Int32Array;
  /** The row after the last one below it. */
  readonly end: Int32Array;
  /** With all below. */
  readonly bytes: Float64Array;
  /** Paths but folders, with all below. */
  readonly files: Int32Array;
  isFolder(row: number): boolean;
  /** Rows, in byte order of names. */
  children(row: number): number[];
  path(row: number): string;
  /** -1 when it is not there; a path that is folded is not. */
  rowOf(path: string): number;
  /** Where a link leads to, as it is written. */
  link(row: number): string | undefined;
}

export function createModel(image: ExploredImage): Model {
  const { depth, folded, kind, links, name, size } = image.nodes;
  const count = name.length;
  const parent = new Int32Array(count).fill(-1);
  const end = new Int32Array(count);
  const bytes = Float64Array.from(size);
  const files = Int32Array.from(kind, (value) => (value === 1 ? 0 : 1));
  for (const [row, inside] of folded?.rows ?? []) files[row] = inside;
  const open: number[] = [];
  for (let row = 0; row < count; row++) {
    const level = depth[row] as number;
    while (open.length > level) end[open.pop() as number] = row;
    parent[row] = open[level - 1] ?? -1;
    open[level] = row;
  }
  for (const row of open) end[row] = count;
  for (let row = count - 1; row > 0; row--) {
    const above = parent[row] as number;
    bytes[above] = (bytes[above] as number) + (bytes[row] as number);
    files[above] = (files[above] as number) + (files[row] as number);
  }
  const targets = new Map(links);
  const children = (row: number): number[] => {
    const out: number[] = [];
    for (let child = row + 1; child < (end[row] as number); child = end[child] as number) out.push(child);
    return out;
  };
  return {
    image,
    count,
    parent,
    end,
    bytes,
    files,
    isFolder: (row) => kind[row] === 1,
    children,
    path(row) {
      const parts: string[] = [];
      for (let at = row; at > 0; at = parent[at] as number) parts.push(name[at] as string);
      return `/${parts.reverse().join('/')}`;
    },
    rowOf(wanted) {
      let row = 0;
      for (const part of wanted.split('/')) {
        if (part === '') continue;
        const found = children(row).find((child) => name[child] === part && kind[child] !== 5);
        if (found === undefined) return -1;
        row = found;
      }
      return row;
    },
    link: (row) => targets.get(row),
  };
}
