import { chmodSync, lchownSync, mkdirSync } from 'node:fs';
import { createContext } from '../../base/context.ts';
import type { Digest } from '../../base/digest.ts';
import type { Warning } from '../../base/events.ts';
import { hostPath, ROOT, type TreePath } from '../../base/path.ts';
import { materialise, removeTree } from '../../pack/materialise.ts';
import { finishChanges, openXattrs, prepareChanges, type MountTarget, type Stub } from '../../sandbox/index.ts';
import { contentReader } from '../../tree/content.ts';
import { createTree } from '../../tree/memory.ts';
import type { Entry } from '../../tree/types.ts';
import { diffLayer, type DiffOptions, type LayerDiff } from './layer-diff.ts';
import { mergeFolders, type MergeOptions } from './merge-folders.ts';
import { makeWhiteouts, setOpaque } from './whiteouts.ts';

export interface UnpackOptions {
  /** With every folder above an entry, the root too if it is not to be a plain one. */
  readonly entries: readonly Entry[];
  /** Becomes whiteouts. */
  readonly removed: readonly TreePath[];
  /** Folders among `entries`. */
  readonly opaque: readonly TreePath[];
  /** Host files with the uncompressed tars that `entries` have their contents in. */
  readonly tars: ReadonlyMap<Digest, string>;
  /** New. */
  readonly dir: string;
  readonly owners: 'keep' | 'self';
}

/** What has to be done where files have the owners that containers see. All of it is data: it may be done by another process. */
export interface Jobs {
  readonly prepare: {
    readonly given: {
      readonly lowers: readonly string[];
      readonly dir: string;
      readonly targets: readonly MountTarget[];
      readonly youngest?: number;
    };
    readonly made: readonly Stub[];
  };
  readonly finish: { readonly given: { readonly dir: string; readonly stubs: readonly Stub[] }; readonly made: null };
  readonly diff: { readonly given: Omit<DiffOptions, 'signal'>; readonly made: LayerDiff };
  readonly unpack: { readonly given: UnpackOptions; readonly made: null };
  readonly merge: { readonly given: Omit<MergeOptions, 'signal' | 'isUserNamespace'>; readonly made: null };
  /** Makes a folder when there is none at `path`, and sets the mode and owner of what is there. */
  readonly own: { readonly given: OwnOptions; readonly made: null };
  readonly remove: { readonly given: { readonly paths: readonly string[] }; readonly made: null };
}

export interface OwnOptions {
  readonly path: string;
  readonly mkdir: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export type JobName = keyof Jobs;

export interface JobContext {
  readonly signal: AbortSignal;
  readonly isUserNamespace: boolean;
  readonly onWarning: (warning: Warning) => void;
}

type JobTable = {
  readonly [Name in JobName]: (
    given: Jobs[Name]['given'],
    ctx: JobContext,
  ) => Jobs[Name]['made'] | Promise<Jobs[Name]['made']>;
};

const JOBS: JobTable = {
  prepare: prepareChanges,
  finish: (given) => {
    finishChanges(given);
    return null;
  },
  diff: (given, { signal }) => diffLayer({ ...given, signal }),
  unpack: async (given, ctx) => {
    await unpack(given, ctx);
    return null;
  },
  merge: async (given, { isUserNamespace, signal }) => {
    await mergeFolders({ ...given, isUserNamespace, signal });
    return null;
  },
  own: ({ gid, mkdir, mode, path, uid }) => {
    if (mkdir) mkdirSync(path);
    lchownSync(path, uid, gid);
    chmodSync(path, mode);
    return null;
  },
  remove: async ({ paths }) => {
    for (const path of paths) await removeTree(path);
    return null;
  },
};

export async function runJob<Name extends JobName>(
  name: Name,
  given: Jobs[Name]['given'],
  ctx: JobContext,
): Promise<Jobs[Name]['made']> {
  return JOBS[name](given, ctx);
}

async function unpack({ dir, entries, opaque, owners, removed, tars }: UnpackOptions, ctx: JobContext): Promise<void> {
  const layerTar = (diffId: Digest): Promise<string> => {
    const tar = tars.get(diffId);
    return tar === undefined ? Promise.reject(new Error(`nobody said where ${diffId} is`)) : Promise.resolve(tar);
  };
  const tree = createTree(entries);
  await materialise({
    tree,
    content: contentReader({ layerTar }),
    layerTar,
    dir,
    owners,
    ctx: createContext({
      signal: ctx.signal,
      onEvent: (event) => {
        if (event.kind === 'warning') ctx.onWarning(event.warning);
      },
    }),
  });
  makeWhiteouts(dir, removed);
  const xattrs = openXattrs();
  for (const path of opaque) setOpaque(hostPath(dir, path), xattrs, ctx.isUserNamespace);
  // Whoever runs in it must get in, whatever the umask was.
  chmodSync(dir, tree.get(ROOT)?.mode ?? 0o755);
}
