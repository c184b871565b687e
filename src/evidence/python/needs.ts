import type { TreePath } from '../../base/path.ts';
import type { Certainty, Kind } from '../types.ts';

/** One file that a module, or the start of a process, needs. */
export interface Need {
  readonly path: TreePath;
  readonly kind: Kind;
  readonly because: string;
  readonly certainty: Certainty;
  readonly line?: number;
}

const RANK: Readonly<Record<Certainty, number>> = { sure: 0, likely: 1, guess: 2 };

/** Each path once, with the surest reason (of equals, the first in the source); never the file itself. */
export function surest(needs: readonly Need[], self: TreePath): Need[] {
  const best = new Map<TreePath, Need>();
  for (const need of needs) {
    const known = best.get(need.path);
    if (need.path !== self && (known === undefined || RANK[need.certainty] < RANK[known.certainty]))
      best.set(need.path, need);
  }
  return [...best.values()];
}
