import { compareBytes, type TreePath } from '../../base/path.ts';
import { sortedAccesses } from './accesses.ts';
import { compareText } from './phases.ts';
import type { Profile, ProfilePath } from './types.ts';

/**
 * All that any of the profiles knows; in byte order, each path once. The order of the profiles does not matter, nor how often one is given.
 * System calls are known only when each profile knows them.
 */
export function mergeProfiles(first: Profile, ...rest: readonly Profile[]): Profile {
  const all = [first, ...rest];
  const rows = new Map<TreePath, ProfilePath[]>();
  for (const row of all.flatMap((profile) => profile.paths)) {
    const same = rows.get(row.path);
    if (same === undefined) rows.set(row.path, [row]);
    else same.push(row);
  }
  const syscalls = all.flatMap((profile) => profile.syscalls ?? []);
  return {
    platforms: union(all.map((profile) => profile.platforms)),
    paths: [...rows].sort(([a], [b]) => compareBytes(a, b)).map(([path, same]) => mergeRows(path, same)),
    ports: [...new Set(all.flatMap((profile) => profile.ports))].sort((a, b) => a - b),
    ...(all.every((profile) => profile.syscalls !== undefined) && { syscalls: union([syscalls]) }),
  };
}

function mergeRows(path: TreePath, rows: readonly ProfilePath[]): ProfilePath {
  return {
    path,
    how: sortedAccesses(rows.flatMap((row) => row.how)),
    by: union(rows.map((row) => row.by)),
    phases: [...new Set(rows.flatMap((row) => row.phases))].sort(compareText),
  };
}

/** Of byte strings, or of names that are ASCII. */
function union(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())].sort(compareBytes);
}
