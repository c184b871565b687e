import { pathOfText, type TreePath } from '../../base/path.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import { NOTHING, ruleEdge } from './make.ts';
import type { Findings, Rule, RuleInput } from './types.ts';

/** Folders of the Filesystem Hierarchy Standard (FHS 3.0) that programs write to or mount on. */
const STANDARD = [
  '/dev',
  '/home',
  '/proc',
  '/root',
  '/run',
  '/run/lock',
  '/sys',
  '/tmp',
  '/var/cache',
  '/var/lib',
  '/var/lock',
  '/var/log',
  '/var/run',
  '/var/spool',
  '/var/tmp',
].map(pathOfText);
/** Below these, folders that somebody else than root may write to are places of running programs. */
const RUN_TIME = ['/run', '/var/cache', '/var/lib', '/var/log', '/var/spool'].map(pathOfText);
/** Places of package managers, who have no work in a container. */
const MANAGERS = new Set([
  '/var/cache/apt',
  '/var/cache/apk',
  '/var/cache/debconf',
  '/var/lib/apt',
  '/var/lib/dpkg',
  '/var/lib/apk',
]);
/** No image has more such folders that mean something. */
const MAX_FOLDERS = 1000;
const MAX_DEPTH = 6;

/** Folders that a running program expects, empty as they may be: without them it cannot write its pid, its log, its cache. */
export const folders: Rule = {
  name: 'folders',
  apply({ options, tree }: RuleInput): Findings {
    const edges = [
      ...STANDARD.map((path) => [path, 'a folder that programs expect on every system'] as const),
      ...(options.folders ?? []).map(
        (path) => [path, 'the image promises this folder: a volume, or where it starts'] as const,
      ),
      ...RUN_TIME.flatMap((path) => ownedFolders(tree, path)).map(
        (path) => [path, 'belongs to a user that is not root: running programs write there'] as const,
      ),
    ];
    const present = edges.filter(([path]) => tree.resolve(path)?.entry.type === 'directory');
    return present.length === 0
      ? NOTHING
      : { edges: present.map(([path, because]) => ruleEdge('folders', path, because, 'likely')), add: [] };
  },
};

function ownedFolders(tree: Tree, top: TreePath): TreePath[] {
  const out: TreePath[] = [];
  const root = tree.resolve(top)?.entry;
  const pending: { readonly entry: Entry; readonly depth: number }[] =
    root === undefined ? [] : [{ entry: root, depth: 0 }];
  for (let next = pending.shift(); next !== undefined && out.length < MAX_FOLDERS; next = pending.shift()) {
    for (const entry of tree.children(next.entry.path)) {
      if (entry.type !== 'directory' || MANAGERS.has(entry.path)) continue;
      if (entry.uid !== 0 || entry.gid !== 0 || (entry.mode & 0o002) !== 0) out.push(entry.path);
      if (next.depth < MAX_DEPTH) pending.push({ entry, depth: next.depth + 1 });
    }
  }
  return out;
}
