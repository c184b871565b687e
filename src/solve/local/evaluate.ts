import type { Digest } from '../../base/digest.ts';
import { TareError } from '../../base/error.ts';
import type { Image } from '../../oci/types.ts';
import type { LocalContext } from '../context/index.ts';
import type { CopyAction, ExecMount, ExecVertex, FileVertex, SourceVertex, Vertex } from '../types.ts';
import { prepareFileStep, type FileStep } from './file-step.ts';
import { asLayers, mountable } from './inputs.ts';
import { stepKey, type StepKey } from './keys.ts';
import type { StepLayer } from './layers.ts';
import type { RemoteSource } from './remote-source.ts';
import { EMPTY, identityOf, type FileSystem, type Layered, type Result } from './result.ts';
import { inlineFiles, localFiles } from './sources.ts';

interface Inputs {
  readonly digest: Digest;
  readonly key: StepKey;
  readonly root: Layered;
}

export interface PreparedFile extends Inputs {
  readonly vertex: FileVertex;
  readonly files: FileStep;
}

export interface PreparedExec extends Inputs {
  readonly vertex: ExecVertex;
  /** What mounts show of other vertices. */
  readonly mounted: readonly (readonly [ExecMount, Layered])[];
}

/** A step whose inputs are known, and which was not done yet. */
export type PreparedStep = PreparedFile | PreparedExec;

/** Where sources come from. */
export interface SourceOptions {
  /** A folder by its name; `context` is the main one. */
  readonly contextOf: (name: string) => Promise<LocalContext>;
  /** An image that the graph names by digest. */
  readonly imageOf: (source: Extract<SourceVertex['source'], { readonly kind: 'image' }>) => Promise<Image>;
  /** SOURCE_DATE_EPOCH: no file of a step is younger, in seconds. */
  readonly epoch?: number | undefined;
}

/** How a graph is gone through: to build it, or only to see what building it would do. */
export interface Solving {
  readonly sources: SourceOptions;
  readonly digestOf: (vertex: Vertex) => Digest;
  readonly filesOf: (result: Result) => Promise<FileSystem>;
  /** By digest: equal vertices are solved once. */
  readonly results: Map<Digest, Promise<Result>>;
  readonly remote: (source: RemoteSource['source'], digest: Digest) => Promise<FileSystem>;
  /** Does a step, or finds what came of it. @returns null when nothing is different afterwards */
  readonly step: (step: PreparedStep) => Promise<StepLayer | null>;
}

/** What a vertex gives: worked out once, with all that it needs. @throws TareError with the place in the Dockerfile; what `solving.step` throws */
export function resultOf(vertex: Vertex, solving: Solving): Promise<Result> {
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

/** A folder of this machine becomes a layer where something is built upon it. */
export async function layered(vertex: Vertex, solving: Solving): Promise<Layered> {
  const result = await resultOf(asLayers(vertex), solving);
  if (result.kind === 'layers') return result;
  throw new Error(`${vertex.op} gives no layers`);
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

async function evaluate(vertex: Vertex, solving: Solving): Promise<Result> {
  // A turn of its own: thousands of steps, each of which asks for the one before it, would be as many calls within each other.
  await Promise.resolve();
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

async function sourceResult(vertex: SourceVertex, { digestOf, remote, sources }: Solving): Promise<Result> {
  const { source } = vertex;
  switch (source.kind) {
    case 'image':
      return { kind: 'layers', base: await sources.imageOf(source), steps: [] };
    case 'local':
      return { kind: 'loose', files: localFiles(await sources.contextOf(source.context)) };
    case 'inline':
      return { kind: 'loose', files: inlineFiles(source) };
    default:
      return { kind: 'loose', files: await remote(source, digestOf(vertex)) };
  }
}

async function fileResult(vertex: FileVertex, solving: Solving): Promise<Result> {
  const { digestOf, filesOf, sources } = solving;
  const [root] = await Promise.all([
    layered(vertex.root, solving),
    ...vertex.actions.map((action) => (action.kind === 'copy' ? resultOf(action.from, solving) : undefined)),
  ]);
  const sourceOf = async (action: CopyAction): Promise<FileSystem> => filesOf(await resultOf(action.from, solving));
  const files = await prepareFileStep(vertex, sourceOf);
  const inputs = files.digests.map((digest, index) => [`files ${index + 1}`, digest] as const);
  const layer = await solving.step({
    vertex,
    digest: digestOf(vertex),
    key: stepKey(vertex, { root: identityOf(root), inputs, epoch: sources.epoch }),
    root,
    files,
  });
  return { ...root, steps: [...root.steps, layer] };
}

async function execResult(vertex: ExecVertex, solving: Solving): Promise<Result> {
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
  const layer = await solving.step({
    vertex,
    digest: solving.digestOf(vertex),
    key: stepKey(vertex, { root: identityOf(root), inputs, epoch: solving.sources.epoch }),
    root,
    mounted,
  });
  return { ...root, steps: [...root.steps, layer] };
}
