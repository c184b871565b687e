import { cleanPath, nameOf, parentOf, ROOT, type ByteString, type TreePath } from '../../base/path.ts';
import type { IndexedMember } from '../../store/types.ts';

/** A path of all layers together. */
interface Node {
  readonly parent: Node | undefined;
  children: Map<ByteString, Node> | undefined;
  /** Of the last layer that has it; 0 for all but files. */
  size: number;
  isFolder: boolean;
  /** Whether the layers so far leave it there. */
  isThere: boolean;
  /** The last layer that has something below it: no leaf there. */
  inner: number;
  /** What is added up for the path. */
  count: number;
  cumulative: number;
  smallest: number;
}

export interface DiveScore {
  /** 0–1 */
  readonly efficiency: number;
  readonly wastedBytes: number;
}

const WHITEOUT = '.wh.';
const META = '/.wh..wh.';

/**
 * The score of dive, so that numbers can be compared (dive v0.13.1, filetree/efficiency.go and filetree/file_tree.go): each path that is a leaf in a layer
 * is discovered there with its size, a whiteout of a folder with all that the layers below have in it, a whiteout of a file with 0. The score is
 * the sum of the smallest size of each path over the sum of all sizes; wasted are all copies of what is discovered more than once, the visible one too.
 * Opaque folders count nothing, and neither does what a file hides that takes the place of a folder. Other than in dive a whiteout of nothing is ignored:
 * dive leaves the rest of its layer out.
 */
export function createDiveScore(): { add(members: readonly IndexedMember[]): void; score(): DiveScore } {
  /** All that there ever were. */
  const all: Node[] = [];
  const childOf = (folder: Node, name: ByteString): Node => {
    folder.children ??= new Map();
    let child = folder.children.get(name);
    if (child === undefined) {
      child = newNode(folder);
      folder.children.set(name, child);
      all.push(child);
    }
    return child;
  };
  const root = newNode(undefined);
  let layer = -1;
  const folders = new Map<TreePath, Node>([[ROOT, root]]);

  /** Made with all that is above it, which thereby is no leaf in this layer. */
  const folderOf = (path: TreePath): Node => {
    let folder = folders.get(path);
    if (folder === undefined) {
      folder = path.slice(1).split('/').reduce(childOf, root);
      folders.set(path, folder);
    }
    for (let up: Node | undefined = folder; up !== undefined && up.inner !== layer; up = up.parent) up.inner = layer;
    return folder;
  };

  return {
    add: (members) => {
      layer += 1;
      // Of several members of one name the last counts.
      const written = new Map<Node, IndexedMember>();
      const deleted = new Set<Node>();
      for (const member of members) {
        const path = cleanPath(member.path);
        if (path === ROOT || path.includes(META)) continue;
        const name = nameOf(path);
        const folder = folderOf(parentOf(path));
        if (!name.startsWith(WHITEOUT)) written.set(childOf(folder, name), member);
        else {
          const target = folder.children?.get(name.slice(WHITEOUT.length));
          if (target?.isThere === true) deleted.add(target);
        }
      }
      for (const node of deleted) discover(node, node.isFolder ? sizeOf(node) : 0);
      for (const [node, { size }] of written) if (node.inner !== layer) discover(node, size);
      for (const node of deleted) for (const each of thereIn(node)) each.isThere = false;
      for (const [node, { size, type }] of written) {
        node.size = size;
        node.isFolder = type === 'directory';
        for (let up: Node | undefined = node; up !== undefined && !up.isThere; up = up.parent) up.isThere = true;
      }
    },
    score: () => {
      const sum = { smallest: 0, all: 0, wasted: 0 };
      for (const node of all) {
        sum.smallest += node.smallest;
        sum.all += node.cumulative;
        if (node.count > 1) sum.wasted += node.cumulative;
      }
      return { efficiency: sum.all === 0 ? 1 : sum.smallest / sum.all, wastedBytes: sum.wasted };
    },
  };
}

function newNode(parent: Node | undefined): Node {
  return {
    parent,
    children: undefined,
    size: 0,
    isFolder: false,
    isThere: parent === undefined,
    inner: -1,
    count: 0,
    cumulative: 0,
    smallest: 0,
  };
}

function discover(node: Node, size: number): void {
  node.smallest = node.count === 0 ? size : Math.min(node.smallest, size);
  node.cumulative += size;
  node.count += 1;
}

function* below(node: Node): Generator<Node> {
  const todo = [node];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    yield next;
    for (const child of next.children?.values() ?? []) todo.push(child);
  }
}

const thereIn = (node: Node): Node[] => [...below(node)].filter((each) => each.isThere);
const sizeOf = (node: Node): number => thereIn(node).reduce((sum, { size }) => sum + size, 0);
