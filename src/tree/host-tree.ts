import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { errnoOf, fromErrno } from '../base/error.ts';
import {
  compareBytes,
  hostPath,
  isInside,
  joinPath,
  parentOf,
  pathOfText,
  quotePath,
  ROOT,
  type TreePath,
} from '../base/path.ts';
import { entryOf } from './directory.ts';
import { resolveWith } from './resolve.ts';
import type { Entry, Resolved, Tree } from './types.ts';
import { walkWith } from './walk.ts';

export interface HostTreeOptions {
  /** Folder of the host that is the Tree's root; '/' for the machine itself. */
  readonly root: string;
  /** Paths inside the Tree that are absent, with all below them. */
  readonly hide: readonly string[];
}

/**
 * The machine's own file system as a Tree: nothing is looked at before it is asked for, and then only once, so that the Tree does not
 * change although the disk may. Links are followed inside the root only. What this user may not see (a folder without permission) is
 * absent; so are sockets. A file with several names is a file under each of them. No extended attributes, as in `treeOfDirectory`.
 *
 * @throws TareError E_IO from its functions when the file system fails
 */
export function hostTree({ root, hide }: HostTreeOptions): Tree {
  const hidden = hide.map(pathOfText);
  const entries = new Map<TreePath, Entry | undefined>();
  const lists = new Map<TreePath, readonly Entry[]>();
  const resolutions = new Map<TreePath, Resolved | undefined>();

  const look = (path: TreePath): Entry | undefined => {
    // The kernel would follow a link on the way; here only what lies in a real folder is there.
    if (path !== ROOT && get(parentOf(path))?.type !== 'directory') return undefined;
    if (hidden.some((prefix) => isInside(prefix, path))) return undefined;
    return hostEntry(root, path);
  };
  const get = (path: TreePath): Entry | undefined => {
    const known = entries.get(path);
    if (known !== undefined || entries.has(path)) return known;
    const entry = look(path);
    entries.set(path, entry);
    return entry;
  };
  const children = (path: TreePath): readonly Entry[] => {
    let list = lists.get(path);
    if (list === undefined) {
      const names = get(path)?.type === 'directory' ? namesIn(root, path) : [];
      list = names.sort(compareBytes).flatMap((name) => get(joinPath(path, name)) ?? []);
      lists.set(path, list);
    }
    return list;
  };
  return {
    get,
    resolve: (path) => {
      if (!resolutions.has(path)) resolutions.set(path, resolveWith(get, path));
      return resolutions.get(path);
    },
    children,
    walk: () => walkWith(children),
  };
}

/** What these say is: not for you, or gone. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ENAMETOOLONG', 'ELOOP']);

function hostEntry(root: string, path: TreePath): Entry | undefined {
  const name = hostPath(root, path);
  try {
    // A root that is itself a link is followed: it is a name of the host's, not of the Tree's.
    const stats: Stats | undefined = lstatSync(path === ROOT ? `${root}/.` : name, { throwIfNoEntry: false });
    return stats === undefined ? undefined : entryOf(root, path, stats);
  } catch (error) {
    if (ABSENT.has(errnoOf(error) ?? '')) return undefined;
    throw fromErrno(error, `cannot look at ${quotePath(path)}`);
  }
}

function namesIn(root: string, path: TreePath): string[] {
  try {
    return readdirSync(hostPath(root, path), { encoding: 'buffer' }).map((name) => name.toString('latin1'));
  } catch (error) {
    if (ABSENT.has(errnoOf(error) ?? '')) return [];
    throw fromErrno(error, `cannot list ${quotePath(path)}`);
  }
}
