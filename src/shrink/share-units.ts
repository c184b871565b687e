import { compareBytes, lastFolder, ROOT, type TreePath } from '../base/path.ts';
import type { Entry } from '../tree/types.ts';
import type { Grouped } from './layers.ts';

/** Equal texts are equal bytes; undefined: not known, so that it is shared with nobody. Asked of files alone. */
export type IdentityOf = (entry: Entry) => string | undefined;

/** What goes into one layer or another as a whole: a path, or all names of one inode. */
export interface Unit {
  /** The same for units that make the same members of an archive. */
  readonly key: string;
  /** As they came. */
  readonly entries: readonly Entry[];
  /** Of content. */
  readonly bytes: number;
  /** Paths that are no folders. */
  readonly files: number;
}

/** What one service has to share. */
export interface Offer {
  readonly units: readonly Unit[];
  /** Folders that something is in, by path: they go along with what is in them. */
  readonly folders: ReadonlyMap<TreePath, { readonly key: string; readonly entry: Entry }>;
}

const NOTHING: Offer = { units: [], folders: new Map() };

/**
 * What of some layers (lowest first) may go below all of them without a change to the file system that they make together.
 *
 * A path that several of the layers have stays where it is: one of its entries replaces the other. So does an inode whose names are in several layers, for there
 * each layer has a copy of its own. A service in which a path leads through something that is no folder offers nothing: what it means depends on
 * the order of the layers.
 *
 * @param stays groups that offer nothing
 */
export function offerOf(layers: readonly Grouped[], stays: ReadonlySet<string>, identityOf: IdentityOf): Offer {
  const seen = surveyOf(layers);
  if (seen === undefined) return NOTHING;
  const units: Unit[] = [];
  const folders = new Map<TreePath, { readonly key: string; readonly entry: Entry }>();
  for (const { entries, group } of layers) {
    if (stays.has(group)) continue;
    for (const [inode, names] of inodesOf(entries)) {
      if (seen.scattered.has(inode) || names.some(({ path }) => seen.repeated.has(path))) continue;
      const unit = unitOf(inode, names, identityOf);
      if (unit === undefined) continue;
      const [entry] = names;
      if (entry !== undefined && seen.parents.has(entry.path)) folders.set(entry.path, { key: unit.key, entry });
      else units.push(unit);
    }
  }
  return { units, folders };
}

interface Survey {
  /** Paths that several layers have. */
  readonly repeated: ReadonlySet<TreePath>;
  /** Inodes (by the path of their own name) with names in several layers. */
  readonly scattered: ReadonlySet<TreePath>;
  /** Folders that something is in. */
  readonly parents: ReadonlySet<TreePath>;
}

function surveyOf(layers: readonly Grouped[]): Survey | undefined {
  const paths = new Map<TreePath, Entry>();
  const repeated = new Set<TreePath>();
  const homes = new Map<TreePath, Grouped>();
  const scattered = new Set<TreePath>();
  const parents = new Set<TreePath>();
  const closed = new Set<TreePath>();
  const folderOf = lastFolder();
  for (const layer of layers) {
    for (const entry of layer.entries) {
      if (paths.has(entry.path)) repeated.add(entry.path);
      paths.set(entry.path, entry);
      if (entry.type !== 'directory') closed.add(entry.path);
      const inode = inodeOf(entry);
      const home = homes.get(inode);
      if (home === undefined) homes.set(inode, layer);
      else if (home !== layer) scattered.add(inode);
      for (let path = entry.path; path !== ROOT;) {
        path = folderOf(path);
        if (parents.has(path)) break;
        parents.add(path);
      }
    }
  }
  for (const path of closed) if (parents.has(path)) return undefined;
  return { repeated, scattered, parents };
}

/** As pack/members.ts sees it. */
function inodeOf(entry: Entry): TreePath {
  return entry.type === 'hardlink' ? (entry.link as TreePath) : entry.path;
}

function inodesOf(entries: readonly Entry[]): ReadonlyMap<TreePath, readonly Entry[]> {
  const inodes = new Map<TreePath, Entry[]>();
  for (const entry of entries) {
    const names = inodes.get(inodeOf(entry));
    if (names === undefined) inodes.set(inodeOf(entry), [entry]);
    else names.push(entry);
  }
  return inodes;
}

/** Undefined where the content is not known. Which of several names is the file is no matter: the first in byte order is, once it is packed. */
function unitOf(inode: TreePath, names: readonly Entry[], identityOf: IdentityOf): Unit | undefined {
  const sorted = names.length === 1 ? names : [...names].sort((a, b) => compareBytes(a.path, b.path));
  const owner = sorted.find(({ path }) => path === inode) ?? sorted[0];
  if (owner === undefined) return undefined;
  const isFile = owner.type === 'file' || owner.type === 'hardlink';
  const identity = isFile ? identityOf(owner) : '';
  if (identity === undefined) return undefined;
  const { device, gid, link, mode, mtime, size, type, uid } = owner;
  const key = JSON.stringify([
    ...sorted.map(({ path }) => path),
    isFile ? 'file' : type,
    mode,
    uid,
    gid,
    isFile ? size : 0,
    mtime,
    type === 'symlink' ? link : null,
    device ?? null,
    xattrsOf(owner),
    identity,
  ]);
  return {
    key,
    entries: names,
    bytes: isFile ? size : 0,
    files: type === 'directory' ? 0 : names.length,
  };
}

function xattrsOf({ xattrs }: Entry): readonly (readonly [string, string])[] {
  if (xattrs === undefined) return [];
  return [...xattrs]
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([name, value]) => [name, Buffer.from(value).toString('base64')]);
}
