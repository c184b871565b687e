import { joinPath, ROOT, type TreePath } from '../base/path.ts';
import type { Writable } from '../base/writable.ts';
import type { Inode, Node } from './layer-nodes.ts';
import type { Entry } from './types.ts';

interface Folder {
  readonly node: Node;
  readonly path: TreePath;
  /** What is left to be done, the first last: a name, or `NAME/` for what is in the folder of that name. */
  readonly steps: string[];
}

interface Name {
  readonly node: Node;
  /** Of its entry. */
  readonly at: number;
}

/**
 * All that nodes stand for, the root first, in byte order of the paths. That is not the order of a plain descent: `/a-b` comes before `/a/b`. Names of few
 * bytes are sorted folder by folder, which is several times as fast as sorting whole paths. An entry stays with its node for the next call.
 */
export function entriesOf(root: Node): readonly Entry[] {
  const entries: Entry[] = [root.entry ?? entryOf(root, ROOT)];
  const shared = new Map<Inode, Name[]>();
  const stack: Folder[] = [{ node: root, path: ROOT, steps: stepsOf(root) }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const step = top.steps.pop();
    if (step === undefined) {
      stack.pop();
      continue;
    }
    const isInto = step.endsWith('/');
    const node = top.node.children?.get(isInto ? step.slice(0, -1) : step) as Node;
    if (isInto) {
      stack.push({ node, path: node.entry?.path ?? joinPath(top.path, node.name), steps: stepsOf(node) });
      continue;
    }
    if (node.inode.shared) {
      const names = shared.get(node.inode);
      const name = { node, at: entries.length };
      if (names === undefined) shared.set(node.inode, [name]);
      else names.push(name);
      entries.push(entryOf(node, joinPath(top.path, node.name)));
    } else {
      node.entry ??= entryOf(node, joinPath(top.path, node.name));
      entries.push(node.entry);
    }
  }
  for (const [inode, names] of shared) linkNames(entries, inode, names);
  return entries;
}

function stepsOf({ children }: Node): string[] {
  if (children === undefined) return [];
  const steps: string[] = [];
  for (const { children: below, name } of children.values()) {
    steps.push(name);
    if (below !== undefined) steps.push(`${name}/`);
  }
  // oxlint-disable-next-line typescript/require-array-sort-compare -- without a function, texts are compared by code units, which are bytes here
  return steps.sort().reverse();
}

/** The first of the names, in byte order, is the file when the one that it was made under is gone. */
function linkNames(entries: Entry[], inode: Inode, names: readonly Name[]): void {
  const first = names.find(({ node }) => node === inode.owner) ?? names[0];
  if (first === undefined) return;
  const { path } = entries[first.at] as Entry;
  for (const { at } of names)
    if (at !== first.at) entries[at] = { ...(entries[at] as Entry), type: 'hardlink', link: path };
}

/** Assigned, not spread: see store/layer-record.ts. */
function entryOf({ inode, layer }: Node, path: TreePath): Entry {
  const { content, device, gid, link, mode, mtime, sha256, size, type, uid, xattrs } = inode.attributes;
  const entry: Writable<Entry> = { path, type, mode, uid, gid, size, mtime, layer };
  if (content !== undefined) entry.content = content;
  if (sha256 !== undefined) entry.sha256 = sha256;
  if (link !== undefined) entry.link = link;
  if (device !== undefined) entry.device = device;
  if (xattrs !== undefined) entry.xattrs = xattrs;
  return entry;
}
