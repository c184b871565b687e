import {
  ancestorsOf,
  bytesOfText,
  compareBytes,
  isInside,
  joinPath,
  nameOf,
  parentOf,
  pathOfText,
  type TreePath,
} from '../../src/base/path.ts';
import type { ContentReader, Entry, Tree } from '../../src/tree/types.ts';
import { hostTree } from './host-tree.ts';
import { resolveWith } from './memory-tree.ts';

/** The machine's own file system with other folders and files of it put in further places, e.g. an unpacked SDK at `/usr/share/dotnet`. */
export function mountedTree(mounts: Readonly<Record<string, string>>): {
  readonly tree: Tree;
  readonly content: ContentReader;
  /** Where a path's file really is. */
  readonly hostPath: (path: TreePath) => TreePath;
} {
  const host = hostTree();
  const places = Object.entries(mounts).map(([at, from]) => ({ at: pathOfText(at), from: bytesOfText(from) }));
  const hostPath = (path: TreePath): TreePath => {
    const place = places.find(({ at }) => isInside(at, path));
    return place === undefined ? path : ((place.from + path.slice(place.at.length)) as TreePath);
  };
  const get = (path: TreePath): Entry | undefined => {
    const entry = host.tree.get(hostPath(path));
    if (entry !== undefined) return { ...entry, path };
    const above = places.some(({ at }) => ancestorsOf(at).includes(path));
    return above ? { path, type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 0 } : undefined;
  };
  const tree: Tree = {
    get,
    resolve: (path) => resolveWith(get, path),
    children(path) {
      const names = host.tree.children(hostPath(path)).map((entry) => joinPath(path, nameOf(entry.path)));
      const mounted = places.map(({ at }) => at).filter((at) => parentOf(at) === path);
      return [...new Set([...names, ...mounted])].sort(compareBytes).flatMap((name) => get(name) ?? []);
    },
    walk: () => [],
  };
  const real = (entry: Entry): Entry => ({ ...entry, path: hostPath(entry.path) });
  return {
    tree,
    content: {
      read: (entry, range) => host.content.read(real(entry), range),
      stream: (entry) => host.content.stream(real(entry)),
    },
    hostPath,
  };
}
