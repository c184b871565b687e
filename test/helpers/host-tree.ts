import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { errnoOf } from '../../src/base/error.ts';
import { compareBytes, joinPath, type TreePath } from '../../src/base/path.ts';
import type { ContentReader, Entry, EntryType, Tree } from '../../src/tree/types.ts';
import { resolveWith } from './memory-tree.ts';

/** The machine's own file system as a lazy Tree, for comparing with tools that only know the real one. `walk` is empty: nobody wants all of '/'. */
export function hostTree(): { readonly tree: Tree; readonly content: ContentReader } {
  const cache = new Map<TreePath, Entry | undefined>();
  const get = (path: TreePath): Entry | undefined => {
    if (!cache.has(path)) cache.set(path, hostEntry(path));
    return cache.get(path);
  };
  const tree: Tree = {
    get,
    resolve: (path) => resolveWith(get, path),
    children: (path) => {
      if (get(path)?.type !== 'directory') return [];
      const names = readdirSync(Buffer.from(path, 'latin1'), { encoding: 'buffer' }).map((name) =>
        name.toString('latin1'),
      );
      return names.sort(compareBytes).flatMap((name) => get(joinPath(path, name)) ?? []);
    },
    walk: () => [],
  };
  return { tree, content: hostContent() };
}

function hostEntry(path: TreePath): Entry | undefined {
  const name = Buffer.from(path, 'latin1');
  let stat: Stats;
  try {
    stat = lstatSync(name);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
  const type = typeOf(stat);
  return {
    path,
    type,
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
    size: type === 'file' ? stat.size : 0,
    mtime: Math.floor(stat.mtimeMs / 1000),
    ...(type === 'symlink' && { link: readlinkSync(name, { encoding: 'latin1' }) }),
    ...(type === 'file' && { content: { in: 'host', path: name, size: stat.size } }),
  };
}

function typeOf(stat: Stats): EntryType {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isCharacterDevice()) return 'char';
  return stat.isBlockDevice() ? 'block' : 'fifo';
}

function hostContent(): ContentReader {
  return {
    // oxlint-disable-next-line typescript/require-await
    async read(entry, range) {
      const file = openSync(Buffer.from(entry.path, 'latin1'), 'r');
      try {
        const out = Buffer.alloc(range?.size ?? entry.size);
        return out.subarray(0, readSync(file, out, 0, out.length, range?.offset ?? 0));
      } finally {
        closeSync(file);
      }
    },
    // oxlint-disable-next-line typescript/require-await
    async *stream(entry) {
      yield readFileSync(Buffer.from(entry.path, 'latin1'));
    },
  };
}
