import { textOfBytes } from '../../base/path.ts';
import type { Writable } from '../../base/writable.ts';
import { ownerOf } from '../../packages/index.ts';
import type { PackageDb } from '../../packages/types.ts';
import type { ChangedEntry, DiffEntry } from '../../tree/diff.ts';
import type { DiffAttributes, DiffChange, Difference, DiffPath, ImageDiff } from './types.ts';

export interface FoundPaths {
  readonly added: readonly DiffEntry[];
  readonly removed: readonly DiffEntry[];
  readonly changed: readonly ChangedEntry[];
}

type Described = Pick<ImageDiff, 'added' | 'removed' | 'changed' | 'bytes'>;

/** In the order in which they come. */
export function describePaths(found: FoundPaths, before: readonly PackageDb[], after: readonly PackageDb[]): Described {
  const sum = (entries: readonly DiffEntry[]): number => entries.reduce((all, { cost }) => all + cost, 0);
  const changed = found.changed.map((change) => changeOf(change, after));
  return {
    added: found.added.map((entry) => pathOf(entry, after)),
    removed: found.removed.map((entry) => pathOf(entry, before)),
    changed,
    bytes: {
      added: sum(found.added),
      removed: sum(found.removed),
      changed: changed.reduce((all, { growth }) => all + growth, 0),
      rewritten: sum(found.changed.filter(({ what }) => what.includes('content')).map((change) => change.after)),
    },
  };
}

function pathOf({ cost, entry, type }: DiffEntry, databases: readonly PackageDb[]): DiffPath {
  const owner = ownerOf(databases, entry.path);
  return {
    path: textOfBytes(entry.path),
    type,
    size: cost,
    ...(owner === undefined ? {} : { package: owner.name }),
    ...(entry.layer === undefined ? {} : { layer: entry.layer }),
  };
}

function changeOf(change: ChangedEntry, databases: readonly PackageDb[]): DiffChange {
  const { after, before, what } = change;
  return {
    ...pathOf(after, databases),
    what,
    growth: after.cost - before.cost,
    before: attributesOf(before, what),
    after: attributesOf(after, what),
  };
}

/** Only what differs, so that a change of one bit is one line. */
function attributesOf({ entry, link, type }: DiffEntry, what: readonly Difference[]): DiffAttributes {
  const { device, gid, mode, mtime, sha256, size, uid } = entry;
  const out: Writable<DiffAttributes> = {};
  if (what.includes('type')) out.type = type;
  if (what.includes('mode')) out.mode = mode;
  if (what.includes('owner')) Object.assign(out, { uid, gid });
  if (what.includes('link') && link !== undefined) out.link = textOfBytes(link);
  if (what.includes('device') && device !== undefined) out.device = device;
  if (what.includes('content')) Object.assign(out, { size, ...(sha256 === undefined ? {} : { sha256 }) });
  if (what.includes('mtime')) out.mtime = mtime;
  return out;
}
