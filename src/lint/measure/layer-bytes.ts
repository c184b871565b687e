import { cleanPath, type TreePath } from '../../base/path.ts';
import type { LayerIndex } from '../../store/types.ts';
import { layerNameOf } from '../../tree/layer-names.ts';

/** What a layer brings and hides. Sizes in bytes on disk. */
export interface LayerBytes {
  readonly files: readonly { readonly path: TreePath; readonly size: number }[];
  readonly hidden: number;
  readonly repeated: number;
}

interface Node {
  children?: Map<string, Node>;
  size: number;
  sha256?: string | undefined;
  layer: number;
}

/**
 * Applies layers, base first, and counts for each one what it hides of those below and what it only repeats. Links on the way to a member are not
 * followed and hard links count nothing: this is about where bytes are, not about what a process sees.
 */
export function bytesOfLayers(indexes: readonly LayerIndex[]): readonly LayerBytes[] {
  const root: Node = { size: 0, layer: -1 };
  return indexes.map(({ members }, layer) => {
    const files: { path: TreePath; size: number }[] = [];
    let hidden = 0;
    let repeated = 0;
    for (const member of members) {
      const path = cleanPath(member.path);
      const name = layerNameOf(path, `layer ${layer}`);
      if (name.is === 'whiteout') hidden += removed(find(root, name.dir), name.name, layer);
      else if (name.is === 'opaque') {
        const folder = find(root, name.dir);
        // What is looked at may go: a Map allows that.
        for (const child of folder?.children?.keys() ?? []) hidden += removed(folder, child, layer);
      } else if (name.is === 'entry' && path !== '/') {
        const parts = path.slice(1).split('/');
        const last = parts.pop() as string;
        const parent = make(root, parts, layer);
        const before = parent.children?.get(last);
        if (member.type === 'directory') {
          if (before?.children === undefined && before !== undefined) removed(parent, last, layer);
          make(parent, [last], layer);
          continue;
        }
        if (before !== undefined && before.layer < layer) {
          if (member.type === 'file' && member.size > 0 && member.sha256 === before.sha256) repeated += member.size;
          removed(parent, last, layer);
        }
        const size = member.type === 'file' ? member.size : 0;
        (parent.children ??= new Map()).set(last, { size, sha256: member.sha256, layer });
        if (size > 0) files.push({ path, size });
      }
    }
    return { files, hidden, repeated };
  });
}

function find(root: Node, path: TreePath): Node | undefined {
  let node: Node | undefined = root;
  for (const part of path === '/' ? [] : path.slice(1).split('/')) node = node?.children?.get(part);
  return node;
}

function make(root: Node, parts: readonly string[], layer: number): Node {
  let node = root;
  for (const part of parts) {
    const children = (node.children ??= new Map());
    let next = children.get(part);
    if (next === undefined) {
      next = { size: 0, layer, children: new Map() };
      children.set(part, next);
    }
    node = next;
  }
  return node;
}

/** Takes a child away; gives the bytes of lower layers in it. What this very layer has put there stays: whiteouts speak of lower layers. */
function removed(parent: Node | undefined, name: string, layer: number): number {
  const first = parent?.children?.get(name);
  if (parent === undefined || first === undefined) return 0;
  let bytes = 0;
  const open: Node[] = [first];
  let own = false;
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.layer < layer) {
      bytes += node.size;
      node.size = 0;
    } else if (node.size > 0) own = true;
    open.push(...(node.children?.values() ?? []));
  }
  if (!own) parent.children?.delete(name);
  return bytes;
}
