import type { Warning } from '../base/events.ts';
import type { TreePath } from '../base/path.ts';
import type { Edge } from '../evidence/types.ts';
import type { Entry } from '../tree/types.ts';

export type Tightness = 'used' | 'reachable' | 'packages';
/** Layers by rate of change, slowest first. */
export type Group = 'runtime' | 'system' | 'dependencies' | 'application';
export const GROUPS: readonly Group[] = ['runtime', 'system', 'dependencies', 'application'];

export interface Kept {
  readonly path: TreePath;
  readonly reason: Edge;
  readonly group: Group;
  readonly size: number;
}

export interface Dropped {
  readonly path: TreePath;
  readonly size: number;
  readonly package?: string;
}

/** Plain data: what goes into the image and why. The same Plan on the same Tree gives the same image. */
export interface Plan {
  readonly keep: readonly Kept[];
  readonly drop: readonly Dropped[];
  /** Made by rules and package records: not in the Tree, or instead of what is there. */
  readonly add: readonly { readonly entry: Entry; readonly reason: Edge; readonly group: Group }[];
  readonly warnings: readonly Warning[];
}
