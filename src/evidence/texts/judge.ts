import { type ByteString, isInside, nameOf, parentOf, type TreePath } from '../../base/path.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import { isSharedFolder } from '../shared-folders.ts';
import { findFile, mayBeTaken, type Place } from '../shell/search.ts';

/** Folders that are taken whole because of their name alone: only small ones. */
const SMALL = { files: 200, bytes: 1024 * 1024 /* 1 MiB */ };
/** … but those that have the program's own name may be larger: `/usr/share/postgresql/15` for `postgres`. */
const OWN = { files: 10_000, bytes: 16 * 1024 * 1024 /* 16 MiB */ };
/** A file that a program names is data of its own; anything as large as this is a system's. */
const MAX_FILE_BYTES = 16 * 1024 * 1024; // 16 MiB: the largest in use is a compiled magic(5) file, with 8 MB
/** Programs are started, not read: who starts one is followed by other analysers; and a name in a text is no start. */
const PROGRAMS = /^(?:\/usr|\/usr\/local)?\/s?bin\/|^\/usr\/(?:games|libexec)\/|^\/opt\/[^/]+\/s?bin\//;
/** For making programs and for reading at leisure; and what other parts of tare decide about (the loader's cache, accounts, zones). */
const NEVER =
  /^\/(?:usr\/(?:local\/)?(?:include|src|share\/(?:doc|doc-base|man|info|lintian|bug|locale|zoneinfo|i18n|icons|applications|bash-completion|fonts))|var\/(?:cache|lib\/(?:dpkg|apt))|boot|lib\/modules|etc\/(?:apt|dpkg|pam\.d|rc\d\.d|systemd|cron\.\w+|init\.d|skel|ld\.so\.[\w.]+|passwd-?|group-?|shadow|mtab|fstab|shells|hostname|hosts|resolv\.conf|nsswitch\.conf))(?:\/|$)|\.(?:a|la|h|hpp|pc|o|c|so(?:\.[\d.]+)?)$/;

/** In a folder of data: for reading, for building, in other languages, or programs that are started by their own names. */
const ASIDE = /\/(?:man|doc|docs|info|locale|include|bitcode|bin|sbin|test|tests|examples?)$|llvmjit[^/]*$/;

interface Judged {
  readonly path: TreePath;
  readonly kind: 'opened' | 'looked-up';
}

/** What of a path that a text names is taken: a file of data, or a small folder of them; of a larger folder no more than the folder itself. */
export function judge(
  tree: Tree,
  text: ByteString,
  { cwd, program }: { readonly cwd: TreePath; readonly program: ByteString },
): Judged[] {
  const place = NEVER.test(text) ? undefined : findFile(tree, text, []);
  if (place === undefined || !isData(tree, place, cwd)) return [];
  const { entry, path } = place;
  if (entry.content !== undefined) return entry.size > MAX_FILE_BYTES ? [] : [{ path, kind: 'opened' }];
  if (entry.type !== 'directory' || isSharedFolder(entry.path) || /\/(?:s?bin|man|locale)$/.test(entry.path)) return [];
  // `/etc/tool` is somebody's own, `/srv/data` may be anything.
  if (parentOf(parentOf(entry.path)) === '/' && parentOf(entry.path) !== '/etc') return [];
  const files = smallFolder(tree, entry, isOwn(entry.path, program) ? OWN : SMALL);
  return files === undefined
    ? [{ path, kind: 'looked-up' }]
    : [
        { path, kind: 'looked-up' },
        ...files
          .filter((file) => mayBeTaken({ path: file.path, entry: file }, cwd))
          .map((file) => ({ path: file.path, kind: 'opened' as const })),
      ];
}

function isData(tree: Tree, place: Place, cwd: TreePath): boolean {
  const { entry, path } = place;
  if (!mayBeTaken(place, cwd) || [path, entry.path].some((each) => PROGRAMS.test(each) || NEVER.test(each)))
    return false;
  // A program outside of the folders of programs (`/usr/lib/git-core/x`) is started by its whole path: that is data as far as it goes.
  return (
    entry.type === 'file' || entry.type === 'hardlink' || entry.type === 'directory' || tree.get(path) !== undefined
  );
}

/** Whether a folder of data is the program's: one of its names begins with that of the program, version and final `d` left out. */
function isOwn(folder: TreePath, program: ByteString): boolean {
  const base = program.replace(/[\d._-]+$/, '').replace(/d$/, '');
  if (base.length < 3 || !/^\/(?:usr\/(?:local\/)?(?:share|lib|libexec)|opt|etc)\//.test(folder)) return false;
  return folder
    .split('/')
    .some(
      (name) =>
        name === base || (name.startsWith(base) && (base.length > 4 || /^[-_.\d]/.test(name.slice(base.length)))),
    );
}

function smallFolder(
  tree: Tree,
  folder: Entry,
  most: { readonly files: number; readonly bytes: number },
): Entry[] | undefined {
  const files: Entry[] = [];
  let bytes = 0;
  const visit = (path: TreePath): boolean =>
    tree.children(path).every((entry) => {
      if (ASIDE.test(entry.path)) return true;
      if (entry.type === 'directory') return isInside(folder.path, entry.path) && visit(entry.path);
      files.push(entry);
      bytes += entry.size;
      return files.length <= most.files && bytes <= most.bytes;
    });
  return visit(folder.path)
    ? files.filter((entry) => !/\.(?:a|la|h|hpp|pc|o|c)$/.test(entry.path) && !nameOf(entry.path).startsWith('.'))
    : undefined;
}
