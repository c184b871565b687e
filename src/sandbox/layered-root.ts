import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { errnoOf } from '../base/error.ts';
import { openXattrs, type Xattrs } from './xattrs.ts';

/** As the kernel's own limit (path_resolution(7)). */
const MAX_LINKS = 40;
/** What these say is: not there, as far as we can see. */
const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'ENAMETOOLONG']);

/** Where a path leads. */
export interface Located {
  /** Absolute in the root, without links; what is not there stays as it is written. */
  readonly path: string;
  /** Its name on the host; undefined when it is not there. Of a folder that of the uppermost part. */
  readonly host: string | undefined;
  readonly stat: Stats | undefined;
  /** How many of its last names are not there. */
  readonly missing: number;
}

/** Folders that lie over each other, as overlayfs shows them; links are followed inside the root, as if it were chroot'ed. */
export interface LayeredRoot {
  /** Undefined when there are too many links. */
  locate(path: string): Located | undefined;
}

type Found =
  | { readonly is: 'absent' }
  | { readonly is: 'link'; readonly target: string }
  | { readonly is: 'there'; readonly host: string; readonly stat: Stats; readonly folders: readonly string[] };

/** @param folders lowest first. They must not change meanwhile. */
export function layeredRoot(folders: readonly string[]): LayeredRoot {
  const top = [...folders].reverse();
  let xattrs: Xattrs | undefined;
  const isOpaque = (host: string): boolean => {
    const all = (xattrs ??= openXattrs()).list(host);
    return OPAQUE_XATTRS.some((name) => all?.get(name)?.toString('latin1') === 'y');
  };
  return {
    locate(path) {
      const names: string[] = [];
      const way: Found[] = [];
      const todo = path.split('/').reverse();
      for (let links = 0; todo.length > 0;) {
        const name = todo.pop() as string;
        if (name === '' || name === '.') continue;
        if (name === '..') {
          names.pop();
          way.pop();
          continue;
        }
        const parent = way.at(-1);
        const at = parent === undefined ? top : parent.is === 'there' ? parent.folders : [];
        const found = look(at, name, isOpaque);
        if (found.is !== 'link') {
          names.push(name);
          way.push(found);
          continue;
        }
        if (++links > MAX_LINKS) return undefined;
        if (found.target.startsWith('/')) {
          names.length = 0;
          way.length = 0;
        }
        todo.push(...found.target.split('/').reverse());
      }
      const last = way.at(-1);
      if (names.length === 0) return located('/', top[0], 0);
      const there = last?.is === 'there' ? last : undefined;
      const present = way.findIndex((found) => found.is === 'absent');
      return {
        path: `/${names.join('/')}`,
        host: there?.host,
        stat: there?.stat,
        missing: present === -1 ? 0 : way.length - present,
      };
    },
  };
}

function located(path: string, host: string | undefined, missing: number): Located {
  return { path, host, stat: host === undefined ? undefined : lstatSync(`${host}/.`), missing };
}

/** One name in the parts of a folder, uppermost first. */
function look(parts: readonly string[], name: string, isOpaque: (host: string) => boolean): Found {
  const folders: string[] = [];
  let first: { readonly host: string; readonly stat: Stats } | undefined;
  for (const [index, part] of parts.entries()) {
    const host = part === '/' ? `/${name}` : `${part}/${name}`;
    const stat = statOf(host);
    if (stat === undefined) continue;
    if (parts.length > 1 && isWhiteout(stat)) break;
    if (!stat.isDirectory()) {
      if (first !== undefined) break;
      if (stat.isSymbolicLink()) return { is: 'link', target: readlinkSync(host) };
      return { is: 'there', host, stat, folders: [] };
    }
    first ??= { host, stat };
    folders.push(host);
    if (index < parts.length - 1 && isOpaque(host)) break;
  }
  return first === undefined ? { is: 'absent' } : { is: 'there', ...first, folders };
}

/** What overlayfs puts in the place of a name that is gone. */
export function isWhiteout(stat: Pick<Stats, 'isCharacterDevice' | 'rdev'>): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0;
}

/** Names of the attribute that hides what lower folders hold: as root, and in a user namespace. */
export const OPAQUE_XATTRS: readonly string[] = ['trusted.overlay.opaque', 'user.overlay.opaque'];

function statOf(host: string): Stats | undefined {
  try {
    return lstatSync(host);
  } catch (error) {
    if (ABSENT.has(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
