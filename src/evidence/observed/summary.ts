import { compareBytes, textOfBytes, type TreePath } from '../../base/path.ts';
import type { Access } from '../../sandbox/types.ts';
import { ACCESSES } from './accesses.ts';
import { compareText, START_PHASE } from './phases.ts';
import type { Profile } from './types.ts';

/** What a profile holds, in numbers. Paths are text. A path counts once in each list: in every phase, and for every way that it was asked for. */
export interface ProfileSummary {
  readonly platforms: readonly string[];
  readonly paths: number;
  /** `start` first, then in byte order. */
  readonly phases: readonly { readonly name: string; readonly paths: number }[];
  /** The ways that occur; those that say most of a path first. */
  readonly accesses: readonly { readonly how: Access; readonly paths: number }[];
  /** Folders of the first two levels (`/usr/lib`), in byte order. */
  readonly folders: readonly { readonly path: string; readonly paths: number }[];
  /** Executables that asked, in byte order. */
  readonly programs: readonly { readonly path: string; readonly paths: number }[];
  readonly ports: readonly number[];
  /** Null when they were not recorded. */
  readonly syscalls: readonly string[] | null;
}

export function summariseProfile(profile: Profile): ProfileSummary {
  const phases = countsOf(profile.paths.flatMap((row) => row.phases));
  const accesses = countsOf(profile.paths.flatMap((row) => row.how));
  const programs = countsOf(profile.paths.flatMap((row) => row.by));
  const folders = countsOf(profile.paths.map((row) => folderOf(row.path)));
  return {
    platforms: profile.platforms,
    paths: profile.paths.length,
    phases: [...phases]
      .sort(([a], [b]) => Number(b === START_PHASE) - Number(a === START_PHASE) || compareText(a, b))
      .map(([name, paths]) => ({ name, paths })),
    accesses: ACCESSES.flatMap((how) => {
      const paths = accesses.get(how);
      return paths === undefined ? [] : [{ how, paths }];
    }),
    folders: pathCounts(folders),
    programs: pathCounts(programs),
    ports: profile.ports,
    syscalls: profile.syscalls ?? null,
  };
}

function countsOf<T extends string>(values: readonly T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function pathCounts(counts: ReadonlyMap<string, number>): { readonly path: string; readonly paths: number }[] {
  return [...counts]
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([path, paths]) => ({ path: textOfBytes(path), paths }));
}

/** `/usr/lib` for `/usr/lib/x/y`, `/app` for `/app/x`; `/` for what lies in the root. */
function folderOf(path: TreePath): string {
  const parts = path.split('/').slice(1, -1);
  return `/${parts.slice(0, 2).join('/')}`;
}
