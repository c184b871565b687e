import { textOfBytes } from '../../base/path.ts';
import { summariseProfile, type Profile } from '../../evidence/observed/index.ts';
import type { NumberedTree } from './file-table.ts';
import type { Timeline } from './types.ts';

/** What a profile says of the files of an image. */
export function timelineOf(profile: Profile, numbered: NumberedTree, of: Timeline['of']): Timeline {
  const summary = summariseProfile(profile);
  const phases = summary.phases.map(({ name }) => name);
  const accesses = summary.accesses.map(({ how }) => how);
  const programs = summary.programs.map(({ path }) => path);
  const place = (names: readonly string[], wanted: readonly string[]): number[] =>
    wanted.map((name) => names.indexOf(name)).sort((a, b) => a - b);
  let missing = 0;
  const rows = profile.paths.flatMap(({ by, how, path, phases: when }) => {
    const row = numbered.rowOf.get(path);
    if (row === undefined) missing += 1;
    return row === undefined
      ? []
      : [[row, place(phases, when), place(accesses, how), place(programs, by.map(textOfBytes))] as const];
  });
  return { of, platforms: profile.platforms, phases, ports: profile.ports, programs, accesses, rows, missing };
}
