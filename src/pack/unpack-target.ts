import { throwIfCancelled } from '../base/context.ts';
import type { Digest } from '../base/digest.ts';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import { hostPath, quotePath } from '../base/path.ts';
import type { ContentReader, Entry, Tree } from '../tree/types.ts';

export interface MaterialiseOptions {
  readonly tree: Tree;
  readonly content: ContentReader;
  /** New (folders above it are made too) or empty. */
  readonly dir: string;
  /** `keep`: as in the tree, which only root may; `self`: everything belongs to whoever runs this. */
  readonly owners: 'keep' | 'self';
  /** The host file with the uncompressed tar of a layer: many files are written by threads then. */
  readonly layerTar?: (diffId: Digest) => Promise<string>;
  readonly ctx: Context;
}

/** What every step of the work needs. */
export interface Target extends MaterialiseOptions {
  readonly warn: (code: string, message: string, path?: string) => void;
}

/** For utimes of node:fs, which takes a negative number for the time that it is now, but not its text. */
export function timeOf({ mtime }: Entry): number | string {
  return mtime < 0 ? String(mtime) : mtime;
}

/** Runs one step on one path. Errors name it. */
export function doing<T>(target: Target, entry: Entry, step: (path: string | Buffer) => T): T {
  throwIfCancelled(target.ctx.signal);
  try {
    return step(hostPath(target.dir, entry.path));
  } catch (error) {
    throw unpackError(target, entry, error);
  }
}

export function unpackError(target: Target, entry: Entry, error: unknown): unknown {
  const what = `cannot unpack ${quotePath(entry.path)} to ${quotePath(target.dir)}`;
  if (errnoOf(error) !== 'EEXIST') return fromErrno(error, what);
  return new TareError('E_EXISTS', `${what}: the file system takes its name and another one for the same`, {
    cause: error,
    hint: 'unpack to a file system that tells upper case from lower case, and every sequence of bytes from every other',
  });
}
