import type { Warning } from '../base/events.ts';
import type { ContentReader, Tree } from '../tree/types.ts';
import type { Places } from './places.ts';
import type { PackageDb } from './types.ts';

/** What each manager gets. */
export interface ManagerInput {
  readonly tree: Tree;
  readonly content: ContentReader;
  /** Where records of npm and Python are; searched at the first call. */
  readonly places: () => Places;
  readonly warn: (warning: Warning) => void;
}

/** One package manager: its database in that Tree, undefined when it has none there. */
export type Manager = (input: ManagerInput) => Promise<PackageDb | undefined>;
