import { compareBytes, joinPath, nameOf, parentOf, type TreePath } from '../base/path.ts';
import type { Entry, Tree } from '../tree/types.ts';
import { recordedPath } from './record-files.ts';
import { twinsIn } from './twins.ts';
import type { Package } from './types.ts';

/** A package and the paths that its record names, links on the way not followed. What is no clean path owns nothing. */
export interface Claim {
  readonly pkg: Package;
  /** Computed at each call: one manager may have hundreds of thousands, and most builds ask once. */
  readonly paths: () => readonly TreePath[];
}

export interface Ownership {
  readonly owner: (path: TreePath) => Package | undefined;
  readonly files: (pkg: Package) => readonly TreePath[];
  /** How many paths its record names that are not in the Tree; see `PackageDb.lacks`. */
  readonly lacks: (pkg: Package) => number;
  /** Whether something else than a folder is kept of what the claim names. */
  readonly keepsAny: (claim: Claim, kept: (path: TreePath) => boolean) => boolean;
  /** Whether the path is kept under that name or another one of its names. */
  readonly keeps: (path: TreePath, kept: (path: TreePath) => boolean) => boolean;
}

/**
 * What is left out or made anew without anybody missing it: documentation and translations (dpkg's `path-exclude` of slim images), state that programs
 * write themselves, byte code; Debian puts the commands of Python's packages elsewhere than their records say.
 */
const DISPENSABLE =
  /^\/usr\/share\/(?:doc|doc-base|info|lintian|locale|man|bug|groff)\/|^\/var\/|^\/usr\/lib\/python3\/scripts\/|\.pyc$/;

export interface OwnershipOptions {
  /** Whether a link that no record names belongs to whoever owns what it leads to. */
  readonly followed?: (link: Entry, target: TreePath, owner: Package) => boolean;
}

/**
 * Who owns what, from the claims of one manager. Of several that claim one file the first has it; a folder that several claim
 * has no owner.
 */
export function ownership(tree: Tree, claims: readonly Claim[], options: OwnershipOptions = {}): Ownership {
  const twins = twinsIn(tree);
  const inTree = inTreeFor(tree);
  let index: ClaimIndex | undefined;
  let tops: ReadonlySet<string> | undefined;
  let byPackage: ReadonlyMap<Package, Claim> | undefined;
  const claimed = (path: TreePath, name: TreePath): Package | undefined => {
    // Most questions are about the application's own files, for which the index need not be made.
    tops ??= topFolders(claims);
    if (!tops.has(topOf(name))) return undefined;
    index ??= indexOf(claims);
    const claim = index.first.get(name);
    return claim === undefined || (index.shared.has(name) && isFolder(tree, path)) ? undefined : claim.pkg;
  };
  const lookUp = (path: TreePath): Package | undefined => {
    const found = claimed(path, path);
    if (found !== undefined) return found;
    for (const twin of twins.of(path)) {
      // A twin that is there as well is another file.
      const there = inTree(twin);
      const owner = there === undefined || there === path ? claimed(path, twin) : undefined;
      if (owner !== undefined) return owner;
    }
    return undefined;
  };
  const owner = (path: TreePath): Package | undefined => {
    const found = lookUp(path);
    if (found !== undefined || options.followed === undefined) return found;
    const entry = tree.get(path);
    const target = entry?.type === 'symlink' ? tree.resolve(path)?.entry : undefined;
    if (entry === undefined || target === undefined || target.type === 'directory') return undefined;
    const behind = lookUp(target.path);
    return behind !== undefined && options.followed(entry, target.path, behind) ? behind : undefined;
  };
  const actual = (path: TreePath): TreePath | undefined =>
    [path, ...twins.of(path)].map((name) => inTree(name)).find((found) => found !== undefined);
  /** Whether the claim names it as a folder, which may have become a link. A link to a folder may also be shipped itself. */
  const isFolderOf = (path: TreePath, claim: Claim, at = path): boolean => {
    if (tree.get(at)?.type === 'directory') return true;
    if (!isFolder(tree, at)) return false;
    return twins.isBridge(path) || claim.paths().some((other) => other.startsWith(`${path}/`));
  };
  const keeps: Ownership['keeps'] = (path, kept) => kept(path) || twins.of(path).some(kept);
  return {
    owner,
    files: (pkg) => {
      const claim = claims.find((item) => item.pkg === pkg);
      const named = (claim?.paths() ?? []).filter((path) => recordedPath(path) === path);
      const paths = named.flatMap((path) => actual(path) ?? []).filter((path) => owner(path) === pkg);
      return [...new Set(paths)].sort(compareBytes);
    },
    lacks: (pkg) => {
      byPackage ??= new Map(claims.map((claim) => [claim.pkg, claim]));
      const named = (byPackage.get(pkg)?.paths() ?? []).filter((path) => recordedPath(path) === path);
      return named.filter((path) => !DISPENSABLE.test(path) && actual(path) === undefined).length;
    },
    keepsAny: (claim, kept) =>
      claim.paths().some((path) => keeps(path, kept) && !isFolderOf(path, claim, actual(path))),
    keeps,
  };
}

/** The name that the Tree has for a path through links; undefined when it is not there. */
function inTreeFor(tree: Tree): (path: TreePath) => TreePath | undefined {
  const folders = new Map<TreePath, TreePath | undefined>();
  const folderOf = (path: TreePath): TreePath | undefined => {
    if (!folders.has(path)) folders.set(path, tree.resolve(path)?.entry.path);
    return folders.get(path);
  };
  return (path) => {
    const parent = folderOf(parentOf(path));
    const direct = parent === undefined ? undefined : joinPath(parent, nameOf(path));
    return direct === undefined || tree.get(direct) === undefined ? undefined : direct;
  };
}

/** A folder, or the link that a folder has become since. */
function isFolder(tree: Tree, path: TreePath): boolean {
  return tree.resolve(path)?.entry.type === 'directory';
}

interface ClaimIndex {
  readonly first: ReadonlyMap<TreePath, Claim>;
  readonly shared: ReadonlySet<TreePath>;
}

function indexOf(claims: readonly Claim[]): ClaimIndex {
  const first = new Map<TreePath, Claim>();
  const shared = new Set<TreePath>();
  for (const claim of claims) {
    for (const path of claim.paths()) {
      const other = first.get(path);
      if (other === undefined) first.set(path, claim);
      else if (other !== claim) shared.add(path);
    }
  }
  return { first, shared };
}

/** `/usr` for `/usr/bin/x`. */
function topOf(path: TreePath): string {
  const end = path.indexOf('/', 1);
  return end === -1 ? path : path.slice(0, end);
}

function topFolders(claims: readonly Claim[]): Set<string> {
  const tops = new Set<string>();
  let last = '\0';
  for (const claim of claims) {
    for (const path of claim.paths()) {
      if (path === '' || path.startsWith(last)) continue;
      const top = topOf(path);
      tops.add(top);
      last = `${top}/`;
    }
  }
  return tops;
}
