import { availableParallelism } from 'node:os';
import { isTareError, TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import type { Digest } from '../../base/digest.ts';
import type { Image } from '../../oci/types.ts';
import type { Store } from '../../store/types.ts';
import type { StepCache } from '../cache.ts';
import type { LocalContext } from '../context/index.ts';
import { vertexDigests } from '../digest.ts';
import { tellStep } from '../tell.ts';
import type {
  BuildGraph,
  CopyAction,
  ExecMount,
  ExecVertex,
  Executor,
  FileVertex,
  SourceVertex,
  Vertex,
} from '../types.ts';
import { prepareFileStep, runFileStep } from './file-step.ts';
import { onPlatformOf } from './foreign.ts';
import { storeResult } from './image.ts';
import type { ExecSettings } from './exec-step.ts';
import { lowersOf } from './lowers.ts';
import { stepKey, type StepKey } from './keys.ts';
import { createLayerPacker, type LayerPacker } from './layer-packer.ts';
import { openLayerFolder, type StepLayer } from './layers.ts';
import { limiter } from './limiter.ts';
import type { RemoteOptions } from './remote-source.ts';
import { EMPTY, fileSystems, identityOf, type FileSystem, type Layered, type Result } from './result.ts';
import { inlineFiles, localFiles } from './sources.ts';

export interface LocalExecutorOptions {
  readonly store: Store;
  readonly cache: StepCache;
  /** Do every step anew; what comes of it is remembered. */
  readonly noCache?: boolean;
  /** A folder by its name; `context` is the main one. */
  readonly contextOf: (name: string) => Promise<LocalContext>;
  /** An image that the graph names by digest. */
  readonly imageOf: (source: Extract<SourceVertex['source'], { readonly kind: 'image' }>) => Promise<Image>;
  readonly compression: string;
  /** What downloads and repositories may have of this machine. Default: the environment of this process. */
  readonly remote?: RemoteOptions;
  /** What processes of steps need; asked for once, by the first of them. @throws TareError E_TOOL_MISSING, … */
  readonly openExec: (ctx: Context) => Promise<ExecSettings>;
  /** SOURCE_DATE_EPOCH: no file of a step is younger, in seconds. */
  readonly epoch?: number | undefined;
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

interface Solving {
  readonly options: LocalExecutorOptions;
  readonly ctx: Context;
  readonly layers: ReturnType<typeof openLayerFolder>;
  readonly packer: LayerPacker;
  /** Digests of the steps whose layers are the result's. */
  readonly kept: ReadonlySet<Digest>;
  readonly digestOf: (vertex: Vertex) => Digest;
  readonly filesOf: (result: Result) => Promise<FileSystem>;
  /** By digest: equal vertices are solved once. */
  readonly results: Map<Digest, Promise<Result>>;
  readonly exec: () => Promise<ExecSettings>;
  readonly slots: <T>(work: () => Promise<T>) => Promise<T>;
}

async function solve(graph: BuildGraph, options: LocalExecutorOptions, given: Context): Promise<Image> {
  // When one step fails the others are of no use any more.
  const stop = new AbortController();
  const pass = (): void => stop.abort(given.signal.reason);
  if (given.signal.aborted) pass();
  given.signal.addEventListener('abort', pass, { once: true });
  const ctx: Context = { ...given, signal: stop.signal };
  const layers = openLayerFolder(options.store);
  const packer = createLayerPacker({ store: options.store, layers, compression: options.compression, ctx });
  const digestOf = vertexDigests();
  let exec: Promise<ExecSettings> | undefined;
  let closing: Promise<void> | undefined;
  const solving: Solving = {
    options,
    ctx,
    layers,
    packer,
    kept: new Set(keptSteps(graph.target).map(digestOf)),
    digestOf,
    filesOf: fileSystems(options.store, layers, ctx.signal),
    results: new Map(),
    exec: () => (exec ??= options.openExec(ctx)),
    slots: limiter(Math.max(1, Math.min(ctx.concurrency, availableParallelism()))),
  };
  try {
    const result = await layered(graph.target, solving);
    // While the image is stored. What fails there is no reason for a build to fail: the next one removes it.
    closing = exec?.then(closeNetworks).catch(() => undefined);
    return await storeResult({ graph, result, packer, store: options.store, compression: options.compression, ctx });
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

/** Those whose changes are in the result: not those that something is only copied from. */
function keptSteps(target: Vertex): readonly Vertex[] {
  if (target.op === 'merge') return target.inputs.flatMap(keptSteps);
  if (target.op !== 'file' && target.op !== 'exec') return [];
  const steps: Vertex[] = [];
  let at: Vertex = target;
  for (; at.op === 'file' || at.op === 'exec'; at = at.root) steps.push(at);
  return [...steps, ...keptSteps(at)];
}

function resultOf(vertex: Vertex, solving: Solving): Promise<Result> {
  const digest = solving.digestOf(vertex);
  let result = solving.results.get(digest);
  if (result === undefined) {
    result = placed(vertex, evaluate(vertex, solving));
    solving.results.set(digest, result);
    // Who asks for it gets the error; nobody may be asking yet.
    result.catch(() => undefined);
  }
  return result;
}

/** An error says in which line of the Dockerfile the step stands. */
async function placed(vertex: Vertex, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof TareError) || !('where' in vertex) || vertex.where === undefined) throw error;
    // One that comes from a step below has its place already.
    if (error.code === 'E_CANCELLED' || PLACED.test(error.message)) throw error;
    const step = error.message.includes(vertex.name) ? '' : `${vertex.name}: `;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new TareError(error.code, `${vertex.where}: ${step}${error.message}`, { cause: error, ...hint });
  }
}

const PLACED = /^[^\n]*:\d+: /;

/** A folder of this machine becomes a layer where something is built upon it. */
async function layered(vertex: Vertex, solving: Solving): Promise<Layered> {
  const result = await resultOf(vertex, solving);
  return result.kind === 'layers' ? result : layered(mountable(vertex, '/'), solving);
}

async function evaluate(vertex: Vertex, solving: Solving): Promise<Result> {
  switch (vertex.op) {
    case 'scratch':
      return EMPTY;
    case 'source':
      return sourceResult(vertex, solving);
    case 'file':
      return fileResult(vertex, solving);
    case 'merge': {
      const [base = EMPTY, ...others] = await Promise.all(vertex.inputs.map((input) => layered(input, solving)));
      return { ...base, steps: [...base.steps, ...others.flatMap(({ steps }) => steps)] };
    }
    default:
      return execResult(vertex, solving);
  }
}

async function sourceResult(vertex: SourceVertex, { ctx, digestOf, options }: Solving): Promise<Result> {
  const { source } = vertex;
  switch (source.kind) {
    case 'image':
      return { kind: 'layers', base: await options.imageOf(source), steps: [] };
    case 'local':
      return { kind: 'loose', files: localFiles(await options.contextOf(source.context)) };
    case 'inline':
      return { kind: 'loose', files: inlineFiles(source) };
    default: {
      const { remoteFiles } = await import('./remote-source.ts');
      const given = { source, digest: digestOf(vertex), home: options.store.home, ctx };
      return { kind: 'loose', files: await remoteFiles(given, options.remote ?? { env: process.env }) };
    }
  }
}

async function fileResult(vertex: FileVertex, solving: Solving): Promise<Result> {
  const { ctx, filesOf, layers, options } = solving;
  const [root] = await Promise.all([
    layered(vertex.root, solving),
    ...vertex.actions.map((action) => (action.kind === 'copy' ? resultOf(action.from, solving) : undefined)),
  ]);
  const sourceOf = async (action: CopyAction): Promise<FileSystem> => filesOf(await resultOf(action.from, solving));
  const step = await prepareFileStep(vertex, sourceOf);
  const inputs = step.digests.map((digest, index) => [`files ${index + 1}`, digest] as const);
  const key = stepKey(vertex, { root: identityOf(root), inputs, epoch: options.epoch });
  const layer = await cachedStep(vertex, key, solving, async () =>
    runFileStep(step, await filesOf(root), { store: options.store, layers, epoch: options.epoch, ctx }),
  );
  return { ...root, steps: [...root.steps, layer] };
}

async function execResult(vertex: ExecVertex, solving: Solving): Promise<Result> {
  const { ctx, digestOf, filesOf, layers, options } = solving;
  const shown = async (mount: ExecMount): Promise<readonly (readonly [ExecMount, Layered])[]> => {
    if (!('from' in mount) || mount.from === undefined) return [];
    return [[mount, await layered(mountable(mount.from, mount.source), solving)]];
  };
  const [root, ...found] = await Promise.all([layered(vertex.root, solving), ...vertex.mounts.map(shown)]);
  const mounted = found.flat();
  const inputs = mounted.map(
    ([mount, result], index) =>
      [`mount ${index + 1} ${'target' in mount ? (mount.target ?? '') : ''}`, identityOf(result)] as const,
  );
  const key = stepKey(vertex, { root: identityOf(root), inputs, epoch: options.epoch });
  const work = async (): Promise<StepLayer | null> => {
    const { runExecStep } = await import('./exec-step.ts');
    const settings = await solving.exec();
    const lowersFor = (result: Layered): Promise<readonly string[]> =>
      lowersOf(result, { store: options.store, layers, snapshots: settings.snapshots, filesOf, signal: ctx.signal });
    const folders = new Map<ExecMount, readonly string[]>();
    for (const [mount, result] of mounted) folders.set(mount, await lowersFor(result));
    const running = runExecStep({
      ...settings,
      vertex,
      digest: digestOf(vertex),
      root,
      lowers: await lowersFor(root),
      lowersOf: (mount) => folders.get(mount) ?? [],
      layers,
      epoch: options.epoch,
      ctx,
    });
    return running.catch(async (error: unknown) => {
      if (!isTareError(error, 'E_ENTRYPOINT')) throw error;
      const { missingProgram } = await import('./missing-program.ts');
      throw missingProgram(vertex, (await filesOf(root)).tree) ?? error;
    });
  };
  const { env } = options.remote ?? process;
  const layer = await cachedStep(vertex, key, solving, () => onPlatformOf(root, env, work));
  return { ...root, steps: [...root.steps, layer] };
}

/** What is no layers (a folder of this machine) becomes one: the part of it that is asked for. */
function mountable(from: Vertex, source: string): Vertex {
  if (from.op !== 'source' || from.source.kind === 'image') return from;
  const action: CopyAction = {
    kind: 'copy',
    from,
    sources: [source],
    literal: true,
    destination: source,
    parents: false,
    exclude: [],
    unpack: false,
  };
  return { op: 'file', name: `mount ${from.name}`, root: { op: 'scratch' }, actions: [action] };
}

/** A step that was done before with the same inputs is not done again. */
async function cachedStep(
  vertex: ExecVertex | FileVertex,
  key: StepKey,
  { ctx, digestOf, kept, layers, options, packer, slots }: Solving,
  work: () => Promise<StepLayer | null>,
): Promise<StepLayer | null> {
  const digest = digestOf(vertex);
  const step = { digest, name: vertex.name };
  // It is compressed while later steps run.
  const packed = (layer: StepLayer | null): StepLayer | null => {
    if (layer !== null && kept.has(digest)) packer.begin(layer);
    return layer;
  };
  const known = options.noCache === true ? undefined : await options.cache.find(key.digest);
  if (known !== undefined && (known.layer === null || (await layers.has(known.layer))))
    return packed(await tellStep(ctx, step, () => Promise.resolve({ cached: true, value: known.layer })));
  // A step that waits for its turn has not begun.
  return slots(() =>
    tellStep(ctx, step, async () => {
      const layer = await work();
      await options.cache.remember(key.digest, { name: vertex.name, layer });
      return { cached: false, value: packed(layer) };
    }),
  );
}
