import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Digest } from '../../base/digest.ts';
import { fromErrno, TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import { bytesOfText, quotePath, type TreePath } from '../../base/path.ts';
import { createIgnoreMatcher, type IgnoreRule, type IgnoreRules } from '../../formats/ignorefile/index.ts';
import { createTree } from '../../tree/memory.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import { contextDigests } from './digests.ts';
import { loadStatTable, saveStatTable, statCacheFile } from './stat-cache.ts';
import { walkContext } from './walk.ts';

/** The build context: a folder of this machine as it was when it was opened. */
export interface LocalContext {
  /** Without what is hidden. Owners are root; content stays on the host. */
  readonly tree: Tree;
  /** The rule that hides a path, whether something is there or not. */
  hiddenBy(path: TreePath): IgnoreRule | undefined;
  /**
   * Of the content of one file.
   * @throws TareError E_PATH_NOT_FOUND, E_NOT_FILE, and as `digestsOf`
   */
  digestOf(path: TreePath): Promise<Digest>;
  /**
   * Makes sure that the contents of all files among the entries are known, reading many at a time.
   * @returns hex sha256 of each of them, as `selectionDigest` asks for it
   * @throws TareError E_CHANGED when a file is gone or has another size since the context was opened, or changes while it is read; E_PERMISSION, E_IO, E_CANCELLED
   */
  digestsOf(entries: Iterable<Entry>): Promise<(entry: Entry) => string>;
  /** Remembers for the next build what was read. To be called once, at the end, also of a build that failed. Never fails. */
  save(): Promise<void>;
}

export interface OpenContextOptions {
  /** Host text; may be a link. */
  readonly dir: string;
  /** See `ignoreFor`. */
  readonly ignore: IgnoreRules | undefined;
  /** Of the store: digests are remembered in `<home>/tare/solve/context/`. */
  readonly home: string;
  readonly ctx: Context;
}

/**
 * Looks at all that is not hidden in a folder; contents are read when they are asked for, unless their file is the one that was read before, by
 * device, inode, size and both times.
 * @throws TareError E_PATH_NOT_FOUND, E_NOT_DIRECTORY, E_PERMISSION, E_LIMIT, E_IO, E_CANCELLED
 */
export async function openContext({ ctx, dir, home, ignore }: OpenContextOptions): Promise<LocalContext> {
  const realDir = realFolder(dir);
  const matcher = ignore === undefined || ignore.length === 0 ? undefined : createIgnoreMatcher(ignore);
  const cacheFile = statCacheFile(home, realDir);
  // The table is read from the disk while the folder is walked.
  const [cached, walked] = await Promise.all([loadStatTable(cacheFile), walkContext(realDir, matcher, ctx.signal)]);
  const tree = createTree(walked.entries);
  const hiddenBy = (path: TreePath): IgnoreRule | undefined => matcher?.hides(path);
  const digests = contextDigests({
    dir: realDir,
    walked,
    cached,
    mayBeThere: (path) => hiddenBy(path) !== undefined,
    ctx,
  });
  return {
    tree,
    hiddenBy,
    digestOf: async (path) => {
      const entry = tree.get(path);
      if (entry === undefined) throw new TareError('E_PATH_NOT_FOUND', `no ${quotePath(path)} in the build context`);
      const sha256Of = await digests.digestsOf([entry]);
      return `sha256:${sha256Of(entry)}`;
    },
    digestsOf: digests.digestsOf,
    save: async () => {
      const table = digests.table();
      if (table !== undefined) await saveStatTable(cacheFile, table);
    },
  };
}

function realFolder(dir: string): string {
  let real: string;
  try {
    real = realpathSync(resolve(dir));
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    throw fromErrno(error, `cannot read the build context ${quotePath(bytesOfText(dir))}`);
  }
  throw new TareError('E_NOT_DIRECTORY', `the build context ${quotePath(bytesOfText(dir))} is not a folder`);
}
