import type { Entry, Tree } from '../tree/types.ts';

/**
 * A view of a Tree whose attributes depend on nothing but what the application means: owner root, and the modes that a checkout under
 * umask 022 would have. Git keeps the execute bit alone, and a host's folders may be private; neither may change the image. Times stay, for
 * compiled files are valid for a time of their source; packing gives all the same one.
 */
export function normalised(tree: Tree): Tree {
  const cache = new Map<Entry, Entry>();
  const map = (entry: Entry): Entry => {
    const seen = cache.get(entry);
    if (seen !== undefined) return seen;
    const mapped: Entry = { ...entry, uid: 0, gid: 0, mode: plainMode(entry) };
    cache.set(entry, mapped);
    return mapped;
  };
  return {
    get: (path) => {
      const entry = tree.get(path);
      return entry === undefined ? undefined : map(entry);
    },
    resolve: (path) => {
      const found = tree.resolve(path);
      return found === undefined ? undefined : { entry: map(found.entry), via: found.via };
    },
    children: (path) => tree.children(path).map(map),
    *walk() {
      for (const entry of tree.walk()) yield map(entry);
    },
  };
}

function plainMode(entry: Entry): number {
  if (entry.type === 'symlink') return 0o777;
  if (entry.type === 'directory') return (entry.mode & 0o1000) === 0 ? 0o755 : 0o1777;
  return (entry.mode & 0o111) === 0 ? 0o644 : 0o755;
}
