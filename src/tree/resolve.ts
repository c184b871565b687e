import { joinPath, parentOf, ROOT, type ByteString, type TreePath } from '../base/path.ts';
import type { Entry, Resolved, Tree } from './types.ts';

/** Linux gives up after as many links (path_resolution(7)). */
const MAX_LINKS = 40;

/**
 * `Tree.resolve` for anything that has a `get`: follows links as the kernel does after chroot; `..` at the root stays there.
 * Undefined when something is missing, circular or no folder on the way. `onPath` is told of each path that was asked for.
 */
export function resolveWith(get: Tree['get'], path: TreePath, onPath?: (path: TreePath) => void): Resolved | undefined {
  const via: TreePath[] = [];
  // A stack: the next component is the last one.
  const todo: ByteString[] = path.split('/').reverse();
  const ask = (asked: TreePath): Entry | undefined => {
    onPath?.(asked);
    return get(asked);
  };
  let at = ask(ROOT);
  while (todo.length > 0) {
    const name = todo.pop() as string;
    if (at?.type !== 'directory') return undefined;
    if (name === '' || name === '.') continue;
    const next: Entry | undefined = ask(name === '..' ? parentOf(at.path) : joinPath(at.path, name));
    if (next?.type !== 'symlink') {
      at = next;
      continue;
    }
    via.push(next.path);
    if (via.length > MAX_LINKS || next.link === undefined || next.link === '') return undefined;
    if (next.link.startsWith('/')) at = ask(ROOT);
    todo.push(...next.link.split('/').reverse());
  }
  return at === undefined ? undefined : { entry: at, via };
}
