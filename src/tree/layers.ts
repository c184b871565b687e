import { TareError } from '../base/error.ts';
import { cleanPath, nameOf, parentOf, quotePath, ROOT, type TreePath } from '../base/path.ts';
import type { Digest } from '../base/digest.ts';
import type { Writable } from '../base/writable.ts';
import type { IndexedMember, LayerIndex } from '../store/types.ts';
import { createChangeLog, type LayerChange } from './layer-changes.ts';
import { isLinkedFile, layerNameOf } from './layer-names.ts';
import { createNodeTree, inodeOf, plainInode, type Inode, type Node, type NodeTree } from './layer-nodes.ts';
import { entriesOf } from './layer-entries.ts';
import { createSortedTree } from './memory.ts';
import type { Tree } from './types.ts';

export interface LayersOptions {
  /** Looks at an upper layer without those below: a hard link to something that is not there stays one, with its target's name and no content. */
  readonly lenient?: boolean;
  /** Told what each layer did, when it has been applied. */
  readonly onLayer?: (layer: number, changes: readonly LayerChange[]) => void;
}

interface Application {
  readonly nodes: NodeTree;
  readonly layer: number;
  readonly diffId: Digest;
  readonly lenient: boolean;
  /** What this layer has put aside for its hard links, as aufs did. */
  readonly aside: Map<TreePath, Inode>;
}

/**
 * The file system that layers (base first) make together: image-spec layer.md, "Applying Changesets", and where it is silent what
 * containerd and umoci do, except that it does not matter where in its layer a whiteout stands:
 *
 * - Members are applied in their order; the last of several of one name wins. A folder over a folder changes its attributes and keeps what is in it;
 *   anything else takes the place of what was there, with all below it, a folder over a link to a folder too.
 * - A whiteout takes away what lower layers have, before or after members of its own layer. Folders of which only this layer's members are
 *   left, and which it has no member for, are plain again (0755, root), as if it had made them.
 * - Links on the way to a member are followed inside the root; folders that are missing, also behind a dangling link, are made plain.
 * - A hard link shares the inode of its target, which must be there by then. Its own attributes say nothing. When the name that a
 *   file was made under is gone, the first of the others in byte order is the `file`.
 * - Layers that aufs wrote keep files below `/.wh..wh.plnk` which their hard links name as targets: such a link is that file.
 * - The root's own member gives the attributes of the root. A character device 0:0 is a device: it marks a whiteout on disk only.
 *
 * @throws TareError E_TAR_PATH for a path or a hard link that leaves the root, or a bad whiteout; E_TAR for a hard link to nothing or to a folder, and a root
 * that is none; E_NOT_DIRECTORY for a path through a file; E_LOOP; E_LIMIT; E_PATH
 */
export function treeOfLayers(indexes: readonly LayerIndex[], options: LayersOptions = {}): Tree {
  const log = options.onLayer === undefined ? undefined : createChangeLog();
  const nodes = createNodeTree(log);
  for (const [layer, index] of indexes.entries()) {
    applyLayer(nodes, layer, index, options.lenient);
    if (log !== undefined) options.onLayer?.(layer, log.take());
  }
  return createSortedTree(entriesOf(nodes.root));
}

/** The same of two images. Layers that both have at their bottom are applied once, and what nothing above them touches is the same object in both trees. */
export function treesOfLayers(a: readonly LayerIndex[], b: readonly LayerIndex[]): readonly [a: Tree, b: Tree] {
  const differing = a.findIndex(({ diffId }, layer) => diffId !== b[layer]?.diffId);
  const shared = differing === -1 ? a.length : differing;
  const nodes = createNodeTree();
  for (const [layer, index] of a.slice(0, shared).entries()) applyLayer(nodes, layer, index);
  if (shared > 0) entriesOf(nodes.root);
  const other = nodes.fork();
  const above = (to: NodeTree, indexes: readonly LayerIndex[]): Tree => {
    for (const [at, index] of indexes.slice(shared).entries()) applyLayer(to, shared + at, index);
    return createSortedTree(entriesOf(to.root));
  };
  return [above(nodes, a), above(other, b)];
}

function applyLayer(nodes: NodeTree, layer: number, { diffId, members }: LayerIndex, lenient = false): void {
  const application: Application = { nodes, layer, diffId, lenient, aside: new Map() };
  for (const member of members) applyMember(application, member);
}

function applyMember(application: Application, member: IndexedMember): void {
  const { nodes, layer } = application;
  const where = `layer ${layer}`;
  const path = cleanPath(member.path);
  const meaning = layerNameOf(path, where);
  switch (meaning.is) {
    case 'ignored':
      return;
    case 'linked':
      if (member.type === 'file') application.aside.set(path, newInode(application, member, path));
      return;
    case 'opaque': {
      const dir = nodes.findFolder(meaning.dir, where);
      if (dir !== undefined) clear(nodes, dir, layer);
      return;
    }
    case 'whiteout': {
      const target = nodes.findFolder(meaning.dir, where)?.children?.get(meaning.name);
      if (target !== undefined) whiteOut(nodes, target, layer);
      return;
    }
    case 'entry':
      if (path === ROOT) applyRoot(application, member);
      else applyEntry(application, member, path);
  }
}

function applyRoot({ nodes, layer }: Application, member: IndexedMember): void {
  if (member.type !== 'directory')
    throw new TareError('E_TAR', `layer ${layer}: the root is a ${member.type}, not a folder`);
  nodes.alter(nodes.root, inodeOf(attributesOf(member)), layer);
}

function applyEntry(application: Application, member: IndexedMember, path: TreePath): void {
  const { nodes, layer } = application;
  const parent = nodes.makeFolder(parentOf(path), layer, `layer ${layer}`);
  const name = nameOf(path);
  const existing = parent.children?.get(name);
  if (member.type === 'directory' && existing?.children !== undefined) {
    nodes.alter(existing, inodeOf(attributesOf(member)), layer);
    existing.written = layer;
    for (let up: Node | undefined = existing; up !== undefined && up.touched !== layer; up = up.parent)
      up.touched = layer;
    return;
  }
  // Before the target of a hard link is looked for: it may have been what goes.
  if (existing !== undefined) nodes.remove(existing);
  const inode =
    member.type === 'hardlink' ? linkedInode(application, member, path) : newInode(application, member, path);
  nodes.put(parent, name, inode, layer, true);
}

function newInode({ layer, diffId }: Application, member: IndexedMember, path: TreePath): Inode {
  const attributes = attributesOf(member);
  if (member.type === 'symlink') {
    const link = member.linkname ?? '';
    if (link === '' || link.includes('\0')) {
      throw new TareError(
        'E_TAR',
        `layer ${layer}: the target of the symbolic link ${quotePath(path)} is empty or not a path`,
      );
    }
    attributes.link = link;
    return inodeOf(attributes);
  }
  if (member.type !== 'file') return inodeOf(attributes);
  const { dataOffset: offset, dataSize: size, sparse, sha256 } = member;
  attributes.size = member.size;
  attributes.content = { in: 'layer', diffId, offset, size, ...(sparse === undefined ? {} : { sparse }) };
  if (sha256 !== undefined) attributes.sha256 = sha256;
  return inodeOf(attributes);
}

/** Assigned, not spread, as are entries: see layer-record.ts. */
function attributesOf({ device, gid, mode, mtime, type, uid, xattrs }: IndexedMember): Writable<Inode['attributes']> {
  const attributes: Writable<Inode['attributes']> = { type, mode, uid, gid, size: 0, mtime };
  if (device !== undefined) attributes.device = device;
  if (xattrs !== undefined && xattrs.size > 0) attributes.xattrs = xattrs;
  return attributes;
}

function linkedInode({ nodes, layer, lenient, aside }: Application, member: IndexedMember, path: TreePath): Inode {
  const target = cleanPath(member.linkname ?? '');
  const kept = isLinkedFile(target) ? aside.get(target) : undefined;
  if (kept !== undefined) {
    if (kept.owner !== undefined) kept.shared = true;
    return kept;
  }
  const dir = target === ROOT ? undefined : nodes.findFolder(parentOf(target), `layer ${layer}`);
  const found = dir?.children?.get(nameOf(target));
  if (found !== undefined && found.children === undefined) {
    found.inode.shared = true;
    return found.inode;
  }
  if (lenient) return inodeOf({ ...attributesOf(member), link: target });
  const fault = found === undefined && target !== ROOT ? 'which is not there' : 'which is a folder';
  throw new TareError('E_TAR', `layer ${layer}: ${quotePath(path)} is a hard link to ${quotePath(target)}, ${fault}`);
}

/** Takes away what lower layers have at `node`; what this layer wrote stays. */
function whiteOut(nodes: NodeTree, node: Node, layer: number): void {
  if (node.touched !== layer) {
    nodes.remove(node);
    return;
  }
  if (node.children === undefined) return;
  if (node.written !== layer) nodes.alter(node, plainInode(), layer);
  clear(nodes, node, layer);
}

/** The same for all that is in a folder. Each folder is gone through once in a layer, however often it is asked for. */
function clear(nodes: NodeTree, dir: Node, layer: number): void {
  const todo: Node[] = [dir];
  for (let folder = todo.pop(); folder !== undefined; folder = todo.pop()) {
    if (folder.cleared === layer) continue;
    folder.cleared = layer;
    for (const child of folder.children?.values() ?? []) {
      if (child.touched !== layer) {
        nodes.remove(child);
      } else if (child.children !== undefined) {
        if (child.written !== layer) nodes.alter(child, plainInode(), layer);
        todo.push(child);
      }
    }
  }
}
