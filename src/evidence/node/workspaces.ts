import picomatch from 'picomatch';
import { compareBytes, nameOf, textOfBytes, type TreePath } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';
import { asObject, type Json, type Manifest, type Manifests, memberOf } from './manifest.ts';

/** Folders that are looked at for packages, and how deep. */
const MAX_FOLDERS = 10_000;
const MAX_DEPTH = 6;

/** The folders of the packages that `workspaces` of a root package.json names (npm, yarn), in byte order. */
export async function listWorkspaces(tree: Tree, manifests: Manifests, root: Manifest): Promise<TreePath[]> {
  const patterns = patternsOf(memberOf(root.json, 'workspaces'));
  if (patterns.length === 0) return [];
  const cleaned = patterns.map((pattern) => pattern.replace(/^(!?)(?:\.\/)?(.*?)\/*$/, '$1$2'));
  const positive = cleaned.filter((pattern) => !pattern.startsWith('!'));
  const negative = cleaned.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const matches = picomatch(positive, { ignore: negative });
  const out: TreePath[] = [];
  let left = MAX_FOLDERS;
  const pending: { readonly dir: TreePath; readonly depth: number }[] = [{ dir: root.dir, depth: 0 }];
  for (let next = pending.pop(); next !== undefined && left > 0; next = pending.pop()) {
    for (const entry of tree.children(next.dir)) {
      if (entry.type !== 'directory' || nameOf(entry.path) === 'node_modules') continue;
      left -= 1;
      if (next.depth < MAX_DEPTH) pending.push({ dir: entry.path, depth: next.depth + 1 });
      const relative = textOfBytes(entry.path.slice(root.dir === '/' ? 1 : root.dir.length + 1));
      if (matches(relative) && (await manifests.at(entry.path)) !== undefined) out.push(entry.path);
    }
  }
  return out.sort(compareBytes);
}

function patternsOf(workspaces: Json | undefined): string[] {
  const list = Array.isArray(workspaces) ? (workspaces as readonly Json[]) : memberOf(asObject(workspaces), 'packages');
  return Array.isArray(list)
    ? (list as readonly Json[]).filter((item): item is string => typeof item === 'string')
    : [];
}
