import { TareError } from '../../src/base/error.ts';
import {
  ancestorsOf,
  bytesOfText,
  compareBytes,
  joinPath,
  parentOf,
  pathOfText,
  quotePath,
  ROOT,
  type TreePath,
} from '../../src/base/path.ts';
import type { ContentReader, Entry, Resolved, Tree } from '../../src/tree/types.ts';

/** Linux gives up after as many links. */
const MAX_LINKS = 40;

export type MemoryFile =
  | string
  | Uint8Array
  | { readonly link: string }
  | { readonly directory: true; readonly mode?: number }
  | { readonly content: string | Uint8Array; readonly mode?: number; readonly uid?: number; readonly gid?: number };

/**
 * A Tree that lives in memory. Keys are text paths (a leading '/' is optional); folders above a path are made as needed.
 * A plain string or bytes become a file of mode 0644, `{link}` a symbolic link.
 */
export function memoryTree(files: Readonly<Record<string, MemoryFile>>): {
  readonly tree: Tree;
  readonly content: ContentReader;
} {
  const entries = new Map<TreePath, Entry>([[ROOT, directory(ROOT)]]);
  for (const [text, file] of Object.entries(files)) {
    const path = pathOfText(text);
    for (const above of ancestorsOf(path)) if (!entries.has(above)) entries.set(above, directory(above));
    entries.set(path, entryOf(path, file));
  }
  return { tree: treeOfEntries(entries), content: memoryContent() };
}

/** A Tree over entries that are all there: lookups, links inside the root, children and walk in byte order. */
export function treeOfEntries(entries: ReadonlyMap<TreePath, Entry>): Tree {
  const sorted = [...entries.values()].sort((a, b) => compareBytes(a.path, b.path));
  const children = new Map<TreePath, Entry[]>();
  for (const entry of sorted) {
    if (entry.path === '/') continue;
    const siblings = children.get(parentOf(entry.path));
    if (siblings === undefined) children.set(parentOf(entry.path), [entry]);
    else siblings.push(entry);
  }
  const get = (path: TreePath): Entry | undefined => entries.get(path);
  return {
    get,
    resolve: (path) => resolveWith(get, path),
    children: (path) => (entries.get(path)?.type === 'directory' ? (children.get(path) ?? []) : []),
    walk: () => sorted.filter((entry) => entry.path !== '/'),
  };
}

/** Follows links inside the root, as the kernel does after chroot: '..' at the root stays there. */
export function resolveWith(get: (path: TreePath) => Entry | undefined, path: TreePath): Resolved | undefined {
  const via: TreePath[] = [];
  const todo = path.split('/').reverse();
  let at = get(ROOT);
  while (todo.length > 0) {
    const name = todo.pop() as string;
    if (at?.type !== 'directory') return undefined;
    if (name === '' || name === '.') continue;
    const next = name === '..' ? get(parentOf(at.path)) : get(joinPath(at.path, name));
    if (next?.type !== 'symlink') {
      at = next;
      continue;
    }
    via.push(next.path);
    if (via.length > MAX_LINKS || next.link === undefined || next.link === '') return undefined;
    if (next.link.startsWith('/')) at = get(ROOT);
    todo.push(...next.link.split('/').reverse());
  }
  return at === undefined ? undefined : { entry: at, via };
}

function memoryContent(): ContentReader {
  const bytesIn = (entry: Entry): Uint8Array => {
    if (entry.content?.in === 'memory') return entry.content.bytes;
    throw new TareError('E_NOT_FILE', `${quotePath(entry.path)} has no content`);
  };
  return {
    // oxlint-disable-next-line typescript/require-await
    async read(entry, range) {
      const bytes = bytesIn(entry);
      return range === undefined ? bytes : bytes.subarray(range.offset, range.offset + range.size);
    },
    // oxlint-disable-next-line typescript/require-await
    async *stream(entry) {
      yield bytesIn(entry);
    },
  };
}

function directory(path: TreePath, mode = 0o755): Entry {
  return { path, type: 'directory', mode, uid: 0, gid: 0, size: 0, mtime: 0 };
}

function entryOf(path: TreePath, file: MemoryFile): Entry {
  if (typeof file === 'string' || file instanceof Uint8Array) return fileEntry(path, file, {});
  if ('link' in file)
    return { path, type: 'symlink', mode: 0o777, uid: 0, gid: 0, size: 0, mtime: 0, link: bytesOfText(file.link) };
  if ('directory' in file) return directory(path, file.mode);
  return fileEntry(path, file.content, file);
}

function fileEntry(
  path: TreePath,
  content: string | Uint8Array,
  attributes: { readonly mode?: number; readonly uid?: number; readonly gid?: number },
): Entry {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  return {
    path,
    type: 'file',
    mode: attributes.mode ?? 0o644,
    uid: attributes.uid ?? 0,
    gid: attributes.gid ?? 0,
    size: bytes.length,
    mtime: 0,
    content: { in: 'memory', bytes },
  };
}
