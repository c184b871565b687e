import { compareBytes, ROOT, type TreePath } from '../base/path.ts';
import { hardLinkNames, type HardLinkName, type HardLinkNames } from './hard-links.ts';
import type { ContentRef, Entry, Tree } from './types.ts';

/** `link`: the target of a symbolic link, or which of the other names are names of the same file. */
export type Difference = 'type' | 'content' | 'mode' | 'owner' | 'link' | 'device' | 'xattrs' | 'mtime';

/** An entry of one Tree. */
export interface DiffEntry {
  readonly entry: Entry;
  /** What it is when names of one file are told apart by byte order: the first one that both Trees have is the file. */
  readonly type: Entry['type'];
  /** Bytes of content that this name stands for; 0 for further names of a file. */
  readonly cost: number;
  /** Target of a symbolic link; of a hard link the name that is the file. */
  readonly link?: string;
}

export interface ChangedEntry {
  readonly before: DiffEntry;
  readonly after: DiffEntry;
  readonly what: readonly Difference[];
}

export interface TreeDiff {
  /** What only `b` has; in byte order of the paths, as are the others. */
  readonly added: readonly DiffEntry[];
  readonly removed: readonly DiffEntry[];
  readonly changed: readonly ChangedEntry[];
  /** Contents of one size of which it is not known whether they are the same. `what` is the rest, and may be empty. */
  readonly unsure: readonly ChangedEntry[];
  /** How the entries of `a`, and of `b`, are seen here. */
  readonly ofA: Describe;
  readonly ofB: Describe;
}

type Describe = (entry: Entry) => DiffEntry;

export interface TreeDiffOptions {
  /** Times are compared too, to the second: not every archive tells more. Those of the root are not. */
  readonly times?: boolean;
  /** False where one of the Trees has no extended attributes because nobody could read them. */
  readonly xattrs?: boolean;
}

/**
 * What changed from `a` to `b`. Nothing is read: contents of one size are the same when their sha256 are, or when they are the same bytes in memory or at
 * the same place. Of the root only mode, owner and attributes are compared. Names of one file are compared as the set that they are: in which order an archive
 * has them makes no difference, and neither does it to the others that one of them is gone.
 */
export function diffTrees(a: Tree, b: Tree, { times = false, xattrs = true }: TreeDiffOptions = {}): TreeDiff {
  const names = [hardLinkNames(a, b), hardLinkNames(b, a)] as const;
  const [ofA, ofB] = names.map((links) => (entry: Entry) => diffEntry(entry, links)) as [Describe, Describe];
  const added: DiffEntry[] = [];
  const removed: DiffEntry[] = [];
  const changed: ChangedEntry[] = [];
  const unsure: ChangedEntry[] = [];
  const compare = (one: Entry, two: Entry): void => {
    const [first, second] = [names[0].get(one.path), names[1].get(two.path)];
    // Where layers are shared it may be the same object; its other names may be others all the same.
    if (one === two && first === undefined && second === undefined) return;
    const what = differences(faceOf(one, first), faceOf(two, second), { times: times && one.path !== ROOT, xattrs });
    const known = what[0] === 'type' ? true : sameContent(one, two);
    if (known === true && what.length === 0) return;
    const rest = { before: ofA(one), after: ofB(two) };
    if (known === undefined) unsure.push({ ...rest, what });
    else changed.push({ ...rest, what: known ? what : ['content', ...what] });
  };
  const roots = [a.get(ROOT), b.get(ROOT)] as const;
  if (roots[0] !== undefined && roots[1] !== undefined) compare(roots[0], roots[1]);
  const left = a.walk()[Symbol.iterator]();
  const right = b.walk()[Symbol.iterator]();
  let one = next(left);
  let two = next(right);
  while (one !== undefined || two !== undefined) {
    const order = one === undefined ? 1 : two === undefined ? -1 : compareBytes(one.path, two.path);
    if (order < 0) removed.push(ofA(one as Entry));
    else if (order > 0) added.push(ofB(two as Entry));
    else compare(one as Entry, two as Entry);
    if (order <= 0) one = next(left);
    if (order >= 0) two = next(right);
  }
  return { added, removed, changed, unsure, ofA, ofB };
}

function next(entries: Iterator<Entry>): Entry | undefined {
  const result = entries.next();
  return result.done === true ? undefined : result.value;
}

function diffEntry(entry: Entry, links: HardLinkNames): DiffEntry {
  const name = links.get(entry.path);
  const type = name === undefined ? entry.type : name.first === entry.path ? name.inode.type : 'hardlink';
  const link = type === 'hardlink' ? (name?.first ?? entry.link) : (name?.inode ?? entry).link;
  return { entry, type, cost: type === 'file' ? entry.size : 0, ...(link === undefined ? {} : { link }) };
}

/** An entry as whoever opens it sees it: any name of a file is that file. */
interface Face {
  readonly entry: Entry;
  readonly type: Entry['type'];
  readonly target: string | undefined;
  readonly first: TreePath;
}

function faceOf(entry: Entry, name: HardLinkName | undefined): Face {
  const { link: target, type } = name?.inode ?? entry;
  return { entry, type, target, first: name?.first ?? entry.path };
}

function differences(one: Face, two: Face, { times, xattrs }: Required<TreeDiffOptions>): Difference[] {
  const [a, b] = [one.entry, two.entry];
  const what: Difference[] = [];
  const isSame = one.type === two.type;
  if (!isSame) what.push('type');
  // The mode of a symbolic link means nothing.
  if (a.mode !== b.mode && !(one.type === 'symlink' && two.type === 'symlink')) what.push('mode');
  if (a.uid !== b.uid || a.gid !== b.gid) what.push('owner');
  if (isSame && (one.target !== two.target || one.first !== two.first)) what.push('link');
  if (isSame && String(a.device) !== String(b.device)) what.push('device');
  if (xattrs && !sameXattrs(a.xattrs, b.xattrs)) what.push('xattrs');
  if (times && Math.floor(a.mtime) !== Math.floor(b.mtime)) what.push('mtime');
  return what;
}

/** Undefined: to be read. */
function sameContent(a: Entry, b: Entry): boolean | undefined {
  if (a.content === undefined || b.content === undefined) return true;
  if (a.size !== b.size) return false;
  if (a.size === 0) return true;
  if (a.sha256 !== undefined && b.sha256 !== undefined) return a.sha256 === b.sha256;
  return samePlace(a.content, b.content, a.mtime === b.mtime);
}

function samePlace(a: ContentRef, b: ContentRef, sameTime: boolean): boolean | undefined {
  if (a.in === 'memory' && b.in === 'memory') return bytes(a.bytes).equals(b.bytes);
  const isSame =
    (a.in === 'layer' && b.in === 'layer' && a.diffId === b.diffId && a.offset === b.offset) ||
    (a.in === 'host' && b.in === 'host' && sameTime && bytes(a.path).equals(bytes(b.path)));
  return isSame ? true : undefined;
}

function bytes(value: string | Uint8Array): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : Buffer.from(value);
}

function sameXattrs(a: Entry['xattrs'], b: Entry['xattrs']): boolean {
  if ((a?.size ?? 0) !== (b?.size ?? 0)) return false;
  for (const [name, value] of a ?? []) {
    const other = b?.get(name);
    if (other === undefined || !bytes(value).equals(other)) return false;
  }
  return true;
}
