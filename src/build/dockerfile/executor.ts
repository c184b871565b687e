import { join } from 'node:path';
import { TareError } from '../../base/error.ts';
import type { Digest } from '../../base/digest.ts';
import type { Context } from '../../base/events.ts';
import type { Dockerfile } from '../../formats/dockerfile/types.ts';
import { DEFAULT_COMPRESSION } from '../../pack/compression.ts';
import type { Unavailable } from '../../sandbox/index.ts';
import type { Sandbox } from '../../sandbox/types.ts';
import { openStepCache } from '../../solve/cache.ts';
import type { ExecSettings } from '../../solve/local/exec-step.ts';
import type { WrittenCache } from '../../solve/cache-image/export.ts';
import type { CacheImage } from '../../solve/cache-image/import.ts';
import { vertexDigests } from '../../solve/digest.ts';
import { createLocalExecutor, type LocalExecutorOptions, type SolvedStep } from '../../solve/local/executor.ts';
import type { FetchedSource } from '../../solve/local/remote-source.ts';
import { resultInOrder, verticesInOrder } from '../../solve/local/inputs.ts';
import { openLayerFolder } from '../../solve/local/layers.ts';
import type { BuildGraph, Executor } from '../../solve/types.ts';
import type { Store } from '../../store/types.ts';
import type { Contexts } from './contexts.ts';
import { explainerFor } from './explainer.ts';
import { withoutSecrets } from './without-secrets.ts';
import type { BaseImages } from './images.ts';
import { proxiesOf } from './proxies.ts';
import type { CacheTarget, DockerfileOptions, DockerfileTools } from './types.ts';

export interface ExecutorInput {
  readonly options: DockerfileOptions;
  readonly tools: DockerfileTools;
  readonly file: Dockerfile;
  readonly graph: BuildGraph;
  readonly images: BaseImages;
  readonly contexts: Contexts;
  /** Is told of what was fetched for a step; by a daemon never. */
  readonly onFetched?: (source: FetchedSource) => void;
}

export interface OpenExecutor extends Executor {
  /** Of what was solved. */
  writeCache(target: CacheTarget): Promise<WrittenCache>;
  close(): Promise<void>;
}

/** Who builds: this machine, or the daemon that `engine` names. @throws TareError E_ENGINE, E_USAGE */
export async function executorFor(input: ExecutorInput): Promise<OpenExecutor> {
  const { contexts, images, options, tools } = input;
  const { store } = tools;
  const compression = options.compression ?? DEFAULT_COMPRESSION;
  const { epoch } = options;
  const shared = {
    store,
    imageOf: images.imageOf,
    contextOf: contexts.contextOf,
    compression,
    noCache: options.noCache ?? false,
    epoch,
  };
  if (options.engine !== undefined) {
    if (options.hostCa === true)
      throw new TareError('E_USAGE', '--host-ca does not go with --engine: the steps run where the daemon does', {
        hint: "give the daemon's machine the certificates, or hand them to a step with --secret and RUN --mount=type=secret",
      });
    const { createBuildkitExecutor } = await import('../../solve/buildkit/executor.ts');
    const executor = await createBuildkitExecutor({
      ...shared,
      address: options.engine,
      secretOf: (id) => Promise.resolve(options.secrets?.get(id)),
      agentOf: (id) => options.ssh?.get(id),
    });
    const { close, description } = executor;
    return {
      close,
      description,
      solve: (graph, ctx) => withoutSecrets(options.secrets, ctx, (masked) => executor.solve(graph, masked)),
      writeCache: () => Promise.reject(new Error('a daemon has a cache of its own')),
    };
  }
  return localExecutor(input, shared);
}

type Shared = Omit<LocalExecutorOptions, 'cache' | 'openExec'>;

async function localExecutor(input: ExecutorInput, shared: Shared): Promise<OpenExecutor> {
  const { file, graph, options, tools } = input;
  const { ctx, store } = tools;
  const explainer = await explainerFor(options, { file, graph, store });
  const solved = new Map<Digest, SolvedStep>();
  const executor = createLocalExecutor({
    ...shared,
    cache: openStepCache(store.home),
    imports: await importsOf(options, { store, ctx }),
    onSolved: (step) => void solved.set(step.digest, step),
    ...(options.explainCache === true ? { explain: (step) => explainer.because(step) } : {}),
    remote: {
      env: options.environment,
      ...(input.onFetched === undefined ? {} : { onFetched: input.onFetched }),
      ...(options.ssh === undefined ? {} : { ssh: options.ssh }),
      ...(options.secrets === undefined ? {} : { secrets: options.secrets }),
    },
    openExec: (ctx) => openExec(input, ctx),
  });
  return {
    ...executor,
    writeCache: async ({ mode, reference }) => {
      const { writeCacheImage } = await import('../../solve/cache-image/export.ts');
      const digestOf = vertexDigests();
      const vertices = (mode === 'min' ? resultInOrder : verticesInOrder)(graph.target, digestOf);
      const steps = vertices.flatMap((vertex) => {
        const step = solved.get(digestOf(vertex));
        return step === undefined ? [] : [[step.key.digest, { name: vertex.name, layer: step.layer }] as const];
      });
      const { platform } = graph;
      const { compression } = shared;
      return writeCacheImage({ steps, platform, compression, reference, layers: openLayerFolder(store), store, ctx });
    },
    // Of a build that failed as well: what it did is known the next time.
    close: () => explainer.remember(solved),
  };
}

async function importsOf(
  { cacheFrom = [], noCache }: DockerfileOptions,
  tools: { readonly store: Store; readonly ctx: Context },
): Promise<readonly CacheImage[]> {
  if (noCache === true || cacheFrom.length === 0) return [];
  const { openCacheImages } = await import('../../solve/cache-image/import.ts');
  return openCacheImages(cacheFrom, tools);
}

/** What runs processes is loaded by the first step that is not known: a build in which nothing changed has no use for it. */
async function openExec({ options, tools }: ExecutorInput, ctx: Context): Promise<ExecSettings> {
  const { openSnapshots } = await import('../../solve/local/snapshots.ts');
  const sandbox = await sandboxFor(tools);
  // Before anything is opened: it may not be there.
  const lent = options.hostCa === true ? await lentCa(options) : {};
  const network = await networkOf(options, sandbox, ctx);
  const snapshots = await openSnapshots({ store: tools.store, sandbox, ctx }).catch(async (error: unknown) => {
    if (typeof network !== 'string') await network.close();
    throw error;
  });
  return {
    sandbox,
    snapshots,
    secrets: options.secrets ?? new Map(),
    ssh: options.ssh ?? new Map(),
    // Files of other ids have other owners.
    caches: join(tools.store.home, 'tare', 'solve', 'caches', sandbox.ids),
    network,
    processEnv: { ...options.environment },
    ...lent,
  };
}

async function lentCa({ environment }: DockerfileOptions): Promise<Pick<ExecSettings, 'env' | 'mounts'>> {
  const { hostCa } = await import('../../solve/local/host-ca.ts');
  return hostCa(environment);
}

/** Of steps that ask for none: one of their own, with a way out, where that can be. */
async function networkOf(options: DockerfileOptions, sandbox: Sandbox, ctx: Context): Promise<ExecSettings['network']> {
  if (options.network === 'host' || options.network === 'none') return options.network;
  const { openNetworks } = await import('../../sandbox/index.ts');
  const networks = openNetworks({
    sandbox,
    env: { ...options.environment },
    proxies: proxiesOf(options),
    onHost: (why, cure) =>
      ctx.onEvent({
        kind: 'warning',
        warning: { code: 'network', message: `the steps have the network of this machine: ${why}; ${cure}` },
      }),
  });
  networks.prepare();
  return networks;
}

async function sandboxFor(tools: DockerfileTools): Promise<Sandbox> {
  const find = async (): Promise<Sandbox | Unavailable> => (await import('../../sandbox/index.ts')).findSandbox();
  const sandbox = tools.sandbox === undefined ? await find() : tools.sandbox;
  if (sandbox !== null && !('unavailable' in sandbox)) return sandbox;
  throw new TareError(
    'E_TOOL_MISSING',
    `RUN cannot be run here: ${sandbox === null ? 'no sandbox was offered' : sandbox.unavailable}`,
    {
      hint: `${sandbox === null ? 'offer one' : sandbox.cure}; or let a BuildKit daemon build: --engine unix:///run/buildkit/buildkitd.sock`,
    },
  );
}
