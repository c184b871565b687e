import type { LayerIndex } from '../store/types.ts';
import type { Tree } from './types.ts';

/** How much a file system holds. */
export interface Measure {
  /** Bytes of file content: what `disk` means everywhere. A hard link costs nothing. */
  readonly disk: number;
  /** Paths but folders: files, links of both kinds, devices, pipes. */
  readonly files: number;
}

export function measureTree(tree: Tree): Measure {
  let disk = 0;
  let files = 0;
  for (const { size, type } of tree.walk()) {
    if (type === 'file') disk += size;
    if (type !== 'directory') files += 1;
  }
  return { disk, files };
}

/** The same of one layer, also of what a later one replaces; without whiteouts. */
export function measureLayer({ members }: Pick<LayerIndex, 'members'>): Measure {
  let disk = 0;
  let files = 0;
  for (const { path, size, type } of members) {
    if (type === 'file') disk += size;
    if (type !== 'directory' && !WHITEOUT.test(path)) files += 1;
  }
  return { disk, files };
}

/** OCI image-spec layer.md, "Whiteouts". */
const WHITEOUT = /(?:^|\/)\.wh\.[^/]+\/?$/;
