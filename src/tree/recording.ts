import { compareBytes, type TreePath } from '../base/path.ts';
import { resolveWith } from './resolve.ts';
import type { Tree } from './types.ts';

/** What a Tree was asked, in byte order. As long as all of this is the same, every answer was too. */
export interface Consulted {
  /** Asked for by name, whether there or not, with the links on the way and what they led to. */
  readonly paths: readonly TreePath[];
  /** Folders whose children were asked for. */
  readonly listed: readonly TreePath[];
}

/** A Tree that gives the same answers and remembers the questions. `walk` counts as listing all the folders that it went through. */
export function recording(tree: Tree): { readonly tree: Tree; consulted(): Consulted } {
  const paths = new Set<TreePath>();
  const listed = new Set<TreePath>();
  const note = (path: TreePath): void => void paths.add(path);
  return {
    tree: {
      get: (path) => {
        note(path);
        return tree.get(path);
      },
      resolve: (path) => {
        const found = tree.resolve(path);
        note(path);
        if (found === undefined) {
          // Which of the steps was the one that failed, and what was before it.
          resolveWith((asked) => tree.get(asked), path, note);
        } else {
          found.via.forEach(note);
          note(found.entry.path);
        }
        return found;
      },
      children: (path) => {
        listed.add(path);
        return tree.children(path);
      },
      *walk() {
        listed.add('/' as TreePath);
        for (const entry of tree.walk()) {
          note(entry.path);
          if (entry.type === 'directory') listed.add(entry.path);
          yield entry;
        }
      },
    },
    consulted: () => ({ paths: [...paths].sort(compareBytes), listed: [...listed].sort(compareBytes) }),
  };
}
