import { compareBytes } from '../base/path.ts';
import { ownerOf } from '../packages/index.ts';
import type { Package, PackageDb } from '../packages/types.ts';
import type { Plan } from '../plan/types.ts';
import type { Tree } from '../tree/types.ts';
import type { PartialPackage } from './types.ts';

interface Tally {
  readonly owner: Package;
  readonly kept: { files: number; disk: number };
  readonly dropped: { files: number; disk: number };
}

/**
 * Packages of which some files stay and others go, the largest missing part first: where evidence has a gap, it is there. Records of package managers
 * and folders do not count.
 */
export function partialPackages(plan: Plan, tree: Tree, databases: readonly PackageDb[]): readonly PartialPackage[] {
  const tallies = new Map<string, Tally>();
  const tally = (path: Plan['drop'][number]['path']): Tally | undefined => {
    const owner = ownerOf(databases, path);
    if (owner === undefined) return undefined;
    const key = `${owner.manager}\0${owner.name}\0${owner.record}`;
    const known = tallies.get(key);
    if (known !== undefined) return known;
    const fresh = { owner, kept: { files: 0, disk: 0 }, dropped: { files: 0, disk: 0 } };
    tallies.set(key, fresh);
    return fresh;
  };
  for (const { path, size } of plan.keep) {
    if (tree.get(path)?.type === 'directory') continue;
    const kept = tally(path)?.kept;
    if (kept !== undefined) [kept.files, kept.disk] = [kept.files + 1, kept.disk + size];
  }
  for (const { path, size } of plan.drop) {
    const dropped = tally(path)?.dropped;
    if (dropped !== undefined) [dropped.files, dropped.disk] = [dropped.files + 1, dropped.disk + size];
  }
  return [...tallies.values()]
    .filter(({ dropped, kept }) => dropped.files > 0 && kept.files > 0)
    .sort((a, b) => b.dropped.disk - a.dropped.disk || compareBytes(a.owner.name, b.owner.name))
    .map(({ dropped, kept, owner: { manager, name, version } }) => ({ manager, name, version, kept, dropped }));
}
