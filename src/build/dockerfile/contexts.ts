import { TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import { ignoreFor, openContext, type LocalContext } from '../../solve/context/index.ts';
import type { Store } from '../../store/types.ts';
import type { DockerfileOptions } from './types.ts';

/** The folders of a build, each walked when the first step asks for it. */
export interface Contexts {
  readonly contextOf: (name: string) => Promise<LocalContext>;
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
  const load = async (name: string): Promise<LocalContext> => {
    const named = options.contexts?.get(name);
    const dir = name === MAIN && named === undefined ? options.dir : named;
    if (dir === undefined) throw new TareError('E_USAGE', `there is no build context ${JSON.stringify(name)}`);
    const ignore = name === MAIN ? await ignoreFor(dir, options.file) : await ignoreFor(dir);
    ctx.onEvent({ kind: 'step.started', step: 'build context', detail: dir });
    const context = await openContext({ dir, ignore, home: store.home, ctx });
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
    save: async () => {
      for (const context of open.values()) await context.then((opened) => opened.save()).catch(() => undefined);
    },
  };
}
