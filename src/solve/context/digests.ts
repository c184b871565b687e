import { TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import { quotePath, type TreePath } from '../../base/path.ts';
import type { Entry } from '../../tree/types.ts';
import { changed } from './hash-file.ts';
import { hashFiles } from './hash-files.ts';
import { copyIdentity, identities, isSettled, sameIdentity, sizeIn } from './identities.ts';
import { MAX_CACHED_FILES, type StatTable } from './stat-cache.ts';
import type { Walked } from './walk.ts';

const SHA256_BYTES = 32;

/** Of a row: nothing is known; its digest is; and it may be known the next time too. */
const [UNKNOWN, KNOWN, LASTING] = [0, 1, 2];

export interface ContextDigests {
  /**
   * Reads what is not known yet of the files among the entries.
   * @returns hex sha256 of each of them
   * @throws TareError E_CHANGED, E_PERMISSION, E_IO, E_CANCELLED, E_NOT_FILE
   */
  digestsOf(entries: Iterable<Entry>): Promise<(entry: Entry) => string>;
  /** For the next time; undefined when there is nothing new in it. */
  table(): StatTable | undefined;
}

export interface DigestInput {
  readonly dir: string;
  readonly walked: Walked;
  readonly cached: StatTable | undefined;
  /** Of a path that was not walked: whether it may be there all the same. */
  readonly mayBeThere: (path: TreePath) => boolean;
  readonly ctx: Context;
}

/** The digests of the files of a walk: those of the cache whose identity has not changed, and what is read when it is asked for. */
export function contextDigests({ cached, ctx, dir, mayBeThere, walked }: DigestInput): ContextDigests {
  const { files } = walked;
  const digests = Buffer.alloc(files.size * SHA256_BYTES);
  const states = new Uint8Array(files.size);
  const others = cached === undefined ? [] : takeOver(cached, walked, { digests, states });
  let fresh = false;
  let busy: Promise<void> = Promise.resolve();

  const rowOf = (entry: Entry): number => {
    const row = files.get(entry.type === 'hardlink' ? (entry.link as TreePath) : entry.path);
    if (row === undefined)
      throw new TareError('E_NOT_FILE', `${quotePath(entry.path)} is not a file of the build context`);
    return row;
  };
  const read = async (entries: Iterable<Entry>): Promise<void> => {
    const unknown = new Map<TreePath, number>();
    for (const entry of entries) {
      if (entry.content === undefined) continue;
      if (states[rowOf(entry)] === UNKNOWN)
        unknown.set(entry.type === 'hardlink' ? (entry.link as TreePath) : entry.path, entry.size);
    }
    if (unknown.size === 0) return;
    await hashFiles({
      ctx,
      dir,
      files: Array.from(unknown, ([path, size]) => ({ path, size })),
      onLot: (paths, lot) => {
        for (const [at, path] of paths.entries()) {
          const row = files.get(path) as number;
          const [was, is] = [sizeIn(walked.identities, row), sizeIn(lot.identities, at)];
          if (was !== is) throw changed(path, `it had ${was} bytes, now it has ${is}`);
          digests.set(lot.digests.subarray(at * SHA256_BYTES, (at + 1) * SHA256_BYTES), row * SHA256_BYTES);
          const same = sameIdentity(walked.identities, row, lot.identities, at);
          const lasting = same && isSettled(walked.identities, row, lot.openedMs);
          states[row] = lasting ? LASTING : KNOWN;
          if (lasting) fresh = true;
        }
      },
    });
  };
  return {
    digestsOf: async (entries) => {
      // One after the other: each has all the threads, and nothing is read twice.
      const mine = busy.then(() => read(entries));
      busy = mine.catch(() => undefined);
      await mine;
      return (entry) => {
        const row = rowOf(entry);
        if (states[row] === UNKNOWN) throw new Error(`the digest of ${entry.path} was not asked for`);
        return digests.toString('hex', row * SHA256_BYTES, (row + 1) * SHA256_BYTES);
      };
    },
    table: () => {
      if (!fresh) return undefined;
      const kept = [...files].filter(([, row]) => states[row] === LASTING).slice(0, MAX_CACHED_FILES);
      const old = others.filter(([path]) => mayBeThere(path));
      return joinTables([
        { from: { identities: walked.identities, digests }, rows: kept },
        {
          from: cached ?? { identities: walked.identities, digests },
          rows: old.slice(0, MAX_CACHED_FILES - kept.length),
        },
      ]);
    },
  };
}

/** Fills in what is known of the files that did not change. @returns the rows of those that were not walked */
function takeOver(
  cached: StatTable,
  { files, identities }: Walked,
  { digests, states }: { readonly digests: Uint8Array; readonly states: Uint8Array },
): (readonly [TreePath, number])[] {
  const others: (readonly [TreePath, number])[] = [];
  for (const [at, path] of cached.paths.entries()) {
    const row = files.get(path);
    if (row === undefined) {
      others.push([path, at]);
    } else if (sameIdentity(identities, row, cached.identities, at)) {
      digests.set(cached.digests.subarray(at * SHA256_BYTES, (at + 1) * SHA256_BYTES), row * SHA256_BYTES);
      states[row] = LASTING;
    }
  }
  return others;
}

interface Rows {
  readonly from: Pick<StatTable, 'identities' | 'digests'>;
  readonly rows: readonly (readonly [path: TreePath, row: number])[];
}

function joinTables(parts: readonly Rows[]): StatTable {
  const paths = parts.flatMap(({ rows }) => rows.map(([path]) => path));
  const table = { paths, identities: identities(paths.length), digests: new Uint8Array(paths.length * SHA256_BYTES) };
  let at = 0;
  for (const { from, rows } of parts) {
    for (const [, row] of rows) {
      copyIdentity(from.identities, row, table.identities, at);
      table.digests.set(from.digests.subarray(row * SHA256_BYTES, (row + 1) * SHA256_BYTES), at * SHA256_BYTES);
      at++;
    }
  }
  return table;
}
