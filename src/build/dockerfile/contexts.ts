import type { HashedFile } from '../../attest/provenance/resources.ts';
import { TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import type { TreePath } from '../../base/path.ts';
import { ignoreFor, openContext, type LocalContext } from '../../solve/context/index.ts';
import type { Store } from '../../store/types.ts';
import type { Entry } from '../../tree/types.ts';
import type { DockerfileOptions } from './types.ts';

/** The folders of a build, each walked when the first step asks for it. */
export interface Contexts {
  readonly contextOf: (name: string) => Promise<LocalContext>;
  /** The files that steps have taken so far, by the name of their context. */
  readonly taken: () => Promise<ReadonlyMap<string, readonly HashedFile[]>>;
  /** Remembers what was hashed. */
  save(): Promise<void>;
}

const MAIN = 'context';

export function openContexts(input: {
  readonly options: DockerfileOptions;
  readonly store: Store;
  readonly ctx: Context;
}): Contexts {
  const { ctx, options, store } = input;
  const open = new Map<string, Promise<LocalContext>>();
  const asked = new Map<string, Map<TreePath, Entry>>();
  const load = async (name: string): Promise<LocalContext> => {
    const named = options.contexts?.get(name);
    const dir = name === MAIN && named === undefined ? options.dir : named;
    if (dir === undefined) throw new TareError('E_USAGE', `there is no build context ${JSON.stringify(name)}`);
    const ignore = name === MAIN ? await ignoreFor(dir, options.file) : await ignoreFor(dir);
    ctx.onEvent({ kind: 'step.started', step: 'build context', detail: dir });
    const files = new Map<TreePath, Entry>();
    asked.set(name, files);
    const context = noting(await openContext({ dir, ignore, home: store.home, ctx }), files);
    ctx.onEvent({ kind: 'step.done', step: 'build context', detail: dir });
    return context;
  };
  return {
    contextOf: (name) => {
      let context = open.get(name);
      if (context === undefined) {
        context = load(name);
        open.set(name, context);
      }
      return context;
    },
    taken: async () => {
      const taken = new Map<string, readonly HashedFile[]>();
      for (const [name, files] of asked) {
        const sha256Of = await (await open.get(name))?.digestsOf(files.values());
        if (sha256Of === undefined) continue;
        taken.set(
          name,
          [...files.values()].map((entry) => ({ path: entry.path.slice(1), sha256: sha256Of(entry) })),
        );
      }
      return taken;
    },
    save: async () => {
      for (const context of open.values()) await context.then((opened) => opened.save()).catch(() => undefined);
    },
  };
}

/** What a step takes, its key asks the digests of, whether it is run or not. */
function noting(context: LocalContext, files: Map<TreePath, Entry>): LocalContext {
  return {
    ...context,
    digestsOf: (entries) => {
      const asked = [...entries];
      for (const entry of asked) if (entry.content !== undefined) files.set(entry.path, entry);
      return context.digestsOf(asked);
    },
  };
}
