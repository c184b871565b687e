import { availableParallelism } from 'node:os';
import { isTareError } from '../../base/error.ts';
import type { Digest } from '../../base/digest.ts';
import type { Context } from '../../base/events.ts';
import type { Image } from '../../oci/types.ts';
import type { Store } from '../../store/types.ts';
import type { StepCache } from '../cache.ts';
import type { CacheImage } from '../cache-image/import.ts';
import { vertexDigests } from '../digest.ts';
import { tellStep } from '../tell.ts';
import type { BuildGraph, ExecMount, Executor } from '../types.ts';
import { layered, type PreparedExec, type PreparedStep, type Solving, type SourceOptions } from './evaluate.ts';
import type { ExecSettings, ExecStep, runExecStep } from './exec-step.ts';
import { runFileStep } from './file-step.ts';
import { onPlatformOf } from './foreign.ts';
import { storeResult } from './image.ts';
import { resultInOrder } from './inputs.ts';
import { createLayerPacker, type LayerPacker } from './layer-packer.ts';
import { lowersOf } from './lowers.ts';
import { openLayerFolder, type LayerFolder, type StepLayer } from './layers.ts';
import { limiter } from './limiter.ts';
import type { RemoteOptions } from './remote-source.ts';
import { fileSystems, type FileSystem, type Layered, type Result } from './result.ts';

/** A step, and what is known of it now. */
export type SolvedStep = PreparedStep & {
  /** `null`: it changed nothing. */
  readonly layer: StepLayer | null;
};

export interface LocalExecutorOptions extends SourceOptions {
  readonly store: Store;
  readonly cache: StepCache;
  /** Asked for steps that `cache` does not know, in this order. */
  readonly imports?: readonly CacheImage[];
  /** Do every step anew; what comes of it is remembered. */
  readonly noCache?: boolean;
  readonly compression: string;
  /** What downloads and repositories may have of this machine. Default: the environment of this process. */
  readonly remote?: RemoteOptions;
  /** What processes of steps need; asked for once, by the first of them. @throws TareError E_TOOL_MISSING, … */
  readonly openExec: (ctx: Context) => Promise<ExecSettings>;
  /** In words, why a step that is about to be done was not known. */
  readonly explain?: (step: PreparedStep) => Promise<readonly string[]>;
  /** Is told of every step as soon as it is done or found, in no order. */
  readonly onSolved?: (step: SolvedStep) => void;
}

/** Builds on this machine. */
export function createLocalExecutor(options: LocalExecutorOptions): Executor {
  return {
    description: 'local',
    solve: (graph, ctx) => solve(graph, options, ctx),
  };
}

async function closeNetworks({ network }: ExecSettings): Promise<void> {
  if (typeof network !== 'string') await network.close();
}

async function solve(graph: BuildGraph, options: LocalExecutorOptions, given: Context): Promise<Image> {
  // When one step fails the others are of no use any more.
  const stop = new AbortController();
  const pass = (): void => stop.abort(given.signal.reason);
  if (given.signal.aborted) pass();
  given.signal.addEventListener('abort', pass, { once: true });
  const ctx: Context = { ...given, signal: stop.signal };
  const { compression, epoch, imports = [], store } = options;
  const layers = openLayerFolder(store);
  const packer = createLayerPacker({ store, layers, compression, imports, ctx });
  const digestOf = vertexDigests();
  const filesOf = fileSystems(store, layers, ctx.signal);
  const remote = options.remote ?? { env: process.env };
  let exec: Promise<ExecSettings> | undefined;
  // Loaded once: every import looks its module up anew.
  let loaded: Promise<{ readonly runExecStep: typeof runExecStep }> | undefined;
  let closing: Promise<void> | undefined;
  const run = async (step: PreparedStep): Promise<StepLayer | null> => {
    if ('files' in step) return runFileStep(step.files, await filesOf(step.root), { store, layers, epoch, ctx });
    return onPlatformOf(step.root, remote.env, async () => {
      const [module, settings] = await Promise.all([
        (loaded ??= import('./exec-step.ts')),
        (exec ??= options.openExec(ctx)),
      ]);
      return runExec(step, { ...settings, layers, epoch, ctx }, { filesOf, store, execute: module.runExecStep });
    });
  };
  const stepping: Stepping = {
    ...options,
    ctx,
    layers,
    packer,
    kept: new Set(resultInOrder(graph.target, digestOf).map(digestOf)),
    slots: limiter(Math.max(1, Math.min(ctx.concurrency, availableParallelism()))),
    run,
  };
  const solving: Solving = {
    sources: options,
    digestOf,
    filesOf,
    results: new Map(),
    remote: async (source, digest) => {
      const { remoteFiles } = await import('./remote-source.ts');
      return remoteFiles({ source, digest, home: store.home, ctx }, remote);
    },
    step: (step) => cachedStep(step, stepping),
  };
  try {
    const result = await layered(graph.target, solving);
    // While the image is stored. What fails there is no reason for a build to fail: the next one removes it.
    closing = exec?.then(closeNetworks).catch(() => undefined);
    return await storeResult({ graph, result, packer, store, compression, ctx });
  } finally {
    given.signal.removeEventListener('abort', pass);
    stop.abort();
    for (let count = -1; count !== solving.results.size;) {
      count = solving.results.size;
      await Promise.allSettled(solving.results.values());
    }
    await (closing ?? exec?.then(closeNetworks).catch(() => undefined));
    await packer.close();
    await exec?.then(({ snapshots }) => snapshots.close()).catch(() => undefined);
  }
}

async function runExec(
  { digest, mounted, root, vertex }: PreparedExec,
  settings: ExecSettings & Pick<ExecStep, 'ctx' | 'epoch' | 'layers'>,
  {
    filesOf,
    execute,
    store,
  }: {
    readonly filesOf: (result: Result) => Promise<FileSystem>;
    readonly store: Store;
    readonly execute: typeof runExecStep;
  },
): Promise<StepLayer | null> {
  const { ctx, layers, snapshots } = settings;
  const lowersFor = (result: Layered): Promise<readonly string[]> =>
    lowersOf(result, { store, layers, snapshots, filesOf, signal: ctx.signal });
  const folders = new Map<ExecMount, readonly string[]>();
  for (const [mount, result] of mounted) folders.set(mount, await lowersFor(result));
  const lowers = await lowersFor(root);
  try {
    return await execute({
      ...settings,
      vertex,
      digest,
      root,
      lowers,
      lowersOf: (mount) => folders.get(mount) ?? [],
    });
  } catch (error) {
    if (!isTareError(error, 'E_ENTRYPOINT')) throw error;
    const { missingProgram } = await import('./missing-program.ts');
    throw missingProgram(vertex, (await filesOf(root)).tree) ?? error;
  }
}

interface Stepping extends LocalExecutorOptions {
  readonly ctx: Context;
  readonly layers: LayerFolder;
  readonly packer: LayerPacker;
  /** Digests of the steps whose layers are the result's. */
  readonly kept: ReadonlySet<Digest>;
  readonly slots: <T>(work: () => Promise<T>) => Promise<T>;
  readonly run: (step: PreparedStep) => Promise<StepLayer | null>;
}

/** A step that was done before with the same inputs, here or where a cache image was made, is not done again. */
async function cachedStep(step: PreparedStep, stepping: Stepping): Promise<StepLayer | null> {
  const { cache, ctx, explain, kept, onSolved, packer, run, slots } = stepping;
  const { digest, key, vertex } = step;
  const told = { digest, name: vertex.name };
  const solved = (layer: StepLayer | null): StepLayer | null => {
    // It is compressed while later steps run.
    if (layer !== null && kept.has(digest)) packer.begin(layer);
    onSolved?.({ ...step, layer });
    return layer;
  };
  const known = await knownLayer(step, stepping);
  if (known !== undefined)
    return solved(await tellStep(ctx, told, () => Promise.resolve({ cached: true, value: known })));
  // A step that waits for its turn has not begun.
  return slots(() =>
    tellStep(ctx, told, async () => {
      if (explain !== undefined) ctx.onEvent({ kind: 'vertex.because', digest, because: await explain(step) });
      const layer = await run(step);
      await cache.remember(key.digest, { name: vertex.name, layer });
      return { cached: false, value: solved(layer) };
    }),
  );
}

async function knownLayer(
  { key }: PreparedStep,
  { cache, ctx, imports = [], layers, noCache }: Stepping,
): Promise<StepLayer | null | undefined> {
  if (noCache === true) return undefined;
  const known = await cache.find(key.digest);
  if (known !== undefined && (known.layer === null || (await layers.has(known.layer)))) return known.layer;
  for (const image of imports) {
    const record = image.find(key.digest);
    if (record === undefined || !(await image.fetch(record, layers, ctx))) continue;
    await cache.remember(key.digest, record);
    return record.layer;
  }
  return undefined;
}
