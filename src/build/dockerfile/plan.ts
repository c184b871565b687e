import { TareError } from '../../base/error.ts';
import type { TareEvent, Warning } from '../../base/events.ts';
import { openStepCache } from '../../solve/cache.ts';
import { openCacheImages } from '../../solve/cache-image/import.ts';
import { planGraph } from '../../solve/local/plan.ts';
import { frozenStore } from '../../store/index.ts';
import { openContexts } from './contexts.ts';
import { checkCacheOptions } from './cache-options.ts';
import { explainerFor } from './explainer.ts';
import { readGraph } from './graph.ts';
import type { DockerfileOptions, DockerfilePlan, DockerfileTools } from './types.ts';

/**
 * What a build would do: the keys of its steps, and which of them are in the cache. Nothing is run, fetched or written.
 * @throws TareError as `buildDockerfile` would; E_USAGE with `engine`, whose cache is its own
 */
export async function planDockerfile(options: DockerfileOptions, tools: DockerfileTools): Promise<DockerfilePlan> {
  if (options.engine !== undefined)
    throw new TareError('E_USAGE', '--dry-run does not go with --engine: the daemon has a cache of its own', {
      hint: 'leave --engine out to see what this machine would do',
    });
  await checkCacheOptions(options);
  const warnings: Warning[] = [];
  const onEvent = (event: TareEvent): void => {
    if (event.kind === 'warning') warnings.push(event.warning);
    tools.ctx.onEvent(event);
  };
  const ctx = { ...tools.ctx, onEvent };
  const store = frozenStore(tools.store);
  const { file, graph, images } = await readGraph(options, { store, ctx, frozen: true });
  // Never saved.
  const { contextOf } = openContexts({ options, store, ctx });
  const explainer = await explainerFor(options, { file, graph, store });
  const steps = await planGraph(
    graph,
    {
      store,
      cache: openStepCache(store.home),
      imports: await openCacheImages(options.cacheFrom ?? [], { store, ctx }),
      noCache: options.noCache ?? false,
      contextOf,
      imageOf: images.imageOf,
      epoch: options.epoch,
      explainer,
    },
    ctx,
  );
  return { dryRun: true, platform: graph.platform, steps, warnings };
}
