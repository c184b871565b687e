import type { ByteString, TreePath } from '../../../base/path.ts';
import type { Tree } from '../../../tree/types.ts';
import { expandGlob } from '../../glob.ts';
import type { Wanted } from './types.ts';

const MAX_FILES = 50_000;
const MAX_DEPTH = 32;
/** For reading, testing and building. */
const WORKSHOP = /\/(?:doc|docs|man|pod|ri|rdoc|sig|test|tests|spec|examples?|CORE)$|\.(?:pod|rbs|ri|h|a|c|o|gem)$/;

/** Everything in the folders that the patterns name, but documentation and what is for building. */
export function wholeFolders(
  tree: Tree,
  patterns: readonly ByteString[],
  because: string,
  leftOut: RegExp = WORKSHOP,
): Wanted[] {
  const out: Wanted[] = [];
  const seen = new Set<TreePath>();
  const visit = (path: TreePath, depth: number): void => {
    if (seen.has(path) || depth > MAX_DEPTH) return;
    seen.add(path);
    for (const entry of tree.children(path)) {
      if (leftOut.test(entry.path) || out.length >= MAX_FILES) continue;
      if (entry.type === 'directory') visit(entry.path, depth + 1);
      else
        out.push({
          path: entry.path,
          because,
          certainty: 'likely',
          kind: entry.path.endsWith('.so') ? 'elf-dlopen' : 'opened',
        });
    }
  };
  for (const path of patterns.flatMap((pattern) => expandGlob(tree, pattern))) {
    const entry = tree.resolve(path)?.entry;
    if (entry?.type === 'directory') visit(entry.path, 0);
  }
  return out;
}
