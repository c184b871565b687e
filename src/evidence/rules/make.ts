import { ancestorsOf, joinPath, nameOf, parentOf, type TreePath } from '../../base/path.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import type { Certainty, Edge } from '../types.ts';
import type { Findings, RuleEntry } from './types.ts';

export const NOTHING: Findings = { edges: [], add: [] };

export function ruleEdge(rule: string, to: TreePath, because: string, certainty: Certainty = 'sure'): Edge {
  return { from: `rule:${rule}`, to, kind: 'rule', because, certainty };
}

export function joinFindings(all: readonly Findings[]): Findings {
  return { edges: all.flatMap((item) => item.edges), add: all.flatMap((item) => item.add) };
}

/** A text file of root's that everybody may read. */
export function makeFile(path: TreePath, text: string): Entry {
  const bytes = Buffer.from(text, 'latin1');
  return { ...plain(path, 0o644), type: 'file', size: bytes.length, content: { in: 'memory', bytes } };
}

export function makeFolder(path: TreePath, mode: number): Entry {
  return { ...plain(path, mode), type: 'directory' };
}

export function makeLink(path: TreePath, link: string): Entry {
  return { ...plain(path, 0o777), type: 'symlink', link };
}

function plain(path: TreePath, mode: number): Omit<Entry, 'type'> {
  return { path, mode, uid: 0, gid: 0, size: 0, mtime: 0 };
}

/**
 * Puts a made entry where its path leads in this tree: links among its folders are kept (as edges), folders that the tree lacks are made.
 */
export function place(tree: Tree, made: Entry, reason: { readonly rule: string; readonly because: string }): Findings {
  const { because, rule } = reason;
  const above = tree.resolve(parentOf(made.path));
  const folder = above?.entry.type === 'directory' ? above.entry.path : parentOf(made.path);
  const entry = { ...made, path: joinPath(folder, nameOf(made.path)) };
  const missing = ancestorsOf(entry.path).filter((path) => path !== '/' && tree.get(path) === undefined);
  const add = [...missing.map((path) => makeFolder(path, 0o755)), entry].map((item): RuleEntry => ({
    entry: item,
    reason: ruleEdge(rule, item.path, because),
    group: 'system',
  }));
  const edges = (above?.via ?? []).map((link) => ruleEdge(rule, link, `a link on the way to ${made.path}`));
  return { edges, add };
}
