import { joinPath, nameOf, type TreePath } from '../../base/path.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import type { ProfilePath } from './types.ts';

/** Entries of packages of the operating system, together, above which a listing is no reason to keep them. */
const MAX_SYSTEM_BYTES = 1024 * 1024; // 1 MiB

/** What was decided about one listed folder. Sizes in bytes, folders and links as what they lead to. */
export interface ListedFolder {
  readonly path: TreePath;
  /** Kept because of the listing. */
  readonly kept: readonly Entry[];
  /** Left out: `imports` = looking for modules is what lists it; `system` = too much of the operating system. */
  readonly left: { readonly entries: number; readonly bytes: number; readonly why: 'imports' | 'system' } | undefined;
}

/**
 * Which entries of a listed folder must be there because of that. All, but for two habits: Python's import system lists each folder in which
 * it looks for modules (and opens what it takes), and a program that lists /usr/bin wants to know what is there, not all of it.
 * `system`: whether a package of the operating system owns the path.
 */
export function judgeListing(
  tree: Tree,
  folder: TreePath,
  by: ProfilePath['by'],
  system: (path: TreePath) => boolean,
): ListedFolder {
  const entries = tree.children(folder);
  if (by.some(isPython) && isSearchedForModules(folder, entries))
    return { path: folder, kept: [], left: leftOf(tree, entries, 'imports') };
  const isBase = isSystemFolder(folder);
  const base = entries.filter((entry) => isBase || system(entry.path) || system(targetOf(tree, entry).path));
  const left = leftOf(tree, base, 'system');
  if (left === undefined || left.bytes <= MAX_SYSTEM_BYTES) return { path: folder, kept: entries, left: undefined };
  const leaves = new Set(base);
  return { path: folder, kept: entries.filter((entry) => !leaves.has(entry)), left };
}

function leftOf(tree: Tree, entries: readonly Entry[], why: 'imports' | 'system'): ListedFolder['left'] {
  if (entries.length === 0) return undefined;
  return { entries: entries.length, bytes: entries.reduce((sum, entry) => sum + targetOf(tree, entry).size, 0), why };
}

/** What a link among the entries brings with it. */
function targetOf(tree: Tree, entry: Entry): Entry {
  return entry.type === 'symlink' ? (tree.resolve(entry.path)?.entry ?? entry) : entry;
}

/** Also uWSGI, which holds the interpreter as a library. */
function isPython(program: string): boolean {
  return /^(?:python|pypy|uwsgi)[0-9.a-z_-]*$/.test(nameOf(program as TreePath));
}

/** The folder of the script that was started comes first in `sys.path`, and that is often one of programs. */
function isSearchedForModules(folder: TreePath, entries: readonly Entry[]): boolean {
  const isModule =
    /\.(?:py|pyc|pyi|pth)$|\.(?:cpython|pypy|abi3)[^/]*\.so$|^__pycache__$|\.(?:dist-info|egg-info|egg)$/;
  return /^s?bin$/.test(nameOf(folder)) || entries.some((entry) => isModule.test(nameOf(entry.path)));
}

const SYSTEM_FOLDERS: ReadonlySet<string> = new Set(
  ['/', '/usr'].flatMap((above) =>
    ['bin', 'lib', 'lib32', 'lib64', 'libexec', 'libx32', 'sbin', 'share'].map((name) =>
      joinPath(above as TreePath, name),
    ),
  ),
);

/** Folders of which nobody needs all; `/usr/lib/x86_64-linux-gnu` is one. */
function isSystemFolder(folder: TreePath): boolean {
  return SYSTEM_FOLDERS.has(folder) || /^(?:\/usr)?\/lib\/[a-z0-9_]+-linux-[a-z0-9_]+$/.test(folder);
}
