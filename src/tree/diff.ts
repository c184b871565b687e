import { compareBytes, type TreePath } from '../base/path.ts';
import type { ContentRef, Entry, Tree } from './types.ts';

type Difference = 'type' | 'mode' | 'owner' | 'size' | 'content' | 'link' | 'xattrs' | 'device';

export interface TreeDiff {
  /** Entries of `b` whose paths `a` does not have; in byte order, as are the others. */
  readonly added: readonly Entry[];
  /** Entries of `a` whose paths `b` does not have. */
  readonly removed: readonly Entry[];
  readonly changed: readonly { readonly path: TreePath; readonly what: readonly Difference[] }[];
}

/**
 * What changed from `a` to `b`; the root and times are left out. Nothing is read: contents of one size are the same when their sha256 are, or
 * when they are the same bytes in memory or at the same place; of two contents of which neither is known the word is 'content'.
 */
export function diffTrees(a: Tree, b: Tree): TreeDiff {
  const added: Entry[] = [];
  const removed: Entry[] = [];
  const changed: { path: TreePath; what: readonly Difference[] }[] = [];
  const left = a.walk()[Symbol.iterator]();
  const right = b.walk()[Symbol.iterator]();
  const next = (entries: Iterator<Entry>): Entry | undefined => {
    const result = entries.next();
    return result.done === true ? undefined : result.value;
  };
  let one = next(left);
  let two = next(right);
  while (one !== undefined || two !== undefined) {
    const order = one === undefined ? 1 : two === undefined ? -1 : compareBytes(one.path, two.path);
    if (order < 0) removed.push(one as Entry);
    else if (order > 0) added.push(two as Entry);
    else {
      const what = differences(one as Entry, two as Entry);
      if (what.length > 0) changed.push({ path: (one as Entry).path, what });
    }
    if (order <= 0) one = next(left);
    if (order >= 0) two = next(right);
  }
  return { added, removed, changed };
}

function differences(a: Entry, b: Entry): Difference[] {
  const what: Difference[] = [];
  if (a.type !== b.type) what.push('type');
  // The mode of a symbolic link means nothing.
  if (a.mode !== b.mode && !(a.type === 'symlink' && b.type === 'symlink')) what.push('mode');
  if (a.uid !== b.uid || a.gid !== b.gid) what.push('owner');
  if (a.size !== b.size) what.push('size');
  if (a.content !== undefined && b.content !== undefined && !sameContent(a, b)) what.push('content');
  if (a.type === b.type && a.link !== b.link) what.push('link');
  if (!sameXattrs(a.xattrs, b.xattrs)) what.push('xattrs');
  if (a.type === b.type && String(a.device) !== String(b.device)) what.push('device');
  return what;
}

function sameContent(a: Entry, b: Entry): boolean {
  if (a.size !== b.size) return false;
  if (a.size === 0) return true;
  if (a.sha256 !== undefined && b.sha256 !== undefined) return a.sha256 === b.sha256;
  return samePlace(a.content as ContentRef, b.content as ContentRef, a.mtime === b.mtime);
}

function samePlace(a: ContentRef, b: ContentRef, sameTime: boolean): boolean {
  if (a.in === 'layer' && b.in === 'layer') return a.diffId === b.diffId && a.offset === b.offset;
  if (a.in === 'host' && b.in === 'host') return sameTime && bytes(a.path).equals(bytes(b.path));
  if (a.in === 'memory' && b.in === 'memory') return bytes(a.bytes).equals(b.bytes);
  return false;
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
