import {
  type ByteString,
  compareBytes,
  isInside,
  joinPath,
  nameOf,
  parentOf,
  ROOT,
  type TreePath,
} from '../../base/path.ts';
import type { Access, Observation, ObservedPath, Probe } from '../../sandbox/types.ts';
import type { Tree } from '../../tree/types.ts';
import { leadTo } from '../lead.ts';
import { locate } from '../locate.ts';
import { sortedAccesses } from './accesses.ts';
import { type PhaseNames, phaseNames } from './phases.ts';
import type { Profile, ProfilePath } from './types.ts';

export interface ProfileInput {
  readonly observation: Observation;
  /** Of the image that was observed. */
  readonly tree: Tree;
  /** `linux/amd64`. */
  readonly platform: string;
  /** Those that were asked, in their order: without them, names of phases are judged by their text alone. */
  readonly probes?: readonly Probe[];
}

/** The kernel's own; a runtime mounts them. */
const KERNEL_FOLDERS: readonly TreePath[] = ['/dev', '/proc', '/sys'].map((path) => path as TreePath);

/** What is known of one path while the observation is read. */
interface Row {
  readonly how: Set<Access>;
  readonly by: Set<ByteString>;
  phase: string;
}

/**
 * Of what was asked for, that which the image has. A path is followed as the kernel does; the links on the way become paths of their
 * own (how: `readlink`), and so do folders that are entered and left by '..' (`stat`), and folders in which something was made (`write`).
 * What a runtime lays over an image (/etc/hosts) is there when the image has it: other engines may show it. /proc, /sys and /dev are not.
 */
export function profileOf({ observation, platform, probes, tree }: ProfileInput): Profile {
  const rows = new Map<TreePath, Row>();
  const names = phaseNames(probes);
  const programs = programFinder(tree);
  for (const observed of observation.paths) {
    const asker = { by: programs(observed.by), phase: names.nameOf(observed.phase) };
    for (const { how, path } of asksOf(tree, observed)) note(rows, path, how, asker, names);
  }
  const paths = [...rows].sort(([a], [b]) => compareBytes(a, b));
  const { ports, syscalls } = observation;
  return {
    platforms: [platform],
    paths: paths.map(([path, row]): ProfilePath => ({
      path,
      how: sortedAccesses(row.how),
      by: [...row.by].sort(compareBytes),
      phases: [row.phase],
    })),
    ports: [...new Set(ports)].sort((a, b) => a - b),
    ...(syscalls !== undefined && { syscalls: [...new Set(syscalls)].sort(compareBytes) }),
  };
}

function note(
  rows: Map<TreePath, Row>,
  path: TreePath,
  how: readonly Access[],
  asker: { readonly by: readonly ByteString[]; readonly phase: string },
  names: PhaseNames,
): void {
  if (KERNEL_FOLDERS.some((folder) => isInside(folder, path))) return;
  // The root is there anyway.
  if (path === ROOT && !how.includes('list')) return;
  const row: Row = rows.get(path) ?? { how: new Set(), by: new Set(), phase: asker.phase };
  rows.set(path, row);
  for (const access of how) row.how.add(access);
  for (const program of asker.by) row.by.add(program);
  if (names.compare(asker.phase, row.phase) < 0) row.phase = asker.phase;
}

interface Ask {
  readonly path: TreePath;
  readonly how: readonly Access[];
}

/** What the image must have for the answer to be the same. */
function* asksOf(tree: Tree, { how, path: text }: ObservedPath): Generator<Ask> {
  const located = locate(tree, ROOT, text);
  if (located === undefined) return;
  const { path, through } = located;
  const folder = tree.resolve(parentOf(path));
  if (folder?.entry.type !== 'directory') return;
  const canonical = path === ROOT ? ROOT : joinPath(folder.entry.path, nameOf(path));
  const there = tree.get(canonical) !== undefined;
  const makes = how.includes('write');
  if (!there && !makes) return;
  for (const name of through) yield* folderAsks(tree, name, 'stat');
  for (const link of folder.via) yield { path: link, how: ['readlink'] };
  if (there) yield { path: canonical, how };
  else yield { path: folder.entry.path, how: ['write'] };
  const made = there && makes ? danglingTarget(tree, canonical) : undefined;
  if (made !== undefined) yield* folderAsks(tree, parentOf(made), 'write');
}

function* folderAsks(tree: Tree, name: TreePath, access: Access): Generator<Ask> {
  const folder = tree.resolve(name);
  if (folder?.entry.type !== 'directory') return;
  for (const link of folder.via) yield { path: link, how: ['readlink'] };
  yield { path: folder.entry.path, how: [access] };
}

/** What is made when something is written to a link that leads nowhere. */
function danglingTarget(tree: Tree, path: TreePath): TreePath | undefined {
  const { entry, hops, loop } = leadTo(tree, path);
  const last = hops.at(-1);
  if (entry !== undefined || loop || last?.link === undefined) return undefined;
  return locate(tree, parentOf(last.path), last.link)?.path;
}

/** The files of the image behind what the kernel names as executables: a program that was made at run time, or is not in the container, has no place in a profile. */
function programFinder(tree: Tree): (names: readonly ByteString[]) => readonly ByteString[] {
  const known = new Map<ByteString, TreePath | undefined>();
  const find = (name: ByteString): TreePath | undefined => {
    const located = name.startsWith('/') ? locate(tree, ROOT, name) : undefined;
    const entry = located === undefined ? undefined : tree.resolve(located.path)?.entry;
    return entry?.type === 'file' || entry?.type === 'hardlink' ? entry.path : undefined;
  };
  return (names) =>
    names.flatMap((name) => {
      if (!known.has(name)) known.set(name, find(name));
      return known.get(name) ?? [];
    });
}
