import { joinPath, ROOT, type TreePath } from '../base/path.ts';
import type { Inode, Node } from './layer-nodes.ts';
import type { EntryType } from './types.ts';

/** What a layer did to one name, all in all: what it takes away and makes again is changed. */
export interface LayerChange {
  readonly path: TreePath;
  readonly kind: 'added' | 'changed' | 'removed';
  /** As it is after the layer; of what was removed as it was before. */
  readonly type: EntryType;
  /** Bytes of content; 0 for all but files and their other names. */
  readonly size: number;
}

/** Keeps what names were before a layer. The tree of nodes tells it of all that it does. */
export interface ChangeLog {
  /** The name is there now, and was not before, or `losing` was told of what was. */
  made(node: Node): void;
  /** The attributes of the name are about to be others. */
  altering(node: Node): void;
  /** The name is about to go, with all that is below it. */
  losing(node: Node): void;
  /** What changed since the last call, in the order in which it was first touched. */
  take(): readonly LayerChange[];
}

type Attributes = Inode['attributes'];

interface Note {
  readonly before: Attributes | undefined;
  now: Node | undefined;
}

export function createChangeLog(): ChangeLog {
  let notes = new Map<TreePath, Note>();
  let lastParent: Node | undefined;
  let lastParentPath: TreePath = ROOT;

  // Most names that follow each other are in one folder.
  const pathOf = (node: Node): TreePath => {
    const { parent } = node;
    if (parent === undefined) return ROOT;
    if (parent !== lastParent) {
      lastParentPath = pathOfFolder(parent);
      lastParent = parent;
    }
    return joinPath(lastParentPath, node.name);
  };

  return {
    made: (node) => {
      const path = pathOf(node);
      const note = notes.get(path);
      if (note === undefined) notes.set(path, { before: undefined, now: node });
      else note.now = node;
    },
    altering: (node) => {
      const path = pathOf(node);
      if (!notes.has(path)) notes.set(path, { before: node.inode.attributes, now: node });
    },
    losing: (node) => {
      const todo: { readonly node: Node; readonly path: TreePath }[] = [{ node, path: pathOf(node) }];
      for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
        const note = notes.get(next.path);
        if (note === undefined) notes.set(next.path, { before: next.node.inode.attributes, now: undefined });
        else note.now = undefined;
        for (const child of next.node.children?.values() ?? [])
          todo.push({ node: child, path: joinPath(next.path, child.name) });
      }
    },
    take: () => {
      const changes: LayerChange[] = [];
      for (const [path, { before, now }] of notes) {
        const kind = kindOf(before, now?.inode.attributes);
        if (kind === undefined) continue;
        const { size, type } = (now?.inode.attributes ?? before) as Attributes;
        changes.push({ path, kind, type, size });
      }
      notes = new Map();
      return changes;
    },
  };
}

function pathOfFolder(folder: Node): TreePath {
  const names: string[] = [];
  for (let at = folder; at.parent !== undefined; at = at.parent) names.push(at.name);
  return `/${names.reverse().join('/')}` as TreePath;
}

function kindOf(before: Attributes | undefined, after: Attributes | undefined): LayerChange['kind'] | undefined {
  if (after === undefined) return before === undefined ? undefined : 'removed';
  if (before === undefined) return 'added';
  return before === after || isSameFolder(before, after) ? undefined : 'changed';
}

/** Layers name the folders above what they change. Files that are written again are shipped again, whether they differ or not. */
function isSameFolder(a: Attributes, b: Attributes): boolean {
  if (a.type !== 'directory' || b.type !== 'directory') return false;
  if (a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid || a.xattrs?.size !== b.xattrs?.size) return false;
  return [...(a.xattrs ?? [])].every(([name, value]) => {
    const other = b.xattrs?.get(name);
    return other !== undefined && Buffer.from(value).equals(other);
  });
}
