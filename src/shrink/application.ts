import { ancestorsOf, isInside, nameOf, parentOf, pathOfText, ROOT, type TreePath } from '../base/path.ts';
import type { RootPath } from '../evidence/collect.ts';
import { ownFiles } from '../evidence/node/own-files.ts';
import type { EvidenceGraph, ProcessContext } from '../evidence/types.ts';
import type { Tree } from '../tree/types.ts';

/** The Filesystem Hierarchy Standard's own folders, and the kernel's: what lies there belongs to the system until something else is known. */
const SYSTEM_TOPS = new Set(
  'bin boot dev etc home lib lib32 lib64 libx32 media mnt nix opt proc root run sbin srv sys tmp usr var'.split(' '),
);
/** Folders of the system whose children are applications of their own. */
const NESTS = ['/home', '/opt', '/srv', '/usr/src', '/var/www', '/usr/share/nginx', '/usr/local/app'].map(pathOfText);
/** What makes a folder the home of a run time or of an environment, not of an application: its files come by evidence. */
const RUN_TIME_MARKS = ['bin', 'include', 'lib', 'lib64', 'pkg', 'share'];

/**
 * Folders that hold the application itself, as far as something in them is needed: the working folder, top folders that no system has, and the
 * children of `/srv`, `/opt` and their like.
 */
export function applicationFolders(tree: Tree, workdir: TreePath, graph: EvidenceGraph): readonly TreePath[] {
  const found = new Set<TreePath>();
  const start = tree.resolve(workdir)?.entry;
  if (start?.type === 'directory' && !isSystem(start.path)) found.add(start.path);
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
    ownFiles(tree, folder, { secrets: true }).map((path) => ({
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
  if (!SYSTEM_TOPS.has(nameOf(first))) return first;
  return ancestors.find((folder) => NESTS.includes(parentOf(folder)));
}

function isSystem(path: TreePath): boolean {
  const [first] = ancestorsOf(`${path}/x` as TreePath).filter((folder) => folder !== ROOT);
  if (first === undefined || !SYSTEM_TOPS.has(nameOf(first))) return path === ROOT;
  return !NESTS.some((nest) => path !== nest && isInside(nest, path));
}

function isRunTime(tree: Tree, folder: TreePath): boolean {
  const names = new Set(tree.children(folder).map((entry) => nameOf(entry.path)));
  return RUN_TIME_MARKS.filter((name) => names.has(name)).length >= 2;
}
