import {
  ancestorsOf,
  bytesOfText,
  isInside,
  joinPath,
  nameOf,
  parentOf,
  pathOfText,
  ROOT,
  type ByteString,
  type TreePath,
} from '../base/path.ts';
import type { RootPath } from '../evidence/collect.ts';
import type { EvidenceGraph, ProcessContext } from '../evidence/types.ts';
import type { Tree } from '../tree/types.ts';

/** The Filesystem Hierarchy Standard's own folders, and the kernel's: what lies there belongs to the system until something else is known. */
const SYSTEM_TOPS = new Set(
  'bin boot dev etc home lib lib32 lib64 libx32 media mnt nix opt proc root run sbin srv sys tmp usr var'.split(' '),
);
/** Whether a folder of that name at the top of a tree is the system's. */
export const isSystemTop = (name: ByteString): boolean => SYSTEM_TOPS.has(name);

/** Folders of the system whose children are applications of their own. */
const NESTS = ['/home', '/opt', '/srv', '/usr/src', '/var/www', '/usr/share/nginx', '/usr/local/app'].map(pathOfText);
/** What only the home of a run time or of an environment has: its files come by evidence. */
const RUN_TIME_MARKS = [
  'pyvenv.cfg',
  'conda-meta',
  'host/fxr',
  'jre/lib',
  'lib/jvm.cfg',
  'lib/node_modules/npm',
  'pkg/mod',
  'pkg/tool',
].map(bytesOfText);
/** In an application's folder these come by evidence too, or are for the workshop alone. */
const LEFT_OUT =
  /^(?:node_modules|site-packages|dist-packages|__pycache__|\.git|\.hg|\.svn|\.(?:mypy|pytest|ruff)_cache)$/;
/** A working folder that is one of these says nothing of an application. */
const SYSTEM_FOLDERS = new Set(
  `/ /bin /boot /dev /etc /home /lib /lib64 /media /mnt /proc /run /sbin /sys /tmp /usr /usr/bin /usr/lib /usr/lib64 /usr/local /usr/local/bin /usr/local/lib
    /usr/local/sbin /usr/sbin /usr/share /var /var/cache /var/lib /var/log /var/run /var/tmp`.split(/\s+/),
);
/** Depth that no application has: links are not followed, so only a hostile tree gets there. */
const MAX_DEPTH = 256;

/**
 * Folders that hold the application itself, as far as something in them is needed: the working folder, top folders that no system has, and the
 * children of `/srv`, `/opt` and their like.
 */
export function applicationFolders(tree: Tree, workdir: TreePath, graph: EvidenceGraph): readonly TreePath[] {
  const found = new Set<TreePath>();
  const start = tree.resolve(workdir)?.entry;
  if (start?.type === 'directory' && !SYSTEM_FOLDERS.has(start.path) && !isRunTime(tree, start.path))
    found.add(start.path);
  const tops = new Set<TreePath>();
  for (const { to } of graph.edges) {
    const top = applicationTop(to);
    if (top !== undefined) tops.add(top);
  }
  for (const top of tops) if (tree.get(top)?.type === 'directory' && !isRunTime(tree, top)) found.add(top);
  return [...found].filter((path) => ![...found].some((other) => other !== path && isInside(other, path))).sort();
}

/** The application's own files, kept as a matter of course: a chain from the entry point is the better answer. */
export function applicationRoots(tree: Tree, folders: readonly TreePath[], context: ProcessContext): RootPath[] {
  return folders.flatMap((folder) =>
    filesOf(tree, folder).map((path) => ({
      root: 'app',
      path,
      kind: 'app' as const,
      because: "one of the application's own files",
      certainty: 'likely' as const,
      context,
    })),
  );
}

/** The folder of an application that a path lies in, when it lies in one. */
function applicationTop(path: TreePath): TreePath | undefined {
  const ancestors = ancestorsOf(path);
  const first = ancestors.find((folder) => folder !== ROOT);
  if (first === undefined) return undefined;
  if (!isSystemTop(nameOf(first))) return first;
  return ancestors.find((folder) => NESTS.includes(parentOf(folder)));
}

function isRunTime(tree: Tree, folder: TreePath): boolean {
  const lib = tree.children(joinPath(folder, bytesOfText('lib')));
  return (
    RUN_TIME_MARKS.some((name) => tree.get(joinPath(folder, name)) !== undefined) ||
    lib.some((entry) => entry.type === 'directory' && /^python\d/.test(nameOf(entry.path)))
  );
}

/** Everything below the folder but what comes by evidence; folders that are empty too: something may be written there. */
function filesOf(tree: Tree, folder: TreePath): TreePath[] {
  const out: TreePath[] = [];
  const visit = (at: TreePath, depth: number): void => {
    for (const entry of depth > MAX_DEPTH ? [] : tree.children(at)) {
      if (entry.type !== 'directory') out.push(entry.path);
      else if (!LEFT_OUT.test(nameOf(entry.path)) && !isRunTime(tree, entry.path)) {
        if (tree.children(entry.path).length === 0) out.push(entry.path);
        visit(entry.path, depth + 1);
      }
    }
  };
  visit(folder, 0);
  return out;
}
