import { TareError } from '../base/error.ts';
import { quotePath, ROOT, type ByteString, type TreePath } from '../base/path.ts';
import type { ChangeLog } from './layer-changes.ts';
import type { Entry } from './types.ts';

/** What names point to: all of an Entry but its name and the layer that wrote the name. */
export interface Inode {
  readonly attributes: Omit<Entry, 'path' | 'layer'>;
  /** The name that it was made under; others are hard links to it. Undefined only while it is being made. */
  owner: Node | undefined;
  /** Whether it ever had another name. */
  shared: boolean;
}

/** A name in a folder. Mutable: layers are applied to it one by one. */
export interface Node {
  readonly name: ByteString;
  readonly parent: Node | undefined;
  inode: Inode;
  /** Of folders only. */
  readonly children: Map<ByteString, Node> | undefined;
  /** The layer that wrote it last. */
  layer: number;
  /** The last layer that has a member for it; -1 for a folder that only had to be there. */
  written: number;
  /** The last layer that wrote it or something below it. */
  touched: number;
  /** The last layer for which all that lower layers have in this folder was taken out. */
  cleared: number;
  /** Bytes of its path. */
  readonly pathBytes: number;
  /** What it was found to stand for, while that is so; not of what has several names. */
  entry: Entry | undefined;
}

/** Names that are created in all, counting those that are gone again. */
const MAX_NODES = 2_000_000;
/** Of all paths together: deep folders make long ones out of few bytes. */
const MAX_TOTAL_PATH_BYTES = 1024 ** 3; // 1 GiB
/** As in the reference tools, which do not ask the kernel (its limit is 40). */
const MAX_LINKS_ON_THE_WAY = 255;
/** Components that links put in the way of paths, over all layers. */
const MAX_LINK_STEPS = 100_000_000;

const PLAIN_DIRECTORY: Inode['attributes'] = { type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 0 };

export function inodeOf(attributes: Inode['attributes']): Inode {
  return { attributes, owner: undefined, shared: false };
}

export function plainInode(): Inode {
  return inodeOf(PLAIN_DIRECTORY);
}

/** The file system that layers are applied to. */
export interface NodeTree {
  readonly root: Node;
  /** Puts a name into a folder, in place of what was there (with all below it). */
  put(parent: Node, name: ByteString, inode: Inode, layer: number, written: boolean): Node;
  remove(node: Node): void;
  /** Gives a folder other attributes; what is in it stays. */
  alter(folder: Node, inode: Inode, layer: number): void;
  /** The folder `path`, links followed inside the root, what is missing made. @throws TareError E_NOT_DIRECTORY, E_LOOP, E_LIMIT */
  makeFolder(path: TreePath, layer: number, where: string): Node;
  /** The folder `path`, links followed inside the root. Undefined when it is not there or no folder. @throws TareError E_LOOP, E_LIMIT */
  findFolder(path: TreePath, where: string): Node | undefined;
  /** A copy that goes its own way from here on; without a log. */
  fork(): NodeTree;
}

/** What the limits are of. */
interface Counts {
  readonly nodes: number;
  readonly pathBytes: number;
  readonly linkSteps: number;
}

/** @param log is told of all that is done */
export function createNodeTree(log?: ChangeLog): NodeTree {
  return nodeTree(log, undefined, { nodes: 0, pathBytes: 0, linkSteps: 0 });
}

function nodeTree(log: ChangeLog | undefined, given: Node | undefined, counts: Counts): NodeTree {
  let { linkSteps, nodes, pathBytes } = counts;
  // Most members lie in the folder of the one before. Forgotten when a link may have come or a folder gone.
  let lastPath: TreePath | undefined;
  let lastFolder: Node | undefined;

  const make = (name: ByteString, parent: Node | undefined, inode: Inode, layer: number, written: boolean): Node => {
    const length = (parent?.pathBytes ?? 0) + 1 + name.length;
    nodes += 1;
    pathBytes += length;
    if (nodes > MAX_NODES) throw new TareError('E_LIMIT', `the layers hold more than ${MAX_NODES} paths`);
    if (pathBytes > MAX_TOTAL_PATH_BYTES) {
      throw new TareError('E_LIMIT', `the paths of the layers add up to more than ${MAX_TOTAL_PATH_BYTES} bytes`);
    }
    const node: Node = {
      name,
      parent,
      inode,
      children: inode.attributes.type === 'directory' ? new Map<ByteString, Node>() : undefined,
      layer,
      written: written ? layer : -1,
      touched: layer,
      cleared: -1,
      pathBytes: length,
      entry: undefined,
    };
    inode.owner ??= node;
    return node;
  };
  const root = given ?? make('', undefined, plainInode(), 0, false);

  const put = (parent: Node, name: ByteString, inode: Inode, layer: number, written: boolean): Node => {
    const node = make(name, parent, inode, layer, written);
    if (parent.children?.has(name) === true || inode.attributes.type === 'symlink') lastPath = undefined;
    parent.children?.set(name, node);
    for (let up: Node | undefined = parent; up !== undefined && up.touched !== layer; up = up.parent)
      up.touched = layer;
    log?.made(node);
    return node;
  };

  /**
   * Goes as far as there are folders; the rest of the way is returned as names below the last of them. Names that are not there (yet) are
   * taken by the letter, so that `..` after one takes it away again.
   */
  const go = (path: TreePath, where: string): { readonly at: Node; readonly rest: readonly ByteString[] } => {
    let at = root;
    let links = 0;
    const rest: ByteString[] = [];
    const todo: ByteString[] = path.split('/').reverse();
    while (todo.length > 0) {
      const name = todo.pop() as ByteString;
      if (name === '' || name === '.') continue;
      if (name === '..') {
        if (rest.pop() === undefined) at = at.parent ?? at;
        continue;
      }
      const next = rest.length > 0 ? undefined : at.children?.get(name);
      if (next?.children !== undefined) {
        at = next;
      } else if (next?.inode.attributes.type === 'symlink') {
        const target = next.inode.attributes.link ?? '';
        const steps = target.split('/').reverse();
        links += 1;
        linkSteps += steps.length;
        if (links > MAX_LINKS_ON_THE_WAY)
          throw new TareError('E_LOOP', `${where}: ${quotePath(path)} runs in a circle of links`);
        if (linkSteps > MAX_LINK_STEPS)
          throw new TareError('E_LIMIT', `${where}: too many links are in the way of paths`);
        if (target.startsWith('/')) at = root;
        todo.push(...steps);
      } else {
        rest.push(name);
      }
    }
    return { at, rest };
  };

  /** The folder `path` when all on the way are folders, as nearly always. */
  const plainFolder = (path: TreePath): Node | undefined => {
    let at = root;
    for (let start = 1; start > 0;) {
      const end = path.indexOf('/', start);
      const next = at.children?.get(end === -1 ? path.slice(start) : path.slice(start, end));
      if (next?.children === undefined) return undefined;
      at = next;
      start = end + 1;
    }
    return at;
  };

  return {
    root,
    put,
    remove: (node) => {
      log?.losing(node);
      lastPath = undefined;
      node.parent?.children?.delete(node.name);
    },
    alter: (folder, inode, layer) => {
      log?.altering(folder);
      folder.inode = inode;
      folder.layer = layer;
      folder.entry = undefined;
    },
    makeFolder: (path, layer, where) => {
      if (path === ROOT) return root;
      if (path === lastPath && lastFolder !== undefined) return lastFolder;
      const plain = plainFolder(path);
      if (plain !== undefined) {
        lastPath = path;
        lastFolder = plain;
        return plain;
      }
      const { at, rest } = go(path, where);
      const [first] = rest;
      if (first !== undefined && at.children?.has(first) === true) {
        throw new TareError(
          'E_NOT_DIRECTORY',
          `${where}: ${quotePath(first)} on the way to ${quotePath(path)} is not a folder`,
        );
      }
      const folder = rest.reduce((parent, name) => put(parent, name, plainInode(), layer, false), at);
      lastPath = path;
      lastFolder = folder;
      return folder;
    },
    findFolder: (path, where) => {
      const { at, rest } = go(path, where);
      return rest.length === 0 ? at : undefined;
    },
    fork: () => nodeTree(undefined, copyOf(root), { nodes, pathBytes, linkSteps }),
  };
}

function copyOf(root: Node): Node {
  const inodes = new Map<Inode, Inode>();
  const copy = (node: Node, parent: Node | undefined): Node => {
    let inode = node.inode.shared ? inodes.get(node.inode) : undefined;
    if (inode === undefined) {
      // The owner that is gone is nobody here either, and must not be replaced by another name.
      inode = { attributes: node.inode.attributes, owner: node.inode.owner, shared: node.inode.shared };
      if (node.inode.shared) inodes.set(node.inode, inode);
    }
    const children = node.children === undefined ? undefined : new Map<ByteString, Node>();
    const { cleared, entry, layer, name, pathBytes, touched, written } = node;
    const made: Node = { name, parent, inode, children, layer, written, touched, cleared, pathBytes, entry };
    if (node.inode.owner === node) inode.owner = made;
    return made;
  };
  const top = copy(root, undefined);
  const todo: (readonly [from: Node, to: Node])[] = [[root, top]];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const [from, to] = next;
    for (const child of from.children?.values() ?? []) {
      const made = copy(child, to);
      to.children?.set(child.name, made);
      if (child.children !== undefined) todo.push([child, made]);
    }
  }
  return top;
}
