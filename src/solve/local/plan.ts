import { stat } from 'node:fs/promises';
import type { Digest } from '../../base/digest.ts';
import { errnoOf, TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import type { BlobSource, Descriptor } from '../../oci/types.ts';
import type { Store } from '../../store/types.ts';
import type { StepCache } from '../cache.ts';
import type { CacheImage } from '../cache-image/import.ts';
import { canonical, operationOf, vertexDigests } from '../digest.ts';
import type { Explainer } from '../explain/explainer.ts';
import { publicOperation } from '../explain/shown.ts';
import type { BuildGraph, Vertex } from '../types.ts';
import { resultOf, type Solving, type SourceOptions } from './evaluate.ts';
import { directInputs, verticesInOrder } from './inputs.ts';
import { descriptorOf, layerFile, layerSource, type StepLayer } from './layers.ts';
import { fileSystems } from './result.ts';

/** What a build would do with one vertex. */
export interface PlannedVertex {
  readonly name: string;
  /** `Dockerfile:5`. */
  readonly where: string | null;
  /** Of the vertex. */
  readonly digest: Digest;
  readonly op: 'source' | 'exec' | 'file' | 'merge';
  /** Whether what it gives (a step: its key) is known without running or fetching anything. */
  readonly known: boolean;
  /** Why it is not. */
  readonly why: string | null;
  /** Of a step. `digest` is null while it is not known; then `parts` has no more than the operation, which is shown without passwords. */
  readonly key: { readonly digest: Digest | null; readonly parts: Readonly<Record<string, string>> } | null;
  /** Null for what is no step. A step that is not known would run. */
  readonly cached: boolean | null;
  /** The cache image that has it; null: this machine. */
  readonly from: string | null;
  /** Bytes of its uncompressed layer, 0 when it changes nothing; null unless it is cached. */
  readonly size: number | null;
  /** Why it would run again, in words. */
  readonly because: readonly string[];
}

export interface PlanOptions extends SourceOptions {
  /** One that writes nothing: see `frozenStore`. */
  readonly store: Store;
  readonly cache: StepCache;
  readonly imports: readonly CacheImage[];
  readonly noCache: boolean;
  readonly explainer: Pick<Explainer, 'because' | 'operation'>;
}

/** Stands for a result that only a build can tell. */
class NotKnown extends Error {}

type Found = Pick<PlannedVertex, 'because' | 'cached' | 'from' | 'key' | 'size'>;

/**
 * Goes through a graph as the executor does, and stops before whatever it would have to run, fetch or write.
 * @returns every vertex, inputs first
 * @throws TareError as a build that gets as far
 */
export async function planGraph(
  graph: BuildGraph,
  options: PlanOptions,
  ctx: Context,
): Promise<readonly PlannedVertex[]> {
  const digestOf = vertexDigests();
  const found = new Map<Digest, Found>();
  const lookup = layerLookup(options, ctx);
  const solving: Solving = {
    sources: options,
    digestOf,
    filesOf: fileSystems(options.store, lookup, ctx.signal, { unpack: false }),
    results: new Map(),
    remote: () => Promise.reject(new NotKnown()),
    step: async (step) => {
      const { digest, key } = step;
      const known = options.noCache ? undefined : await lookup.find(key.digest);
      if (known === undefined) {
        found.set(digest, {
          key,
          cached: false,
          from: null,
          size: null,
          because: await options.explainer.because(step),
        });
        throw new NotKnown();
      }
      const { from, layer } = known;
      found.set(digest, { key, cached: true, from, size: layer?.size ?? 0, because: [] });
      return layer;
    },
  };
  const vertices = verticesInOrder(graph.target, digestOf);
  const unknown = new Set<Digest>();
  for (const vertex of vertices) {
    try {
      await resultOf(vertex, solving);
    } catch (error) {
      if (!(error instanceof NotKnown)) throw error;
      unknown.add(digestOf(vertex));
    }
  }
  const waits = waitsOf(vertices, { digestOf, found, unknown });
  return vertices.map((vertex) =>
    planned(vertex, { digest: digestOf(vertex), found, waits, explainer: options.explainer }),
  );
}

type Waits = ReadonlyMap<Digest, readonly string[]>;

/** For each vertex whose inputs are not known: what would have to be done first. */
function waitsOf(
  vertices: readonly Vertex[],
  {
    digestOf,
    found,
    unknown,
  }: {
    readonly digestOf: (vertex: Vertex) => Digest;
    readonly found: ReadonlyMap<Digest, Found>;
    readonly unknown: ReadonlySet<Digest>;
  },
): Waits {
  const waits = new Map<Digest, readonly string[]>();
  for (const vertex of vertices) {
    const digest = digestOf(vertex);
    if (!unknown.has(digest) || found.has(digest)) continue;
    const names = directInputs(vertex).flatMap((input) => {
      if (input.op === 'scratch' || !unknown.has(digestOf(input))) return [];
      return waits.get(digestOf(input)) ?? [input.name];
    });
    waits.set(digest, vertex.op === 'source' ? [vertex.name] : [...new Set(names)]);
  }
  return waits;
}

function planned(
  vertex: ReturnType<typeof verticesInOrder>[number],
  given: {
    readonly digest: Digest;
    readonly found: ReadonlyMap<Digest, Found>;
    readonly waits: Waits;
    readonly explainer: PlanOptions['explainer'];
  },
): PlannedVertex {
  const { digest, explainer, found, waits } = given;
  const { name, op } = vertex;
  const waiting = waits.get(digest);
  return {
    name,
    where: ('where' in vertex ? vertex.where : undefined) ?? null,
    digest,
    op,
    known: waiting === undefined,
    why: waiting === undefined ? null : whyNot(op, waiting),
    ...withoutSecrets(found.get(digest) ?? notFound(vertex, digest, explainer)),
  };
}

/** Who looks at a plan has not always been told the passwords that stand in it. */
function withoutSecrets(found: Found): Found {
  const { key } = found;
  if (key === null) return found;
  const { operation = '{}' } = key.parts;
  return { ...found, key: { ...key, parts: { ...key.parts, operation: publicOperation(operation) } } };
}

/** Of what is no step, and of steps whose inputs are not known. */
function notFound(
  vertex: ReturnType<typeof verticesInOrder>[number],
  digest: Digest,
  explainer: PlanOptions['explainer'],
): Found {
  if (vertex.op !== 'exec' && vertex.op !== 'file')
    return { key: null, cached: null, from: null, size: null, because: [] };
  const parts = { operation: canonical(operationOf(vertex, () => null)) };
  const because = explainer.operation({ digest, vertex, parts });
  return { key: { digest: null, parts }, cached: false, from: null, size: null, because };
}

function whyNot(op: PlannedVertex['op'], waiting: readonly string[]): string {
  if (op === 'source') return 'it would have to be fetched';
  return `it depends on what comes of ${waiting.join(' and ')}`;
}

interface LayerLookup {
  /** Of layers of this machine, and of those that only a cache image has, by diff ID. */
  readonly source: BlobSource;
  find(key: Digest): Promise<{ readonly layer: StepLayer | null; readonly from: string | null } | undefined>;
}

function layerLookup({ cache, imports, store }: PlanOptions, ctx: Context): LayerLookup {
  const own = layerSource(store.home);
  const foreign = new Map<Digest, { readonly image: CacheImage; readonly layer: StepLayer }>();
  const open = (descriptor: Descriptor): AsyncIterable<Uint8Array> => {
    const item = foreign.get(descriptor.digest);
    return item?.image.tarOf(item.layer, ctx.signal) ?? own.open(descriptor);
  };
  const source: BlobSource = {
    open,
    file: async (descriptor) => (foreign.has(descriptor.digest) ? undefined : own.file?.(descriptor)),
  };
  /** Reading all of it shows whether a build could use it. */
  const usable = async (image: CacheImage, layer: StepLayer): Promise<boolean> => {
    if (foreign.has(layer.diffId)) return true;
    foreign.set(layer.diffId, { image, layer });
    try {
      await store.layerIndex(source, descriptorOf(layer), layer.diffId, ctx.signal);
      return true;
    } catch (error) {
      foreign.delete(layer.diffId);
      if (!(error instanceof TareError) || error.code === 'E_CANCELLED') throw error;
      const message = `a layer of the cache ${image.reference} cannot be used: ${error.message}`;
      ctx.onEvent({ kind: 'warning', warning: { code: 'cache', message } });
      return false;
    }
  };
  return {
    source,
    find: async (key) => {
      const known = await cache.find(key);
      if (known !== undefined && (known.layer === null || (await isHere(store.home, known.layer))))
        return { layer: known.layer, from: null };
      for (const image of imports) {
        const record = image.find(key);
        if (record === undefined) continue;
        const { layer } = record;
        if (layer !== null && (await isHere(store.home, layer))) return { layer, from: image.reference };
        if (layer === null || (await usable(image, layer))) return { layer, from: image.reference };
      }
      return undefined;
    },
  };
}

async function isHere(home: string, layer: StepLayer): Promise<boolean> {
  try {
    return (await stat(layerFile(home, layer.diffId))).size === layer.size;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}
