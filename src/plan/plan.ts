import type { Warning } from '../base/events.ts';
import { ancestorsOf, compareBytes, textOfBytes, type TreePath } from '../base/path.ts';
import type { Edge, EvidenceGraph } from '../evidence/types.ts';
import type { Entry, Tree } from '../tree/types.ts';
import { GROUPS, type Dropped, type Group, type Kept, type Plan } from './types.ts';

export interface PlanInput {
  readonly tree: Tree;
  readonly graph: EvidenceGraph;
  /** Made by rules and package records. They win over what the Tree has at the same path. */
  readonly add: readonly { readonly entry: Entry; readonly reason: Edge; readonly group: Group }[];
  /** Never kept, whatever the evidence says: the user's own `exclude`. */
  readonly excluded: (path: TreePath) => boolean;
  readonly groupOf: (path: TreePath) => Group;
  /** What the result is compared with: paths of these folders that are not kept are listed as dropped. The host as a whole is no such folder. */
  readonly offered: Iterable<Entry>;
  readonly ownerOf: (path: TreePath) => string | undefined;
  readonly warnings: readonly Warning[];
}

/**
 * Evidence → Plan. Pure and total: each path that the graph holds and the Tree has is kept, with the last edge of its chain as the
 * reason; each folder above a kept path is kept too. Lists are in byte order.
 */
export function makePlan(input: PlanInput): Plan {
  const kept = new Map<TreePath, Kept>();
  const added = new Map(
    input.add.filter(({ entry }) => !input.excluded(entry.path)).map((item) => [item.entry.path, item]),
  );
  for (const path of neededPaths(input)) {
    if (kept.has(path) || added.has(path)) continue;
    const entry = input.tree.get(path);
    const reason = input.graph.chain(path).at(-1);
    if (entry === undefined || reason === undefined) continue;
    kept.set(path, { path, reason, group: input.groupOf(path), size: entry.type === 'hardlink' ? 0 : entry.size });
  }
  for (const path of [...kept.keys(), ...added.keys()]) keepParents(path, kept, added, input);
  settleFolders(kept, added);
  const drop: Dropped[] = [];
  for (const entry of input.offered) {
    if (entry.type === 'directory' || kept.has(entry.path) || added.has(entry.path)) continue;
    const owner = input.ownerOf(entry.path);
    drop.push({
      path: entry.path,
      size: entry.type === 'hardlink' ? 0 : entry.size,
      ...(owner === undefined ? {} : { package: owner }),
    });
  }
  return {
    keep: [...kept.values()].sort((a, b) => compareBytes(a.path, b.path)),
    drop: drop.sort((a, b) => compareBytes(a.path, b.path)),
    add: [...added.values()].sort((a, b) => compareBytes(a.entry.path, b.entry.path)),
    warnings: input.warnings,
  };
}

function neededPaths(input: PlanInput): TreePath[] {
  const paths = new Set(input.graph.edges.map((edge) => edge.to));
  return [...paths].filter((path) => path !== '/' && !input.excluded(path)).sort(compareBytes);
}

type Added = PlanInput['add'][number];

function keepParents(
  path: TreePath,
  kept: Map<TreePath, Kept>,
  added: ReadonlyMap<TreePath, Added>,
  input: PlanInput,
): void {
  for (const parent of ancestorsOf(path)) {
    if (parent === '/' || kept.has(parent) || added.has(parent)) continue;
    const entry = input.tree.get(parent);
    if (entry !== undefined && entry.type !== 'directory') continue;
    const reason: Edge = {
      from: path,
      to: parent,
      kind: 'parent',
      because: `holds ${textOfBytes(path)}`,
      certainty: 'sure',
    };
    kept.set(parent, { path: parent, reason, group: input.groupOf(parent), size: 0 });
  }
}

/** A folder goes into the first layer that needs it, which is the one of its earliest child; only the application's own stay where they are. */
function settleFolders(kept: Map<TreePath, Kept>, added: ReadonlyMap<TreePath, Added>): void {
  const rank = (group: Group): number => GROUPS.indexOf(group);
  const lowest = new Map<TreePath, Group>();
  const note = (path: TreePath, group: Group): void => {
    for (const parent of ancestorsOf(path)) {
      const seen = lowest.get(parent);
      if (seen === undefined || rank(group) < rank(seen)) lowest.set(parent, group);
    }
  };
  const parents = new Set<TreePath>();
  for (const { path, reason } of kept.values()) if (reason.kind === 'parent') parents.add(path);
  for (const item of kept.values()) if (!parents.has(item.path)) note(item.path, item.group);
  for (const item of added.values()) note(item.entry.path, item.group);
  for (const path of lowest.keys()) {
    const item = kept.get(path);
    const group = lowest.get(path);
    if (item !== undefined && group !== undefined && (parents.has(path) || rank(group) < rank(item.group)))
      kept.set(path, { ...item, group });
  }
}

/** Sum of the kept and added content, in bytes. */
export function diskSize(plan: Plan): number {
  return plan.keep.reduce((sum, item) => sum + item.size, 0) + plan.add.reduce((sum, item) => sum + item.entry.size, 0);
}
