import type { Context } from '../../base/events.ts';
import { findSandbox } from '../../sandbox/index.ts';
import { openSnapshots } from '../../solve/local/snapshots.ts';
import { pruneBuildCache } from '../../solve/prune.ts';
import type { Store } from '../../store/types.ts';

export interface PruneBuilds {
  readonly store: Store;
  readonly ctx: Context;
  /** Of each kind (layers and downloads; snapshots) so many bytes stay. */
  readonly keepBytes: number;
  readonly dryRun?: boolean;
}

/** What builds of Dockerfiles have left for the next build. @returns bytes as they were, not counting what the file system shares */
export async function pruneBuilds({ ctx, dryRun = false, keepBytes, store }: PruneBuilds): Promise<{
  readonly items: number;
  readonly bytes: number;
  readonly busy: boolean;
}> {
  const sandbox = await findSandbox();
  if ('unavailable' in sandbox) return pruneBuildCache({ home: store.home, keepBytes, dryRun });
  // Opening them takes a lease of our own, so this comes first.
  const pruned = await pruneBuildCache({ home: store.home, keepBytes, dryRun, remove: removeIn(store, sandbox, ctx) });
  if (dryRun || pruned.busy) return pruned;
  const snapshots = await openSnapshots({ store, sandbox, ctx });
  try {
    const gone = await snapshots.prune(keepBytes);
    return { ...pruned, items: pruned.items + gone.snapshots, bytes: pruned.bytes + gone.bytes };
  } finally {
    await snapshots.close();
  }
}

/** Files of subordinate ids are removed where they are ours. */
function removeIn(
  store: Store,
  sandbox: Parameters<typeof openSnapshots>[0]['sandbox'],
  ctx: Context,
): (path: string) => Promise<void> {
  return async (path) => {
    const snapshots = await openSnapshots({ store, sandbox, ctx });
    try {
      await snapshots.discard(path);
    } finally {
      await snapshots.close();
    }
  };
}
