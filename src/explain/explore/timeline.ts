import { textOfBytes, type TreePath } from '../../base/path.ts';
import { summariseProfile, type Profile, type ProfilePath } from '../../evidence/observed/index.ts';
import type { Tree } from '../../tree/types.ts';
import type { NumberedTree } from './file-table.ts';
import type { Timeline } from './types.ts';

/** What was asked of one row. */
interface Uses {
  readonly phases: Set<number>;
  readonly accesses: Set<number>;
  readonly programs: Set<number>;
}

/**
 * What a profile says of the files of an image. Whoever opens a link opens the file behind it as well; and a program that has asked for anything was executed,
 * though no tracer has seen the kernel open it.
 */
export function timelineOf(profile: Profile, tree: Tree, numbered: NumberedTree): Timeline {
  const summary = summariseProfile(profile);
  const phases = summary.phases.map(({ name }) => name);
  const accesses: string[] = summary.accesses.map(({ how }) => how);
  const programs = summary.programs.map(({ path }) => path);
  if (!accesses.includes(EXECUTED) && programs.length > 0) accesses.unshift(EXECUTED);
  const rows = new Map<number, Uses>();
  const use = (path: TreePath, row: ProfilePath, how: readonly string[]): boolean => {
    const number = numbered.rowOf.get(path);
    if (number === undefined) return false;
    const uses = rows.get(number) ?? { phases: new Set(), accesses: new Set(), programs: new Set() };
    rows.set(number, uses);
    for (const phase of row.phases) uses.phases.add(phases.indexOf(phase));
    for (const access of how) uses.accesses.add(accesses.indexOf(access));
    for (const program of row.by) uses.programs.add(programs.indexOf(textOfBytes(program)));
    return true;
  };
  let missing = 0;
  for (const row of profile.paths) {
    if (!use(row.path, row, row.how)) missing += 1;
    const behind = tree.get(row.path)?.type === 'symlink' ? tree.resolve(row.path)?.entry : undefined;
    const opened = row.how.filter((access) => OPENING.has(access));
    if (behind !== undefined && opened.length > 0) use(behind.path, row, opened);
    for (const program of row.by) {
      const entry = tree.resolve(program as TreePath)?.entry;
      if (entry !== undefined) use(entry.path, { ...row, by: [] }, [EXECUTED]);
    }
  }
  return {
    platforms: profile.platforms,
    phases,
    ports: profile.ports,
    programs,
    accesses,
    rows: [...rows]
      .sort(([a], [b]) => a - b)
      .map(([row, uses]) => [row, ascending(uses.phases), ascending(uses.accesses), ascending(uses.programs)]),
    missing,
  };
}

const EXECUTED = 'exec';
const OPENING: ReadonlySet<string> = new Set([EXECUTED, 'open']);

const ascending = (numbers: ReadonlySet<number>): readonly number[] => [...numbers].sort((a, b) => a - b);
